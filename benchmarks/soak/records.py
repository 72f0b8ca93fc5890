"""What the product put on record, as plain values: the one module that names its models."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Model

from benchmarks.soak.truth import Owner

ANOMALY = "METRIC_ANOMALY"
OWNER = ("owner_kind", "owner_namespace", "owner_name")
SINCE = ("since", "watched_since", "first_seen", "noticed_at", "seen_at", "began")
DUE = ("due_at", "opens_at", "becomes_incident_at", "incident_at", "due")

Watched = dict[Owner, dict[datetime, tuple[datetime, datetime | None]]]
"""Owner → since when by the product → (when we saw that it is watched, when it is due)."""


@dataclass
class Told:
    """One incident as it was seen from outside. `changes` are moves of what should stand still."""

    number: int
    owner: Owner
    cause: str
    severity: str
    opened: datetime
    onset: datetime
    decided: datetime | None = None
    closed: datetime | None = None
    is_part: bool = False
    messages: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    attempts: list[tuple[str, str, str]] = field(default_factory=list)


class Watcher:
    """Looks at the open incidents after each pass, and remembers what moved."""

    def __init__(self) -> None:
        self.last: dict[int, tuple[str, str, datetime]] = {}
        self.changes: dict[int, Counter[str]] = {}
        self.suspended_seconds = 0.0
        self.watched: Watched | None = None

    def look(self, now: datetime, step_seconds: float) -> None:
        from remediation.controls.storm_brake import storm_brake

        rows = _model("detection", "Incident").objects.filter(open_key__isnull=False)
        for pk, cause, severity, onset in rows.values_list("pk", "cause", "severity", "onset"):
            self._compare(pk, (cause, severity, onset))
        if storm_brake(_cluster(), now):
            self.suspended_seconds += step_seconds
        self._note_watched(now)

    def _note_watched(self, now: datetime) -> None:
        """A row that says it was there before this pass counts from when it was first seen."""
        rows = watched_now()
        if rows is not None:
            self.watched = self.watched if self.watched is not None else {}
            for owner, since, due in rows:
                self.watched.setdefault(owner, {}).setdefault(since, (now, due))

    def _compare(self, pk: int, seen: tuple[str, str, datetime]) -> None:
        before = self.last.get(pk, seen)
        self.last[pk] = seen
        for name, old, new in zip(("cause", "severity", "onset"), before, seen, strict=True):
            if old != new:
                self.changes.setdefault(pk, Counter())[name] += 1


def _model(app: str, name: str) -> Any:
    return apps.get_model(app, name)


def _cluster() -> Any:
    from detection.clients import current_cluster

    return current_cluster()


def prepare(now: datetime) -> None:
    """The seed rows of a first start. Django itself stamps the cluster's row: corrected here."""
    from kubewise_site.up.first_start import prepare_database

    prepare_database()
    _model("detection", "Cluster").objects.filter(pk=_cluster().pk).update(created_at=now)


def incidents(watcher: Watcher) -> list[Told]:
    return [_told(row, watcher) for row in _model("detection", "Incident").objects.order_by("pk")]


def _told(row: Any, watcher: Watcher) -> Told:
    told = Told(
        row.pk, (row.owner_kind, row.owner_namespace, row.owner_name), row.cause, row.severity,
        row.first_seen, row.onset, _decided(row), row.closed_at, row.parent_id is not None,
        row.deliveries.count(), watcher.changes.get(row.pk, Counter()),
    )  # fmt: skip
    told.attempts = [(a.action, a.state, a.outcome) for a in row.attempts.order_by("pk")]
    return told


def _decided(row: Any) -> datetime | None:
    """The first move out of the analysis."""
    for move in row.transitions.filter(kind="status").order_by("pk"):
        if move.before.lower().startswith("analy"):
            at: datetime = move.at
            return at
    return None


def watched_now() -> list[tuple[Owner, datetime, datetime | None]] | None:
    """(owner, since when, when it becomes an incident) of what is being watched.

    None where the product has no such table; the last is None where the table does not say.
    """
    model = _watch_model()
    if model is None:
        return None
    names = {field.name for field in model._meta.get_fields()}
    since = next((one for one in SINCE if one in names), None)
    if since is None:
        return []
    due = next((one for one in DUE if one in names), since)
    rows = model._default_manager.values_list(*OWNER, since, due)
    return [((kind, place, name), at, then if due != since else None)
            for kind, place, name, at, then in rows]  # fmt: skip


def _watch_model() -> type[Model] | None:
    """The table of what is being watched, whatever it is called in detail."""
    for model in apps.get_app_config("detection").get_models():
        fields = {field.name for field in model._meta.get_fields()}
        if "watch" in model.__name__.lower() and fields.issuperset(OWNER):
            return model
    return None


def row_counts() -> dict[str, int]:
    """Rows of each table at the end."""
    found = {m._meta.db_table: m._default_manager.count() for m in apps.get_models()}
    return {name: count for name, count in sorted(found.items()) if count}
