"""Attempts whose worker died: settled by looking at the cluster, never by running them again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import Connection, KubernetesError
from detection.runtime import leases
from kubewise_site.core.redaction import redact
from remediation.actions import CATALOGUE
from remediation.clients import Clients
from remediation.cluster.writer import Session
from remediation.execution import outcomes
from remediation.execution.attempt_states import State, move_attempt
from remediation.execution.attempts import lease_seconds, settle_attempt
from remediation.execution.strategies import STRATEGIES
from remediation.models import Attempt
from remediation.observation.observe import owner_of
from remediation.results import Ending

log = structlog.get_logger(__name__)
LOST = (State.CLAIMED, State.SENDING, State.UNKNOWN)


def reconcile(attempt_id: int, clients: Clients, now: datetime) -> Ending:
    """Release what was never sent; look for what may have been."""
    attempt = Attempt.objects.select_related("incident__cluster").get(pk=attempt_id)
    if attempt.state not in LOST or not _claim(attempt, now):
        return Ending.NOTHING
    if attempt.state == State.CLAIMED:
        reason = "the worker stopped before it sent anything"
        return _release(attempt, reason, now, (State.CLAIMED,))
    return _check_applied(attempt, clients.writer or clients.reader, now)


def _claim(attempt: Attempt, now: datetime) -> bool:
    """Take over the lease; whoever held it can't go from CLAIMED to SENDING any more."""
    rows = Attempt.objects.filter(pk=attempt.pk, state=attempt.state)
    attempt.lease_until = until = now + timedelta(seconds=lease_seconds())
    if attempt.state != State.SENDING:
        return leases.claim_lease(rows, now, until)
    free = rows.filter(leases.is_free(now))
    return move_attempt(free, (State.SENDING,), State.UNKNOWN, lease_until=until)


def _check_applied(attempt: Attempt, connection: Connection, now: datetime) -> Ending:
    session = Session(connection)
    try:
        happened = was_applied(session, attempt)
    except KubernetesError as error:
        log.warning("can't look yet", attempt=attempt.pk, error=str(error))
        Attempt.objects.filter(pk=attempt.pk).update(
            error=redact(str(error)), lease_until=F("lease_until")
        )
        return Ending.LATER
    if happened:
        return outcomes.applied(attempt, {"found": "by looking at the cluster"}, now)
    return _release(attempt, "the worker stopped, and the cluster shows no change", now)


def was_applied(session: Session, attempt: Attempt) -> bool:
    """As the action's way tells it: an annotation, a name, or the end of a pod."""
    way = STRATEGIES[CATALOGUE[attempt.action].strategy]
    owner, target = owner_of(attempt.incident), ObjectRef(**attempt.target)
    return way.happened(session, owner, target, str(attempt.pk), attempt.before)


def _release(attempt: Attempt, reason: str, now: datetime, only: Collection[State] = ()) -> Ending:
    """Free the target and plan anew; nothing was changed."""
    with transaction.atomic():
        if not settle_attempt(attempt, State.REFUSED, now, refund=True, only=only, error=reason):
            return Ending.NOTHING
        outcomes.plan_anew(attempt, reason, now)
    return Ending.DONE
