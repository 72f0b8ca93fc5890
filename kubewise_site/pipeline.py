"""What follows what: the one page that shows the flow, by task name.

    beat → scrape                                   every PROMETHEUS_SCRAPE_INTERVAL_SECONDS
    beat → detect (scan → detectors → record) ─→ advance
    advance: analyze → consult → decide → act       one Celery chain per incident; a model is
                                                    asked on a queue of its own
    act ─ verify_due_at ─→ sweep → verify
    beat → sweep                                    publishes whatever the database says is due
    sweep → notify                                  one message an incident and state
    beat → prune, suggest_queries, train            once a day

Messages are wake-ups and carry ids only. They are published after the commit; when the broker is
away the caller succeeds all the same and the sweep publishes later.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from celery import Signature, chain, signature
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

SCRAPE = "detection.tasks.scrape"
DETECT = "detection.tasks.detect"
TRAIN = "detection.tasks.train"
ANALYZE = "remediation.tasks.analyze"
CONSULT = "remediation.tasks.consult"
DECIDE = "remediation.tasks.decide"
ACT = "remediation.tasks.act"
VERIFY = "remediation.tasks.verify"
RECONCILE = "remediation.tasks.reconcile"
NOTIFY = "remediation.tasks.notify"
SWEEP = "remediation.tasks.sweep"
PRUNE = "remediation.tasks.prune"
SUGGEST_QUERIES = "remediation.tasks.suggest_queries"

QUEUES = {
    SCRAPE: "scrape",
    DETECT: "detect",
    TRAIN: "train",
    ANALYZE: "analyze",
    CONSULT: "consult",
    DECIDE: "analyze",
    ACT: "act",
    VERIFY: "verify",
    RECONCILE: "act",
    NOTIFY: "notify",
    SWEEP: "sweep",
    PRUNE: "sweep",
    SUGGEST_QUERIES: "consult",
}


def advance(incident_id: int) -> None:
    """Analyze by the rules, ask a model, decide and, where the decision says so, act."""
    steps = chain(*(_step(task, incident_id) for task in (ANALYZE, CONSULT, DECIDE, ACT)))
    _after_commit(partial(steps.apply_async), "advance", incident_id)


def act(incident_id: int) -> None:
    """Carry out what was decided or approved."""
    _publish_one(ACT, incident_id)


def verify(attempt_id: int) -> None:
    _publish_one(VERIFY, attempt_id)


def reconcile(attempt_id: int) -> None:
    """Settle an attempt whose worker died, by looking at the cluster."""
    _publish_one(RECONCILE, attempt_id)


def notify(incident_id: int) -> None:
    """Tell people what is due to be told; claimed by its delivery's row."""
    _publish_one(NOTIFY, incident_id)


def _step(task: str, record_id: int) -> Signature[Any]:
    return signature(task, args=(record_id,), immutable=True, queue=QUEUES[task])


def _publish_one(task: str, record_id: int) -> None:
    _after_commit(partial(_step(task, record_id).apply_async), task, record_id)


def _after_commit(publish: Callable[[], object], what: str, record_id: int) -> None:
    transaction.on_commit(partial(_publish, publish, what, record_id), robust=True)


def _publish(publish: Callable[[], object], what: str, record_id: int) -> None:
    try:
        publish()
    except (OperationalError, OSError) as error:
        log.warning("broker away, the sweep publishes later", what=what, id=record_id,
                    error=str(error))  # fmt: skip
