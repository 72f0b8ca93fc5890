"""Writing what operators set (policies, windows, silences); models_audited.py puts it on record."""

from __future__ import annotations

from datetime import datetime

from remediation.audited import by
from remediation.models_audited import Audited


def keep(row: Audited, actor: str, now: datetime) -> None:
    """Save a new or changed row, on this person's behalf."""
    with by(actor, now):
        row.save()


def drop(row: Audited, actor: str, now: datetime) -> None:
    """Delete a row; its entry keeps what it said."""
    with by(actor, now):
        row.delete()
