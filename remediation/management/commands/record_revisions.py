"""`manage.py record_revisions`: keeps the admission policy's ConfigMaps, one in each namespace."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from detection import clients
from detection.domain.units import counted
from detection.kubernetes.client import Connection, KubernetesError, NotConfigured
from remediation.cluster.recorded_revisions import record


class Command(BaseCommand):
    help = "Write down what the recorded revisions of each namespace run, for the admission policy."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("namespaces", nargs="+")
        parser.add_argument("--name", required=True, help="of the ConfigMap, which must exist")
        parser.add_argument("--every", type=int, default=0, help="seconds; 0: once")

    def handle(self, *args: Any, namespaces: list[str], name: str, **options: Any) -> None:
        try:
            connection = clients.reader()
        except NotConfigured as error:
            raise CommandError(str(error)) from error
        while True:
            failed = [one for one in namespaces if not self._record(connection, one, name)]
            if not options["every"]:
                break
            time.sleep(options["every"])
        if failed:
            raise CommandError(f"not recorded: {', '.join(failed)}")

    def _record(self, connection: Connection, namespace: str, name: str) -> bool:
        """One namespace that fails leaves the others alone; its old record stays in force."""
        try:
            changed = record(connection, namespace, name)
        except KubernetesError as error:
            self.stderr.write(f"{namespace}: {error}")
            return False
        if changed:
            self.stdout.write(f"{namespace}: {counted(changed, 'owner')} recorded anew")
        return True
