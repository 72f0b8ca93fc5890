"""`manage.py verify_audit`: whether the audit trail and its records are as they were written."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from detection.domain.units import counted
from remediation.audit import trail
from remediation.models import AuditEntry, AuditHead

HINT = (
    "KubeWise puts every change that it makes on the trail. What was changed past it, by SQL or a "
    "migration, is named above until the row is saved once by KubeWise, in the admin or a "
    "shell, which leaves an entry."
)


class Command(BaseCommand):
    help = "Recompute the chain of the audit trail and compare the records with it."

    def handle(self, *args: Any, **options: Any) -> None:
        problems = trail.verify_trail()
        for problem in problems:
            self.stderr.write(self.style.ERROR(problem))
        if any(problem.split()[0] in trail.MODELS for problem in problems):
            self.stderr.write(HINT)
        if problems:
            raise CommandError(f"the audit trail has {counted(len(problems), 'sign')} of tampering")
        head = AuditHead.objects.filter(pk=trail.HEAD).first() or AuditHead()
        count = AuditEntry.objects.count()
        self.stdout.write(
            f"{counted(count, 'entry')}, unbroken; the head is {head.seq} {head.hash}"
        )
