"""The one place from which changes of modes, stop switch, policies, windows, silences
and acceptances are told.

Signals, as nothing else sees a deletion that a cascade or a queryset makes. Whoever changes such a
row on a person's behalf says so by `by`; what comes from elsewhere is told as the process's own.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models.signals import post_save, pre_delete

from kubewise_site.core import clock
from remediation.audit import trail
from remediation.models.audited import Audited

LONGEST_ACTOR = 150
_behalf: ContextVar[tuple[str, datetime] | None] = ContextVar("on whose behalf", default=None)


@contextmanager
def by(actor: str, now: datetime) -> Iterator[None]:
    """Changes within are told as `actor`'s, at `now`."""
    token = _behalf.set((actor, now))
    try:
        yield
    finally:
        _behalf.reset(token)


def connect_signals() -> None:
    """Called once, when the app is ready."""
    for model in (one for one in apps.get_models() if issubclass(one, Audited)):
        # By sender: a receiver of all models would make every bulk delete read row by row.
        post_save.connect(_saved, sender=model, dispatch_uid="audited")
        pre_delete.connect(_deleted, sender=model, dispatch_uid="audited")


def _saved(sender: type[Audited], instance: Any, created: bool, **given: Any) -> None:
    _tell(sender, instance.pk, "added" if created else "changed")


def _deleted(sender: type[Audited], instance: Any, **given: Any) -> None:
    _tell(sender, instance.pk, "deleted")


def _tell(model: type[Audited], pk: Any, what: str) -> None:
    """Of the row as the database has it: what is in memory may be an expression, or changed."""
    actor, now = _behalf.get() or (_process(), clock.now())
    with transaction.atomic():
        for row in model._base_manager.filter(pk=pk):
            trail.append_entry(row.entry_kind(what), actor[:LONGEST_ACTOR], row, now)


def _process() -> str:
    """Whose process it is that neither the admin nor the API runs a request in."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = "an account without a name"
    return f"{account}, outside admin and API"
