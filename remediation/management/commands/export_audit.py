"""`manage.py export_audit`: the audit trail as JSON lines."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from remediation.audit import trail
from remediation.models import AuditEntry


class Command(BaseCommand):
    help = "Write the audit trail to standard output, one JSON object a line, oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--after", type=int, default=0, help="Only entries after this number.")

    def handle(self, *args: Any, **options: Any) -> None:
        for entry in AuditEntry.objects.filter(seq__gt=options["after"]).order_by("seq").iterator():
            self.stdout.write(json.dumps(trail.as_dict(entry), sort_keys=True))
