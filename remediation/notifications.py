"""Telling people, through apprise: never more than one message an incident and state.

An incident that needs nobody tells at most that it opened and that it is over; each decision that
needs a person is one more. Opening and a decision that come together are one message.

Nothing is told of what a person accepted. What is accepted no longer is told once more. An anomaly
alone and what is informational is no message, but where the policy of its namespace says so: then
one when it opens, and one when it is over.

The Delivery row is committed before anything is sent, so a worker that dies in between costs a
message and never sends it twice; the row shows it as `sending`. A message only links to the
incident: nothing is ever approved by opening a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from urllib.parse import urlsplit

import apprise
import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from detection.domain.causes import Cause, Severity
from detection.domain.statuses import OPEN, START, TERMINAL, Status
from detection.models import Cluster, Incident
from kubewise_site.core.redaction import redact
from remediation.controls import acceptances, policies
from remediation.controls.policies import covering
from remediation.models import Acceptance, Delivery, Policy, Silence

log = structlog.get_logger(__name__)
State = Delivery.State
LONGEST_TEXT = 500
RECENT = timedelta(days=1)
DECISION_COMES = timedelta(seconds=15)
UNDECIDED = START | {Status.ANALYZING}
ASKING = {Status.AWAITING_APPROVAL: State.AWAITING_APPROVAL, Status.ESCALATED: State.ESCALATED}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
MARKUP = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "·", "@": "＠"})
MAIL = ("mailto", "mailtos")
Send = Callable[[Sequence[str], str, str], str]


def send(urls: Sequence[str], title: str, body: str) -> str:
    """Send to every target; '' or what failed. Raises nothing."""
    failed = []
    for url in urls:
        target = apprise.Apprise()
        try:
            well = target.add(url) and target.notify(
                body=body, title=title, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # a plugin's bug is a failed delivery, not ours
            log.warning("notification failed", kind=kind_of(url), error=type(error).__name__)
            well = False
        if not well:
            failed.append(kind_of(url))
    return f"not delivered to: {', '.join(failed)}" if failed else ""


def notify(incident_id: int, now: datetime, deliver: Send = send) -> list[str]:
    """Send what is due for the incident; the states that were told."""
    incident = Incident.objects.select_related("cluster").get(pk=incident_id)
    if covering(Silence, incident, now) or not settings.NOTIFY_URLS:
        return []
    if acceptances.held_for(incident, now):
        return []
    return [state for state in due_states(incident, now) if _tell(incident, state, now, deliver)]


def due_states(incident: Incident, now: datetime) -> list[State]:
    """What the incident is worth a message of now, by the one rule that the sweep asks too."""
    rows = Incident.objects.filter(pk=incident.pk)
    return [state for state, due in _due(now).items() if rows.filter(due).exists()]


def _tell(incident: Incident, state: State, now: datetime, deliver: Send) -> bool:
    kinds = [kind_of(url) for url in settings.NOTIFY_URLS]
    row_id = _claim(incident, state, now, kinds)
    if row_id is None:
        return False  # another worker tells it
    urls = [threaded(url, incident) for url in settings.NOTIFY_URLS]
    error = deliver(urls, title_of(incident), body_of(incident, state))
    result = Delivery.Result.FAILED if error else Delivery.Result.SENT
    Delivery.objects.filter(pk=row_id).update(result=result, error=error)
    return True


def _claim(incident: Incident, state: State, now: datetime, kinds: list[str]) -> int | None:
    """The number of the row that makes this message ours.

    What is no longer accepted may have been accepted and told before: that row is taken over.
    """
    told = {"at": now, "targets": kinds, "result": Delivery.Result.SENDING, "error": ""}
    if state == State.UNACCEPTED:
        rows = Delivery.objects.filter(_told_before(incident), incident=incident, state=state)
        row = rows.first()
        if row and Delivery.objects.filter(pk=row.pk, at=row.at).update(**told):
            return row.pk
    try:
        with transaction.atomic():
            return Delivery.objects.create(incident=incident, state=state, **told).pk
    except IntegrityError:
        return None


def _told_before(incident: Incident) -> Q:
    """Before its acceptance ended the last time."""
    ended = Acceptance.objects.filter(incident=incident, ended_at__isnull=False)
    newest = ended.order_by("-ended_at").values_list("ended_at", flat=True).first()
    return Q(at__lt=newest) if newest else Q(pk__in=())


def due_notifications(cluster: Cluster, now: datetime) -> Q:
    """Incidents that somebody is to be told of, for the sweep."""
    if not settings.NOTIFY_URLS:
        return Q(pk__in=())
    any_due = reduce(or_, _due(now).values())
    return Q(cluster=cluster, last_seen__gt=now - RECENT) & any_due


def _due(now: datetime) -> dict[State, Q]:
    """Which incidents are due for which message.

    An opened incident and a decision that comes with it are one message: what is opened is told
    alone only where no decision came at once. A decision is told once the grace time is over;
    what ended before has told nothing. Symptoms of another incident, and what is no alarm, tell
    nothing of their own.
    """
    any_told = Q(Exists(Delivery.objects.filter(incident=OuterRef("pk"))))
    known = acceptances.accepted(now)
    quiet = Q(severity=Severity.INFO) | Q(cause=Cause.METRIC_ANOMALY)
    alarm = Q(parent__isnull=True) & ~quiet & ~known
    grace = timedelta(seconds=settings.NOTIFY_GRACE_SECONDS)
    lasting = Q(severity=Severity.CRITICAL) | Q(first_seen__lte=now - grace)
    undecided = Q(status__in=UNDECIDED, first_seen__gt=now - DECISION_COMES)
    opened = Q(severity=Severity.CRITICAL, status__in=OPEN - set(ASKING)) & ~undecided & ~any_told
    by_rule = Q(parent__isnull=True, status__in=OPEN) & _told_by_rule(quiet, now) & ~known
    grown = by_rule & Q(first_seen__lte=now - grace) & ~undecided & ~any_told
    due = {State.OPENED: (alarm & opened) | grown}
    due[State.UNACCEPTED] = alarm & Q(status__in=OPEN) & any_told & _unaccepted(now)
    for status, state in ASKING.items():
        due[state] = alarm & lasting & Q(status=status) & ~_has_delivery(state)
    over = Q(status__in=TERMINAL, parent__isnull=True) & ~known
    return (
        due | {State.CLOSED: over & any_told & ~_has_delivery(State.CLOSED)} | _after_the_end(over)
    )


def _after_the_end(over: Q) -> dict[State, Q]:
    """Whoever was told that it is over is told that it is not, and then how that ended."""
    again = Q(status__in=OPEN, parent__isnull=True) & _has_delivery(State.CLOSED)
    ended = over & _has_delivery(State.REOPENED)
    return {
        State.REOPENED: again & ~_has_delivery(State.REOPENED),
        State.CLOSED_AGAIN: ended & ~_has_delivery(State.CLOSED_AGAIN),
    }


def _unaccepted(now: datetime) -> Q:
    """Whose acceptance ended by itself, which nobody was told yet."""
    told = Delivery.objects.filter(
        incident=OuterRef("incident"), state=State.UNACCEPTED, at__gte=OuterRef("ended_at")
    )
    ended = Acceptance.objects.filter(
        incident=OuterRef("pk"), ended_by=acceptances.BY_ITSELF, ended_at__gt=now - RECENT
    )
    return Q(Exists(ended.exclude(Exists(told))))


def _told_by_rule(quiet: Q, now: datetime) -> Q:
    """Incidents that are no alarm, in namespaces whose policy tells of them all the same."""
    rules = list(Policy.objects.all())
    if not any(rule.tells_all for rule in rules):
        return Q(pk__in=())
    rows = Incident.objects.filter(quiet, last_seen__gt=now - RECENT).order_by()
    places = rows.values_list("cluster", "owner_namespace").distinct()
    told = (Q(cluster=of, owner_namespace=at) for of, at in places if _tells_all(rules, of, at))
    return quiet & reduce(or_, told, Q(pk__in=()))


def _tells_all(rules: Sequence[Policy], cluster_id: int, namespace: str) -> bool:
    mine = [rule for rule in rules if rule.cluster_id == cluster_id]
    found = policies.best_of(mine, namespace)
    return found is not None and found.tells_all


def _has_delivery(state: State) -> Q:
    return Q(Exists(Delivery.objects.filter(incident=OuterRef("pk"), state=state)))


def title_of(incident: Incident) -> str:
    """The same for every message of an incident, so that mail clients make one thread of them."""
    place = f"{incident.owner_namespace}/" if incident.owner_namespace else ""
    owner = f"{incident.owner_kind} {place}{incident.owner_name}"
    return f"[KubeWise #{incident.pk}] {one_line(owner)}"


def body_of(incident: Incident, state: State) -> str:
    """Plain text: state, cause, summary, link. The cluster's words are masked and no markup."""
    first = not incident.deliveries.exclude(state=state).exists()
    said = f"Opened, {state}" if first and state in ASKING.values() else state.capitalize()
    lines = [f"{said} ({incident.severity}): {incident.cause}", one_line(incident.summary)]
    if link := link_to(incident):
        lines.append(link)
    return "\n".join(lines)


def link_to(incident: Incident) -> str:
    """The incident's page; '' where KUBEWISE_URL is not set."""
    path = reverse("admin:detection_incident_change", args=[incident.pk])
    return f"{settings.KUBEWISE_URL}{path}" if settings.KUBEWISE_URL else ""


def one_line(text: str) -> str:
    """One line without control characters, secrets, or what a chat takes for markup."""
    cut = redact(CONTROL.sub("", text.replace("\n", " ")))[:LONGEST_TEXT]
    return cut.translate(MARKUP)


def kind_of(url: str) -> str:
    """`slack` of `slack://…`: an address holds secrets and is never put on record."""
    return urlsplit(url).scheme or "unknown"


def threaded(url: str, incident: Incident) -> str:
    """The same target, told which thread it is, where its kind can be: mail."""
    if kind_of(url) not in MAIL:
        return url
    mark = f"%3Cincident-{incident.pk}%40kubewise%3E"
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}+In-Reply-To={mark}&+References={mark}"
