"""Publishing whatever the database says is due: the one recovery of lost wake-ups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q

from detection.clients import current_cluster
from detection.domain.statuses import START, WAITING, Status
from detection.models import Heartbeat, Incident
from detection.runtime import latency
from detection.runtime.heartbeats import beat
from detection.runtime.leases import claim_lease, is_free
from kubewise_site import pipeline
from remediation import notifications
from remediation.controls import acceptances
from remediation.execution.attempt_states import State
from remediation.llm.provider_settings import missing
from remediation.models import Attempt
from remediation.policy import gate_inputs, reconsideration
from remediation.policy.verdicts import Verdict

PUBLISH_AGAIN = timedelta(seconds=20)
LONGEST_PATIENCE = timedelta(minutes=10)
TIMES_THE_WAIT = 2
MOST_AT_ONCE = 200
# A chain waits in the queue of each of its steps.
ADVANCE = tuple({pipeline.QUEUES[task] for task in (pipeline.ANALYZE, pipeline.CONSULT)})
ACT = (pipeline.QUEUES[pipeline.ACT],)


def sweep(now: datetime) -> list[str]:
    """What was published, as `advance 12`. Publishing twice is harmless: every task claims.

    Of the watched cluster only: another one's records can't be settled by looking at this one.
    """
    cluster = Q(cluster=current_cluster())
    acceptances.review(current_cluster(), now)
    gate_inputs.reconsider_changed(current_cluster(), now)
    attempts = Q(incident__cluster=current_cluster())
    done = [
        *_publish("advance", pipeline.advance, _claimed(ADVANCE, cluster & _to_advance(now), now)),
        *_publish("act", pipeline.act, _claimed(ACT, cluster & _to_act(now), now)),
        *_publish("reconcile", pipeline.reconcile, _due(attempts & _to_reconcile(now))),
        *_publish("verify", pipeline.verify, _due(attempts & _to_verify(now))),
        *_publish("notify", pipeline.notify, _to_notify(now)),
    ]
    beat("sweep", now, published=len(done), no_model=missing())
    latency.record_latency(now)
    return done


def _to_notify(now: datetime) -> list[int]:
    wanted = notifications.due_notifications(current_cluster(), now)
    return list(Incident.objects.filter(wanted).values_list("pk", flat=True)[:MOST_AT_ONCE])


def _publish(name: str, publish: Callable[[int], None], ids: Iterable[int]) -> list[str]:
    done = []
    for record_id in ids:
        publish(record_id)
        done.append(f"{name} {record_id}")
    return done


def _to_advance(now: datetime) -> Q:
    """Not analyzed, before the news, its lease ran out, tried in vain, to be decided again."""
    started = Q(status__in=START)
    news = Q(status__in=WAITING, analyzed_version__lt=F("version"))
    failed = Q(status=Status.REMEDIATION_FAILED)
    halfway = Q(status=Status.ANALYZING) & ~_decided_to_act()
    return (started | news | failed | halfway | reconsideration.due_decisions(now)) & is_free(now)


def _to_act(now: datetime) -> Q:
    waiting = Q(status__in=WAITING, pk__in=reconsideration.approved(now))
    return (waiting | (Q(status=Status.ANALYZING) & _decided_to_act())) & is_free(now)


def _decided_to_act() -> Q:
    return Q(decided_version=F("version"), decision__verdict=Verdict.ACT)


def _claimed(queues: Sequence[str], wanted: Q, now: datetime) -> list[int]:
    """Those that are not in the queue already, marked as published now; the longest wait first.

    No more than MOST_AT_ONCE are in the queue at a time, and one is sent again only once its
    message must be lost: the queue holds what it can work off, not each incident many times.
    """
    lately = now - patience(queues, now)
    waiting = Incident.objects.filter(wanted)
    room = MOST_AT_ONCE - waiting.filter(published_at__gt=lately).count()
    quiet = waiting.filter(is_free(lately, "published_at"))
    oldest = quiet.order_by(F("published_at").asc(nulls_first=True), "pk")
    ids = oldest.values_list("pk", flat=True)[: max(room, 0)]
    return [pk for pk in ids if _mark(pk, lately, now)]


def patience(queues: Sequence[str], now: datetime) -> timedelta:
    """How long a message may be in its queues, by how long the newest one waited in each."""
    names = [f"queue/{queue}" for queue in queues]
    rows = Heartbeat.objects.filter(name__in=names, at__gte=now - LONGEST_PATIENCE)
    waited_ms = sum(float(row.detail.get("wait_ms") or 0) for row in rows)
    waited = timedelta(milliseconds=waited_ms)
    return min(max(PUBLISH_AGAIN, TIMES_THE_WAIT * waited), LONGEST_PATIENCE)


def _mark(pk: int, lately: datetime, now: datetime) -> bool:
    """False where another sweep published it meanwhile."""
    return claim_lease(Incident.objects.filter(pk=pk), lately, now, field="published_at")


def _to_reconcile(now: datetime) -> Q:
    return is_free(now) & Q(state__in=(State.CLAIMED, State.SENDING, State.UNKNOWN))


def _to_verify(now: datetime) -> Q:
    return is_free(now, "verify_lease_until") & Q(state=State.APPLIED, verify_due_at__lte=now)


def _due(wanted: Q) -> list[int]:
    return list(Attempt.objects.filter(wanted).values_list("pk", flat=True)[:MOST_AT_ONCE])
