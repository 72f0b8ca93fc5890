"""Accepted failures: known, looked at by a person, and left as they are until a date.

An acceptance is of one failure of one owner, as it was seen. It ends by itself when the date comes,
or when cause, impact or evidence is another; then the failure is an alarm like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from detection.domain.findings import ObjectRef, key_of
from detection.domain.statuses import IN_HAND, OPEN
from detection.domain.units import counted
from detection.incidents import states
from detection.models import Cluster, Incident
from remediation.controls import policies
from remediation.controls.accepted_signs import Sign, sign_of, what_changed
from remediation.controls.silences import NoReason, said
from remediation.models import Acceptance

LONGEST = timedelta(days=90)
BY_ITSELF = "KubeWise"
ITS_DATE = "the review date has come"
OWNER = ("cluster", "owner_kind", "owner_namespace", "owner_name")


class BadAcceptance(ValueError):
    """What was asked for can't be accepted; `field` is the part that is wrong."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class NotAcceptable(ValueError):
    """The incident can't be accepted as it stands; `code` names why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def accept(
    incident: Incident, actor: str, reason: str, review_at: datetime, now: datetime
) -> Acceptance:
    """Accept the failure that the incident shows now.

    Raises BadAcceptance without a reason or a date within 90 days, NotAcceptable where it is over,
    acted on, or accepted already.
    """
    text = _checked(reason, review_at, now)
    with transaction.atomic():
        found = _lock(incident)
        if (held := row_about(found)) and (why := why_over(held, found, now)):
            _finish(held, BY_ITSELF, why, found, now)
        elif held:
            raise NotAcceptable("accepted", "It is accepted already.")
        row = _new(found, sign_of(found), author=actor, reason=text, at=now, review_at=review_at)
        policies.save_audited(row, actor, now)
        told = f"accepted until {review_at:%Y-%m-%d %H:%M} UTC: {text}"
        states.note_event(found, "accepted", actor=actor, reason=told, now=now)
    return row


def end(incident: Incident, actor: str, why: str, now: datetime) -> bool:
    """A person takes it back; False where nothing is accepted."""
    with transaction.atomic():
        row = row_about(incident, lock=True)
        if row is None:
            return False
        _finish(row, actor, why or "taken back", incident, now)
    return True


def review(cluster: Cluster, now: datetime) -> int:
    """End every acceptance that no longer holds; how many. Two queries where all hold."""
    rows = list(Acceptance.objects.filter(cluster=cluster, ended_at__isnull=True))
    shown = _incidents_about(cluster) if rows else []
    done = 0
    for row in rows:
        incident = next((one for one in shown if _is_about(row, one)), None)
        if why := why_over(row, incident, now):
            done += _end_by_itself(row, why, incident, now)
    return done


def why_over(row: Acceptance, incident: Incident | None, now: datetime) -> str:
    """Why it does not hold for the owner's open incident; '' where it does."""
    if now >= row.review_at:
        return ITS_DATE
    return what_changed(row, sign_of(incident)) if incident else ""


def held_for(incident: Incident, now: datetime) -> Acceptance | None:
    """The acceptance that holds for the incident as it is now."""
    row = row_about(incident)
    return row if row and not why_over(row, incident, now) else None


def sentence(incident: Incident, now: datetime) -> str:
    """Who accepted it and why; '' where it is not accepted."""
    row = held_for(incident, now)
    return f"{row.author}: {row.reason}" if row else ""


def held_among(incidents: Iterable[Incident], now: datetime) -> dict[int, Acceptance]:
    """Incident's number → its acceptance, of open incidents; one query, and no look, as
    `accepted`."""
    every = list(incidents)
    still = [incident for incident in every if incident.closed_at is None]
    rows = (
        _rows_of_owners(every) if every else []
    )  # a page takes the same number, whatever is on it
    pairs = [(one.pk, row) for row in rows for one in still if _holds(row, one, now)]
    return dict(pairs)


def accepted(now: datetime) -> Q:
    """Incidents whose owner and cause are accepted: what `review` has left, without its look."""
    rows = _of_owner().filter(ended_at__isnull=True, review_at__gt=now, cause=OuterRef("cause"))
    return Q(Exists(rows))


def opened_accepted() -> Q:
    """Incidents that began while their failure was accepted: never an alarm."""
    then = _of_owner().filter(cause=OuterRef("cause"), at__lt=OuterRef("first_seen"))
    lasting = Q(ended_at__isnull=True) | Q(ended_at__gt=OuterRef("first_seen"))
    return Q(Exists(then.filter(lasting, review_at__gt=OuterRef("first_seen"))))


def ever_accepted() -> Q:
    """Incidents that were accepted at any time: how long they took says nothing."""
    before = _of_owner().filter(cause=OuterRef("cause"), at__lt=OuterRef("last_seen"))
    lasting = Q(ended_at__isnull=True) | Q(ended_at__gt=OuterRef("first_seen"))
    return Q(Exists(before.filter(lasting)))


def row_about(incident: Incident, lock: bool = False) -> Acceptance | None:
    """What is accepted of the incident's owner and has not ended, whether it holds or not."""
    rows = Acceptance.objects.filter(
        Q(owner_uid=incident.owner_uid) | Q(owner_uid=""),
        ended_at__isnull=True,
        **{name: getattr(incident, name) for name in OWNER},
    )
    return (rows.select_for_update() if lock else rows).first()


def _of_owner() -> QuerySet[Acceptance]:
    same = {name: OuterRef(name) for name in OWNER}
    uid = Q(owner_uid=OuterRef("owner_uid")) | Q(owner_uid="")
    return Acceptance.objects.filter(uid, **same)


def _rows_of_owners(incidents: Sequence[Incident]) -> list[Acceptance]:
    names = {incident.owner_name for incident in incidents}
    return list(Acceptance.objects.filter(ended_at__isnull=True, owner_name__in=names))


def _holds(row: Acceptance, incident: Incident, now: datetime) -> bool:
    return _is_about(row, incident) and row.cause == incident.cause and now < row.review_at


def _is_about(row: Acceptance, incident: Incident) -> bool:
    same = (row.cluster_id, row.owner_kind, row.owner_namespace, row.owner_name) == (
        incident.cluster_id, incident.owner_kind, incident.owner_namespace, incident.owner_name
    )  # fmt: skip
    return same and row.owner_uid in ("", incident.owner_uid)


def _incidents_about(cluster: Cluster) -> list[Incident]:
    """Open incidents of owners of which something is accepted."""
    same = {name: OuterRef(name) for name in OWNER}
    rows = Acceptance.objects.filter(ended_at__isnull=True, **same)
    return list(Incident.objects.filter(Exists(rows), cluster=cluster, open_key__isnull=False))


def _checked(reason: str, review_at: datetime, now: datetime) -> str:
    try:
        text = said(reason, "an acceptance needs a reason")
    except NoReason as error:
        raise BadAcceptance("reason", str(error)) from None
    if not now < review_at <= now + LONGEST:
        most = counted(LONGEST.days, "day")
        told = f"the review date must be in the future, within {most}"
        raise BadAcceptance("review_at", told)
    return text


def _lock(incident: Incident) -> Incident:
    """The incident as it is now, held until the commit. Raises NotAcceptable."""
    found = Incident.objects.select_for_update(of=("self",)).select_related("cluster").get(
        pk=incident.pk
    )  # fmt: skip
    if found.status not in OPEN or found.closed_at is not None:
        raise NotAcceptable("over", "It is over: there is nothing to accept.")
    if found.status in IN_HAND:
        raise NotAcceptable("in-hand", "KubeWise acted on it and is verifying what came of it.")
    return found


def _new(incident: Incident, sign: Sign, **given: object) -> Acceptance:
    owner = ObjectRef(
        incident.owner_kind, incident.owner_namespace, incident.owner_name, incident.owner_uid
    )
    return Acceptance(
        cluster=incident.cluster,
        incident=incident,
        owner_kind=owner.kind,
        owner_namespace=owner.namespace,
        owner_name=owner.name,
        owner_uid=owner.uid,
        owner_key=key_of(owner),
        cause=sign.cause,
        severity=sign.severity,
        impact=dict(sign.impact),
        evidence=dict(sign.evidence),
        digest=sign.digest,
        **given,
    )


def _end_by_itself(row: Acceptance, why: str, incident: Incident | None, now: datetime) -> bool:
    """False where another process ended it meanwhile."""
    with transaction.atomic():
        rows = Acceptance.objects.select_for_update().filter(pk=row.pk, ended_at__isnull=True)
        if (held := rows.first()) is None:
            return False
        _finish(held, BY_ITSELF, why, incident, now)
    return True


def _finish(
    row: Acceptance, actor: str, why: str, incident: Incident | None, now: datetime
) -> None:
    """In a transaction that holds the row. The incident is analyzed anew, as one with news."""
    row.ended_at, row.ended_by, row.ended_why = now, actor, why
    row.incident = incident or row.incident
    policies.save_audited(row, actor, now)
    if incident is None:
        return
    still = Incident.objects.filter(pk=incident.pk, open_key__isnull=False)
    if still.update(version=F("version") + 1):
        reason = f"no longer accepted: {why}"
        states.note_event(incident, "not accepted", actor=actor, reason=reason, now=now)
