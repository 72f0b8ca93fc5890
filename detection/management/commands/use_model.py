"""`manage.py use_model VERSION` or `--back`: which model version is in force."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from detection.anomaly.model.artifacts import ModelRefused
from detection.models.anomaly import ModelVersion
from kubewise_site.core import clock


class Command(BaseCommand):
    help = "Use another model version, go back to the previous one, or list the versions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "version", nargs="?", help="the version to use; without it, the versions are listed"
        )
        which.add_argument(
            "--back", action="store_true", help="use the version that was in use before"
        )

    def handle(self, *args: Any, version: str | None, back: bool, **options: Any) -> None:
        from detection.training.model import versions

        now = clock.now()
        versions.adopt_shipped(now)
        if not version and not back:
            self._list()
            return
        try:
            row = versions.go_back("cli", now) if back else versions.use(version or "", "cli", now)
        except ModelRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{row.version} is in use; workers load it with their next pass.")

    def _list(self) -> None:
        for row in ModelVersion.objects.all():
            self.stdout.write(f"{row}  {row.source}  {row.trained_at:%Y-%m-%d %H:%M}")
