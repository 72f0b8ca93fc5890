"""The pipeline by hand, until an incident has come to its end; it approves what it is shown."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.test.utils import override_settings

from benchmarks.oracle import Key
from detection import clients as detection_clients
from detection.detect import detect
from detection.kubernetes import connect
from detection.models import Cluster, Incident
from detection.states import Status
from remediation import approvals
from remediation.act import act
from remediation.actions import CATALOGUE
from remediation.analyze import analyze
from remediation.clients import Clients
from remediation.decisions import decide_incident
from remediation.models import Attempt
from remediation.verify import verify

ENDS = frozenset({Status.RESOLVED, Status.ESCALATED, Status.DISMISSED,
                  Status.REMEDIATION_SUGGESTED})  # fmt: skip
PAUSE_SECONDS = 0.5
LONG_AGO = timedelta(days=2)


@dataclass
class Driven:
    """`families` are those of every attempt that was made for any incident, not only ours."""

    status: str = "not detected"
    outcome: str = ""
    command: str = ""
    families: list[str] = field(default_factory=list)


def drive(simulator: Any, target: Key, folder: Path, patience_seconds: float) -> Driven:
    """Detect, and take every incident to its end; what came of the one on `target`."""
    reader = simulator.kubeconfig(folder / "read.yaml", "read")
    writer = simulator.kubeconfig(folder / "act.yaml", "act")
    clients = Clients(connect(kubeconfig=str(reader)), connect(kubeconfig=str(writer)))
    with override_settings(PROMETHEUS_URL=simulator.prometheus_url):
        detection_clients.prometheus.cache_clear()
        return _drive(clients, target, time.monotonic() + patience_seconds)


def _drive(clients: Clients, target: Key, until: float) -> Driven:
    cluster = _fresh_records()
    detect(cluster, clients.reader, _now())
    while time.monotonic() < until:
        waiting = [row for row in Incident.objects.all() if row.status not in ENDS]
        if not waiting and _on(target) is not None:
            break
        for incident in waiting:
            _step(incident, clients)
        time.sleep(PAUSE_SECONDS)
        if _on(target) is None:
            detect(cluster, clients.reader, _now())
    return _told(target)


def _fresh_records() -> Cluster:
    """Nothing of the case before; watched for two days, so that AUTO is warm."""
    for model in (Attempt, Incident, Cluster):
        _forget(model)
    cluster = detection_clients.current_cluster()
    Cluster.objects.filter(pk=cluster.pk).update(created_at=_now() - LONG_AGO)
    cluster.refresh_from_db()
    return cluster


def _forget(model: Any) -> None:
    from django.apps import apps

    if model is Attempt:
        for name in ("Attempt", "Approval", "Plan", "Budget"):
            apps.get_model("remediation", name).objects.all().delete()
        return
    model.objects.all().delete()


def _step(incident: Incident, clients: Clients) -> None:
    """Whatever is due next for it."""
    if incident.status == Status.VERIFICATION_PENDING:
        for attempt in incident.attempts.filter(state=Attempt.State.APPLIED):
            verify(attempt.pk, clients, _now())
        return
    analyze(incident.pk, clients, _now())
    decide_incident(incident.pk, clients, _now())
    incident.refresh_from_db()
    if incident.status == Status.AWAITING_APPROVAL:
        _approve(incident)
    act(incident.pk, clients, _now())


def _approve(incident: Incident) -> None:
    """The script that answers for a person: yes to what is shown first."""
    plan = incident.plans.filter(superseded_at__isnull=True).first()
    if plan is None:
        return
    user, _ = get_user_model().objects.get_or_create(username="script")
    approvals.approve(plan.pk, plan.chosen, user, "benchmark", plan.digest, _now())


def _on(target: Key) -> Incident | None:
    kind = target[0].partition(".")[0].removesuffix("s")
    rows = Incident.objects.filter(owner_namespace=target[1], owner_name=target[2])
    return rows.filter(owner_kind__iexact=kind).order_by("pk").last()


def _told(target: Key) -> Driven:
    incident = _on(target)
    attempts = Attempt.objects.filter(executed_at__isnull=False).order_by("pk")
    changing = [row for row in attempts if CATALOGUE[row.action].changes_cluster]
    families = [CATALOGUE[row.action].family for row in changing]
    if incident is None:
        return Driven(families=families)
    last = incident.attempts.order_by("pk").last()
    outcome, command = (last.outcome, last.command) if last else ("", "")
    return Driven(str(incident.status), outcome, command, families)


def _now() -> datetime:
    return datetime.now(UTC)
