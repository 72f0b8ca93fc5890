"""Appending to the audit trail, and telling whether it was tampered with.

Each entry's hash covers its content and the hash before it. `verify` recomputes the chain and
compares the records with what their last entry says of them. Whoever can rewrite the whole
database can rewrite the chain as well: note the head's hash elsewhere, or export the trail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.models import F, Max, Min

from remediation.digests import digest_of
from remediation.models import (
    Acceptance,
    Approval,
    Attempt,
    AuditEntry,
    AuditHead,
    MaintenanceWindow,
    Mode,
    Policy,
    Silence,
    StopSwitch,
)

HEAD = 1
CHECKPOINT = "checkpoint"
SETTLED = "attempt settled"
PAUSE = ("cluster_id", "namespace_pattern", "name_pattern", "author", "reason", "starts_at",
         "ends_at")  # fmt: skip
ACCEPTANCE = ("cluster_id", "owner_kind", "owner_namespace", "owner_name", "owner_uid", "cause",
              "severity", "impact", "evidence", "digest", "author", "reason", "at", "review_at",
              "ended_at", "ended_by", "ended_why")  # fmt: skip
SWITCH = ("cluster_id", "actor", "reason", "at")
FACTS: Mapping[type[models.Model], tuple[str, ...]] = {
    Approval: ("plan_id", "candidate_index", "user_id", "verdict", "reason", "digest", "at",
               "expires_at"),
    Attempt: ("incident_id", "plan_id", "approval_id", "idempotency_key", "action", "parameters",
              "command", "target", "executor", "created_at"),
    Mode: ("mode", *SWITCH),
    StopSwitch: ("stopped", *SWITCH),
    Policy: ("cluster_id", "namespace_pattern", "mode", "allowed_actions", "forbidden_actions",
             "attempts_an_hour"),
    MaintenanceWindow: PAUSE,
    Silence: PAUSE,
    Acceptance: ACCEPTANCE,
}  # fmt: skip
# Columns that came later: told where they are set, so that entries from before still fit.
YOUNGER: Mapping[type[models.Model], tuple[str, ...]] = {Policy: ("tells_all",)}
WHEN_SETTLED = ("state", "outcome", "error", "diff", "inverse")
MODELS = {model.__name__: model for model in FACTS}
DELETED = " deleted"


def append_entry(
    kind: str, actor: str, row: models.Model, now: datetime, **payload: Any
) -> AuditEntry:
    """One entry about `row`, in the transaction that changes it. Call it inside atomic()."""
    facts = _plain(entry_facts(row, kind))
    model = type(row).__name__
    return _append(kind, actor, now, model, row.pk, digest_of(facts), {**facts, **payload})


def entry_facts(row: models.Model, kind: str) -> dict[str, Any]:
    """What an entry of this kind vouches for."""
    names = FACTS[type(row)] + (WHEN_SETTLED if kind == SETTLED else ())
    told = {name: getattr(row, name) for name in names}
    younger = {name: getattr(row, name) for name in YOUNGER.get(type(row), ())}
    return told | {name: value for name, value in younger.items() if value}


def _append(
    kind: str, actor: str, now: datetime, model: str, row_id: Any, row_hash: str, payload: Any
) -> AuditEntry:
    """The UPDATE of the head comes first: it holds every other writer until the commit."""
    if not connection.in_atomic_block:
        raise RuntimeError("an audit entry is written in the transaction of what it is about")
    AuditHead.objects.get_or_create(pk=HEAD)
    AuditHead.objects.filter(pk=HEAD).update(seq=F("seq") + 1)
    head = AuditHead.objects.get(pk=HEAD)
    entry = AuditEntry(
        seq=head.seq, at=now, kind=kind, actor=actor, model=model, row_id=row_id,
        row_hash=row_hash, payload=_plain(payload), previous=head.hash,
    )  # fmt: skip
    entry.hash = entry_hash(entry)
    entry.save(force_insert=True)
    AuditHead.objects.filter(pk=HEAD).update(hash=entry.hash)
    return entry


def entry_hash(entry: AuditEntry) -> str:
    """Over everything that the entry says, and the entry before it."""
    at = entry.at.isoformat()
    said = (entry.kind, entry.actor, entry.model, entry.row_id, entry.row_hash, entry.payload)
    return digest_of(entry.seq, at, *said, entry.previous)


def _plain(value: Any) -> Any:
    """As JSON gives it back."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def as_dict(entry: AuditEntry) -> dict[str, Any]:
    """One line of the export."""
    names = ("seq", "at", "kind", "actor", "model", "row_id", "row_hash", "payload", "previous",
             "hash")  # fmt: skip
    found: dict[str, Any] = _plain({name: getattr(entry, name) for name in names})
    return found


def verify_trail() -> list[str]:
    """Every sign of tampering, one sentence each; [] where all is as it was written."""
    return [*_chain(), *_records()]


def _chain() -> Iterator[str]:
    head = AuditHead.objects.filter(pk=HEAD).first() or AuditHead()
    seq, previous = _beginning()
    for entry in AuditEntry.objects.order_by("seq").iterator():
        if entry.seq != seq + 1:
            yield f"entries {seq + 1} to {entry.seq - 1} were removed"
        elif entry.previous != previous:
            yield f"entry {entry.seq} does not follow the one before it: removed or inserted"
        if entry.hash != entry_hash(entry):
            yield f"entry {entry.seq} was changed: {entry.kind} by {entry.actor}"
        seq, previous = entry.seq, entry.hash
    if (head.seq, head.hash) != (seq, previous):
        yield f"the trail ends at entry {seq}, but its head says {head.seq}: the end was removed"


def _beginning() -> tuple[int, str]:
    """Where the kept part begins: at the newest checkpoint's edge, else at nothing."""
    row = AuditEntry.objects.filter(kind=CHECKPOINT).order_by("-seq").first()
    return (row.payload["upto_seq"], row.payload["upto_hash"]) if row else (0, "")


def _records() -> Iterator[str]:
    for name, model in MODELS.items():
        newest = _newest_entries(name)
        yield from _of_model(name, model, newest)


def _newest_entries(model: str) -> dict[int, AuditEntry]:
    rows = AuditEntry.objects.filter(model=model).order_by("seq").iterator()
    return {row.row_id: row for row in rows if row.row_id is not None}


def _of_model(
    name: str, model: type[models.Model], newest: Mapping[int, AuditEntry]
) -> Iterator[str]:
    """Rows whose entries may have been pruned have none any more and prove nothing."""
    pruned = AuditEntry.objects.filter(kind=CHECKPOINT).exists()
    first = min(newest, default=None) if pruned else 0
    kept = {row.pk: row for row in model._default_manager.all()}
    for pk, row in kept.items():
        if pk in newest:
            yield from _of_row(f"{name} {pk}", row, newest[pk])
        elif first is not None and pk > first:
            yield f"{name} {pk} was inserted beside the trail"
    for pk, entry in newest.items():
        if pk not in kept and not entry.kind.endswith(DELETED):
            yield f"{name} {pk} was removed; entry {entry.seq} told of it"


def _of_row(named: str, row: models.Model, entry: AuditEntry) -> Iterator[str]:
    if entry.kind.endswith(DELETED):
        yield f"{named} is there, though entry {entry.seq} says that it was deleted"
    elif digest_of(_plain(entry_facts(row, entry.kind))) != entry.row_hash:
        yield f"{named} was changed after entry {entry.seq}"


def prune_entries(before: datetime, now: datetime) -> int:
    """Delete entries older than `before`, and leave a checkpoint of where the rest begins."""
    with transaction.atomic():
        old = AuditEntry.objects.filter(at__lt=before)
        upto = old.aggregate(last=Max("seq"))["last"]
        young = AuditEntry.objects.filter(at__gte=before).aggregate(first=Min("seq"))["first"]
        if upto is None:
            return 0
        if young is not None:
            upto = min(upto, young - 1)
        edge = AuditEntry.objects.filter(seq=upto).first()
        if edge is None:
            return 0
        doomed = AuditEntry.objects.filter(seq__lte=upto)
        payload = {"upto_seq": upto, "upto_hash": edge.hash, "removed": doomed.count()}
        _append(CHECKPOINT, "KubeWise", now, "", None, "", payload)
        return doomed.delete()[0]
