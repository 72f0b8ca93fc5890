"""Writing what operators set (policies, windows, silences), with its entry on the audit trail."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction

from remediation import audit


def keep(row: models.Model, actor: str, now: datetime) -> None:
    """Save a new or changed row."""
    what = "added" if row.pk is None else "changed"
    with transaction.atomic():
        row.save()
        audit.append(f"{row._meta.verbose_name} {what}", actor, row, now)


def drop(row: models.Model, actor: str, now: datetime) -> None:
    """Delete a row; the entry keeps what it said."""
    with transaction.atomic():
        audit.append(f"{row._meta.verbose_name} deleted", actor, row, now)
        row.delete()
