"""The pipeline by hand, in the simulator's time, until every incident has come to its end.

Where it asks, a script answers as a person would who wants the failure repaired: it approves, with
the digest that was shown, the first candidate shown that changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test.utils import override_settings

from detection import clients as detection_clients
from detection.domain.statuses import Status
from detection.kubernetes.client import KubernetesError, connect
from detection.metrics.history import save_owner_map
from detection.metrics.scrape import scrape
from detection.models import Cluster, Incident
from detection.pipeline.detect import detect
from detection.snapshot.scan import scan
from remediation.actions import CATALOGUE
from remediation.analysis.analyze import analyze
from remediation.approval import approvals
from remediation.clients import Clients
from remediation.execution.act import act
from remediation.models import Attempt
from remediation.planning.plans import candidates_of
from remediation.policy.decisions import decide_incident
from remediation.verification.verify import verify

ENDS = frozenset({Status.RESOLVED, Status.ESCALATED, Status.DISMISSED,
                  Status.REMEDIATION_SUGGESTED})  # fmt: skip
STEP_SECONDS = 15.0
PACE = {Status.VERIFICATION_PENDING: 30.0, Status.AWAITING_APPROVAL: 120.0}
MOST_APPROVALS = 4
BETWEEN_APPROVALS = timedelta(minutes=10)
LOCAL = "django.core.cache.backends.locmem.LocMemCache"
LONG_AGO = timedelta(days=2)
Owner = tuple[str, str, str]


@dataclass
class IncidentResult:
    """What came of one incident. `families` are those that were carried out for it, in order."""

    owner: Owner
    cause: str
    status: str
    outcome: str = ""
    families: list[str] = field(default_factory=list)
    why: str = ""


@dataclass
class Drive:
    """One simulated cluster and the pipeline on it. `after_step` follows each step of time."""

    simulator: Any
    clients: Clients
    cluster: Cluster
    expected: Sequence[Owner]
    after_step: Callable[[], None]
    approved: dict[int, list[datetime]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        found: datetime = self.simulator.cluster.clock.now()
        return found

    def run(self, patience_seconds: float) -> list[IncidentResult]:
        until = self.now + timedelta(seconds=patience_seconds)
        cache.clear()
        known = scan(self.clients.reader, self.now)  # whose pods are whose, as former passes saw it
        save_owner_map(self.cluster.pk, known.owner_map(), known.uids())
        self.detect_once()
        while self.now < until:
            waiting = [row for row in Incident.objects.all() if self._waits(row)]
            if not waiting and all(_of(owner) for owner in self.expected):
                break
            for incident in waiting:
                self.step(incident)
            self.pass_time()
        return [_incident_result(row) for row in Incident.objects.order_by("pk")]

    def detect_once(self) -> None:
        """One pass; a cluster that refuses to be read is tried again."""
        client = detection_clients.prometheus()
        if client is not None:
            scrape(self.cluster, client, self.now)
        try:
            detect(self.cluster, self.clients.reader, self.now)
        except KubernetesError:
            return

    def pass_time(self) -> None:
        waiting = {row.status for row in Incident.objects.all() if self._waits(row)}
        self.simulator.settle(
            min((PACE.get(Status(s), STEP_SECONDS) for s in waiting), default=STEP_SECONDS)
        )
        self.after_step()
        cache.delete(f"evidence:{self.cluster.pk}")  # kept for a minute of real time
        self.detect_once()

    def _waits(self, incident: Incident) -> bool:
        if incident.status == Status.AWAITING_APPROVAL:
            return len(self.approved.get(incident.pk, ())) < MOST_APPROVALS
        return incident.status not in ENDS

    def step(self, incident: Incident) -> None:
        """Whatever is due next for it."""
        if incident.status == Status.VERIFICATION_PENDING:
            for attempt in incident.attempts.filter(state=Attempt.State.APPLIED):
                verify(attempt.pk, self.clients, self.now)
            return
        analyze(incident.pk, self.clients, self.now)
        decide_incident(incident.pk, self.clients, self.now)
        incident.refresh_from_db()
        if incident.status == Status.AWAITING_APPROVAL:
            self.approve(incident)
        act(incident.pk, self.clients, self.now)

    def approve(self, incident: Incident) -> None:
        plan = incident.plans.filter(superseded_at__isnull=True).first()
        before = self.approved.setdefault(incident.pk, [])
        if plan is None or (before and self.now - before[-1] < BETWEEN_APPROVALS):
            return
        before.append(self.now)
        shown = candidates_of(plan)
        changing = [n for n, item in enumerate(shown) if item.entry.changes_cluster]
        user, _ = get_user_model().objects.get_or_create(username="script")
        chosen = changing[0] if changing else plan.chosen
        approvals.approve(plan.pk, chosen, user, "benchmark", plan.digest, self.now)


def drive(
    simulator: Any,
    expected: Sequence[Mapping[str, Any]],
    folder: Path,
    url: str,
    patience_seconds: float,
    after_step: Callable[[], None] = lambda: None,
) -> list[IncidentResult]:
    """Detect, and take every incident to its end; `url` '' is without Prometheus."""
    reader = simulator.kubeconfig(folder / "read.yaml", "read")
    writer = simulator.kubeconfig(folder / "act.yaml", "act")
    clients = Clients(connect(kubeconfig=str(reader)), connect(kubeconfig=str(writer)))
    owners = [(o["kind"], o.get("namespace", ""), o.get("name", "")) for o in expected]
    caches = {name: {"BACKEND": LOCAL, "LOCATION": "benchmark"} for name in settings.CACHES}
    with override_settings(PROMETHEUS_URL=url, CACHES=caches):
        detection_clients.prometheus.cache_clear()
        try:
            cluster = fresh_records(simulator.cluster.clock.now())
            one = Drive(simulator, clients, cluster, owners, after_step)
            return one.run(patience_seconds)
        finally:
            detection_clients.prometheus.cache_clear()


def fresh_records(now: datetime) -> Cluster:
    """Nothing of the case before; watched for two days, so that AUTO is warm."""
    from django.apps import apps

    for name in ("Attempt", "Approval", "Plan", "Budget"):
        apps.get_model("remediation", name).objects.all().delete()
    for model in (Incident, Cluster):
        model.objects.all().delete()
    cluster = detection_clients.current_cluster()
    Cluster.objects.filter(pk=cluster.pk).update(created_at=now - LONG_AGO)
    cluster.refresh_from_db()
    return cluster


def _of(owner: Owner) -> bool:
    kind, namespace, name = owner
    rows = Incident.objects.filter(owner_kind=kind, owner_namespace=namespace, owner_name=name)
    return rows.exists()


def _incident_result(incident: Incident) -> IncidentResult:
    rows = incident.attempts.order_by("pk")
    carried_out = [row for row in rows if row.executed_at is not None]
    changing = [row for row in carried_out if CATALOGUE[row.action].changes_cluster]
    last = changing[-1] if changing else None
    owner = (incident.owner_kind, incident.owner_namespace, incident.owner_name)
    newest = incident.transitions.order_by("pk").last()
    return IncidentResult(
        owner,
        incident.cause,
        str(incident.status),
        last.outcome if last else "",
        [CATALOGUE[row.action].family for row in changing],
        str(newest.reason) if newest else "",
    )
