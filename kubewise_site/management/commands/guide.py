"""`manage.py guide`: tells the console of `make run` what appears, and what to try next."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from detection.domain.statuses import Status
from detection.models import Incident

WAIT_SECONDS = 120
QUIET_SECONDS = 20
TRY_NEXT = """
Try next:
  • Open an incident in the admin, read its plan, and approve it: KubeWise acts, then verifies.
  • Let it act by itself: {base}/admin/ → Mode → AUTO
                          (incidents that began earlier still require approval)
  • From a terminal:      .venv/bin/python manage.py diagnose --help
"""
SIMULATED = """\
  • Look at the cluster:  KUBECONFIG={data}/simulator.kubeconfig kubectl get pods -A
  • Break something else: curl -d '{{"name": "hung_replica"}}' {simulator}/_sim/inject
                          ({simulator}/_sim/faults lists the names)
"""
NOTHING = """
No incident within {seconds} s. The cluster is healthy, or KubeWise cannot read it:
{base}/admin/ lists the sources that cannot be read. KubeWise keeps watching.
"""


class Command(BaseCommand):
    help = "Print the first incidents as they appear, then what to try next."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--simulator-port", type=int, default=0)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        base = f"http://127.0.0.1:{port}"
        shown: set[int] = set()
        quiet_since = started = time.monotonic()
        while time.monotonic() - started < WAIT_SECONDS:
            new = self._new_incidents(shown)
            for incident in new:
                self._tell(incident, base)
            quiet_since = time.monotonic() if new else quiet_since
            if shown and time.monotonic() - quiet_since > QUIET_SECONDS:
                break
            time.sleep(1)
        self.stdout.write((TRY_NEXT if shown else NOTHING).format(base=base, seconds=WAIT_SECONDS))
        if simulator_port := options["simulator_port"]:
            here = f"http://127.0.0.1:{simulator_port}"
            self.stdout.write(SIMULATED.format(simulator=here, data=settings.DATA_DIR))

    def _new_incidents(self, shown: set[int]) -> list[Incident]:
        """Open ones that have been analysed and were not told yet; marks them as told."""
        rows = Incident.objects.filter(open_key__isnull=False).exclude(pk__in=shown)
        new = list(rows.exclude(status__in=[Status.DETECTED, Status.ANALYZING]).order_by("pk"))
        shown.update(incident.pk for incident in new)
        return new

    def _tell(self, incident: Incident, base: str) -> None:
        owner = f"{incident.owner_kind} {incident.owner_namespace}/{incident.owner_name}"
        page = f"{base}/admin/detection/incident/{incident.pk}/change/"
        title = self.style.WARNING(f"{incident.severity:<8} {incident.cause:<18}")
        self.stdout.write(f"{title} {owner}  {incident.status}\n         {page}")
        self.stdout.flush()
