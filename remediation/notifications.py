"""Telling people, through apprise: never more than one message an incident and state.

The Delivery row is committed before anything is sent, so a worker that dies in between costs a
message and never sends it twice; the row shows it as `sending`. A message only links to the
incident: nothing is ever approved by opening a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import apprise
import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from detection.domain.causes import Severity
from detection.domain.statuses import OPEN, TERMINAL, Status
from detection.models import Cluster, Incident
from kubewise_site.core.redaction import redact
from remediation.controls.policies import covering
from remediation.models import Delivery, Silence

log = structlog.get_logger(__name__)
State = Delivery.State
LONGEST_TEXT = 500
RECENT = timedelta(days=1)
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
    return [state for state in due_states(incident) if _tell(incident, state, now, deliver)]


def due_states(incident: Incident) -> list[State]:
    """What its status is worth a message of; closing is told only where opening was."""
    found = []
    if incident.severity == Severity.CRITICAL and incident.status in OPEN:
        found.append(State.OPENED)
    if incident.status == Status.AWAITING_APPROVAL:
        found.append(State.AWAITING_APPROVAL)
    if incident.status == Status.ESCALATED:
        found.append(State.ESCALATED)
    if incident.status in TERMINAL and incident.deliveries.exists():
        found.append(State.CLOSED)
    told = set(incident.deliveries.values_list("state", flat=True))
    return [state for state in found if state not in told]


def _tell(incident: Incident, state: State, now: datetime, deliver: Send) -> bool:
    kinds = [kind_of(url) for url in settings.NOTIFY_URLS]
    try:
        with transaction.atomic():
            row = Delivery.objects.create(incident=incident, state=state, at=now, targets=kinds)
    except IntegrityError:
        return False  # another worker tells it
    urls = [threaded(url, incident) for url in settings.NOTIFY_URLS]
    error = deliver(urls, title_of(incident), body_of(incident, state))
    result = Delivery.Result.FAILED if error else Delivery.Result.SENT
    Delivery.objects.filter(pk=row.pk).update(result=result, error=error)
    return True


def due_notifications(cluster: Cluster, now: datetime) -> Q:
    """Incidents that somebody is to be told of, for the sweep."""
    if not settings.NOTIFY_URLS:
        return Q(pk__in=())
    told = Q(cluster=cluster, last_seen__gt=now - RECENT)
    opened = Q(severity=Severity.CRITICAL, status__in=OPEN) & ~_has_delivery(State.OPENED)
    asked = Q(status=Status.AWAITING_APPROVAL) & ~_has_delivery(State.AWAITING_APPROVAL)
    handed = Q(status=Status.ESCALATED) & ~_has_delivery(State.ESCALATED)
    any_told = Q(Exists(Delivery.objects.filter(incident=OuterRef("pk"))))
    closed = Q(status__in=TERMINAL) & any_told & ~_has_delivery(State.CLOSED)
    return told & (opened | asked | handed | closed)


def _has_delivery(state: State) -> Q:
    return Q(Exists(Delivery.objects.filter(incident=OuterRef("pk"), state=state)))


def title_of(incident: Incident) -> str:
    """The same for every message of an incident, so that mail clients make one thread of them."""
    place = f"{incident.owner_namespace}/" if incident.owner_namespace else ""
    owner = f"{incident.owner_kind} {place}{incident.owner_name}"
    return f"[KubeWise #{incident.pk}] {one_line(owner)}"


def body_of(incident: Incident, state: State) -> str:
    """Plain text: state, cause, summary, link. The cluster's words are masked and no markup."""
    lines = [f"{state.capitalize()} ({incident.severity}): {incident.cause}",
             one_line(incident.summary)]  # fmt: skip
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
