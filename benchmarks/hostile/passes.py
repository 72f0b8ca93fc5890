"""Passes as the workers make them: bytes of the API server to incidents in the database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.hostile.cluster import Served, workloads
from benchmarks.hostile.kinds import Kind
from detection.models import Cluster, Incident, SourceState
from detection.pipeline.detect import detect


@dataclass(frozen=True)
class Outcome:
    """CPU seconds of two passes over `workloads` broken ones, and how many have an incident."""

    workloads: int
    judged: int
    seconds: float
    blind: dict[str, str]

    @property
    def missed(self) -> int:
        return self.workloads - self.judged


def passes(number: int, kinds: Sequence[Kind], now: datetime, name: str) -> Outcome:
    """Two passes: the first one opens, the second one finds again."""
    cluster = Cluster.objects.create(name=name)
    served = Served(workloads(number, now), kinds)
    began = time.process_time()
    for _ in range(2):
        detect(cluster, served, now)
    spent = time.process_time() - began
    return Outcome(number, judged(cluster, number), spent, blind(cluster))


def judged(cluster: Cluster, number: int) -> int:
    names = {f"d{n}" for n in range(number)}
    rows = Incident.objects.filter(cluster=cluster, owner_kind="Deployment")
    return len(names & set(rows.values_list("owner_name", flat=True)))


def blind(cluster: Cluster) -> dict[str, str]:
    rows = SourceState.objects.filter(cluster=cluster, state=SourceState.State.BLIND)
    return {row.name: row.reason for row in rows}
