"""Plays what passes see, one after the other, and answers for the incidents that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from detection.correlation import correlate
from detection.domain.causes import Cause, Severity
from detection.domain.facts import AnomalyFacts, Facts, MetricFacts
from detection.domain.findings import Finding, ObjectRef, Revision
from detection.domain.statuses import Status
from detection.incidents import states
from detection.incidents.happenings import happenings, of_sources
from detection.incidents.record import GONE_BEFORE_CLOSING_SECONDS, record_findings
from detection.models import Cluster, Incident
from detection.snapshot import Snapshot
from tests.detection.builders import objects, snapshot_from

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CART = ObjectRef("Deployment", "shop", "cart", "uid-cart")
WEB = ObjectRef("Deployment", "shop", "web", "uid-web")
FAR = ObjectRef("Deployment", "bank", "ledger", "uid-ledger")
AGENT = ObjectRef("DaemonSet", "infra", "agent", "uid-agent")
NODE = ObjectRef("Node", "", "node-a", "uid-node-a")
POD = ObjectRef("Pod", "shop", "cart-7d9f-x2x4p", "uid-pod")
CLOSES = GONE_BEFORE_CLOSING_SECONDS + 15


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def seen(
    cause: Cause,
    owner: ObjectRef = CART,
    since: float = 0,
    severity: Severity = Severity.WARNING,
    revision: int | None = None,
    **more: Any,
) -> Finding:
    """A finding of the scan that began `since` seconds after the start."""
    borne = Revision(current=revision, older=revision - 1, borne=True) if revision else None
    text = f"{owner.kind} {owner.name}: {cause}"
    onset = at(since)
    return Finding(cause, owner, severity, text, onset, onset, revision=borne, **more)


def breach(metric: str, owner: ObjectRef = CART, since: float = 0) -> Finding:
    """A threshold of its metrics."""
    found = seen(Cause.THRESHOLD_BREACH, owner, since, source="threshold")
    return replace(found, summary=f"{owner.name}: {metric}", facts=MetricFacts(metric=metric))


def anomaly(owner: ObjectRef = CART, since: float = 0) -> Finding:
    found = seen(Cause.METRIC_ANOMALY, owner, since, Severity.INFO, source="anomaly")
    return replace(found, facts=AnomalyFacts(contributions={"container_restarts": 0.97}))


def on_node(cause: Cause, owner: ObjectRef, node: str = "node-a", since: float = 0) -> Finding:
    return seen(cause, owner, since, facts=Facts(nodes=(node,), pods=1))


def deployment(age: str, name: str = "cart", **more: Any) -> dict[str, Any]:
    """A Deployment whose newest revision is that old, and fine."""
    pods = [{"age": age}, {"age": age}]
    old, new = (
        {"image": "a:1", "pods": [], "age": "10d"},
        {"image": "a:2", "pods": pods, "age": age},
    )
    return {"deployment": name, "revisions": [old, new]} | more


@dataclass
class Story:
    """Passes of one cluster. Times are seconds after the start."""

    cluster: Cluster
    now: float = 0

    def look(
        self,
        seconds: float,
        *findings: Finding,
        objects_: Sequence[Mapping[str, Any]] = (),
        snapshot: Snapshot | None = None,
        blind: Mapping[str, str] | None = None,
    ) -> Story:
        """One pass, with the cluster as these compact entries or as this snapshot."""
        now = at(seconds)
        there = snapshot or snapshot_from(objects(objects_, now), now)
        self.now = seconds
        found = correlate(findings, there)
        happened = [*happenings(there), *of_sources(self.cluster, now)]
        record_findings(self.cluster, found, blind or {}, now, happened)
        return self

    def looks(self, first: float, last: float, *findings: Finding, every: float = 15) -> Story:
        """Passes that see the same."""
        for step in range(int((last - first) // every) + 1):
            self.look(first + step * every, *findings)
        return self

    def gone(self, seconds: float) -> Story:
        """The signal is gone from here on; the next look after `CLOSES` closes the incident."""
        return self.look(seconds).look(seconds + CLOSES)

    def resolved(self, seconds: float, owner: ObjectRef = CART) -> Story:
        """A repair was verified: it closes at once."""
        incident = self.of(owner)
        Incident.objects.filter(pk=incident.pk).update(status=Status.VERIFICATION_PENDING)
        incident.refresh_from_db()
        states.move_incident(
            incident, Status.RESOLVED, actor="KubeWise", reason="verified", now=at(seconds)
        )
        return self

    @property
    def opened(self) -> list[tuple[str, str]]:
        """(owner, cause) of all incidents, in the order in which they were opened."""
        rows = Incident.objects.order_by("pk")
        return [(row.owner_name, row.cause) for row in rows]

    def of(self, owner: ObjectRef = CART) -> Incident:
        return Incident.objects.filter(owner_name=owner.name).latest("pk")

    def joined(self, owner: ObjectRef = CART) -> list[str]:
        """What joined that owner's incident as a symptom."""
        rows = self.of(owner).transitions.filter(kind="symptom")
        return [f"{row.before} {row.after}" for row in rows]

    def began(self, owner: ObjectRef = CART) -> float:
        return (self.of(owner).onset - START).total_seconds()

    def changes(self, kind: str, owner: ObjectRef = CART) -> list[tuple[str, str]]:
        rows = self.of(owner).transitions.filter(kind=kind)
        return [(row.before, row.after) for row in rows]
