"""Deleting what nobody needs any more: counters of the quiet, and the oldest audit entries."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from detection.runtime import database_statistics
from remediation.audit import trail
from remediation.models import Budget

KEPT = timedelta(days=7)


def prune(now: datetime) -> int:
    """The number of counter rows that were deleted. The audit trail keeps a checkpoint."""
    database_statistics.refresh()
    trail.prune_entries(now - timedelta(days=settings.AUDIT_RETENTION_DAYS), now)
    rows = Budget.objects.filter(name__contains=":", window_start__lte=now - KEPT)
    return rows.delete()[0]
