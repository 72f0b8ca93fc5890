"""`manage.py verify_audit`: whether the audit trail and its records are as they were written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from remediation import audit
from remediation.models import AuditEntry, AuditHead


class Command(BaseCommand):
    help = "Recompute the audit trail's chain and compare the records with it."

    def handle(self, *args: Any, **options: Any) -> None:
        problems = audit.verify()
        for problem in problems:
            self.stderr.write(self.style.ERROR(problem))
        if problems:
            raise CommandError(f"the audit trail has {len(problems)} signs of tampering")
        head = AuditHead.objects.filter(pk=audit.HEAD).first() or AuditHead()
        count = AuditEntry.objects.count()
        self.stdout.write(f"{count} entries, unbroken; the head is {head.seq} {head.hash}")
