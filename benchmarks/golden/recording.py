"""One recording: an environment of its own, and every part on a fresh database."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import django
from django.conf import settings
from django.db import connections

from benchmarks.golden import broker, product
from benchmarks.golden.still import Still, still

FAULTS = ("image_not_found", "crash_loop", "node_not_ready", "scaled_to_zero", "job_failed")
IN_MEMORY = "django.core.cache.backends.locmem.LocMemCache"


class Recording:
    """Into a folder of documents; `folder` is for what is thrown away."""

    def __init__(self, into: Path, folder: Path, scenario: str = "") -> None:
        self.into, self.folder, self.scenario = into, folder, scenario
        self.database = folder / "golden.sqlite3"
        self._start()

    def run(self, only: Sequence[str], remediation: bool) -> None:
        parts = {"declared": self._declared, "rest": self._rest, "loop": self._loop,
                 "diagnose": self._diagnose}  # fmt: skip
        with still() as clock:
            broker.use()
            self._prepare()
            for name, part in parts.items():
                if not only or name in only:
                    self._restore_database()
                    part(clock)
        if remediation:
            self._restore_database()
            self._remediation()

    def _start(self) -> None:
        """Nothing of the caller's environment counts."""
        for setting in product.SETTINGS:
            os.environ.pop(setting.name, None)
            os.environ.pop(f"{setting.name}_FILE", None)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": product.SETTINGS_MODULE,
            "KUBEWISE_ENV_FILE": os.devnull,
            "KUBEWISE_DATA_DIR": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "SECRET_KEY": "only-for-this-recording-0123456789",
            "PROMETHEUS_URL": "",
            "ALLOWED_HOSTS": "testserver",
            "LOG_LEVEL": "CRITICAL",
            "LOGNAME": "golden",
        }
        django.setup()
        logging.disable(logging.CRITICAL)
        settings.CACHES = {
            name: {"BACKEND": IN_MEMORY, "LOCATION": name} for name in settings.CACHES
        }

    def _prepare(self) -> None:
        from django.core.management import call_command

        call_command("prepare", verbosity=0)
        connections.close_all()
        shutil.copy(self.database, f"{self.database}.prepared")

    def _restore_database(self) -> None:
        """The database as it was prepared, and nothing that is remembered of the one before."""
        from django.core.cache import caches

        connections.close_all()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.database}{ending}").unlink(missing_ok=True)
        shutil.copy(f"{self.database}.prepared", self.database)
        product.forget_clients()
        for cache in caches.all(initialized_only=True):
            cache.clear()

    def _declared(self, clock: Still) -> None:
        from benchmarks.golden import declared

        declared.record(self.into, self.folder)

    def _rest(self, clock: Still) -> None:
        from benchmarks.golden.rest import answers

        answers.record(self.into, clock)

    def _loop(self, clock: Still) -> None:
        from benchmarks.golden import loop

        for fault, mode in [*((fault, "AUTO") for fault in FAULTS), (FAULTS[0], "MANUAL")]:
            self._restore_database()
            loop.record(self.into, self.folder, clock, fault, mode)

    def _diagnose(self, clock: Still) -> None:
        from benchmarks.golden import diagnoses

        diagnoses.record(self.into, self.folder, clock, self.scenario)

    def _remediation(self) -> None:
        """On a clock of its own, as the benchmark has it."""
        from django.test.utils import override_settings

        from benchmarks.golden import diagnoses

        with override_settings(
            AUTO_REMEDIATE_CRITICAL=True, DEFAULT_REMEDIATION_MODE="AUTO",
            VERIFICATION_DELAY_SECONDS=60, CRITICAL_VERIFICATION_DELAY_SECONDS=30,
        ):  # fmt: skip
            diagnoses.record_remediation(self.into, self.folder, self.scenario)
