"""`manage.py stop`: pull the stop switch from the host, where no page answers."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from detection.clients import current_cluster
from kubewise_site.core import clock
from remediation.controls import mode_and_stop

LONGEST_REASON = 2000


class Command(BaseCommand):
    help = (
        "Pull the stop switch: KubeWise changes nothing in the cluster from now on. It needs the "
        "database only. Release it in the admin or through the API, where it is known by whom."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "reason", nargs="?", default="", help="Why; it stands on the dashboard."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cluster, actor = current_cluster(), f"{getpass.getuser()} on the host"
        before = mode_and_stop.standing(cluster)
        if before.stopped:
            self.stdout.write(f"Already stopped: {before.stop_sentence}.")
            return
        mode_and_stop.set_stop(
            cluster, True, actor, options["reason"][:LONGEST_REASON], clock.now()
        )
        self.stdout.write(
            "Stopped: KubeWise changes nothing. What was already sent to the API server may still "
            "take effect; a verification that is due still looks."
        )
