"""`manage.py act_role`: the act account's manifests, made from the enabled actions."""

from __future__ import annotations

from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandParser

from remediation.actions import blacklist
from remediation.cluster import rbac

ACT = """\
# The account of worker-act, made by `manage.py act_role` from the enabled actions.
# Bind it in each namespace in which KubeWise may act (see the RoleBinding at the end).
"""
NODES = """\
# Lets worker-act cordon, uncordon and drain, made by `manage.py act_role --nodes`.
# Apply it only where that is wanted: nodes belong to no namespace.
"""


class Command(BaseCommand):
    help = "Print deploy/k8s/act.yaml for the actions that BLACKLISTED_COMMANDS leaves enabled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--nodes", action="store_true", help="The node actions' role instead.")

    def handle(self, *args: Any, **options: Any) -> None:
        barred = blacklist()
        head, found = ACT, rbac.act_manifest(barred)
        if options["nodes"]:
            head, found = NODES, rbac.nodes_manifest(barred)
        self.stdout.write(head + yaml.safe_dump_all(found, sort_keys=False), ending="")
