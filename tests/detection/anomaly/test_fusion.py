"""Anomaly, threshold, forecast and the API of one owner: one incident with several sources."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache

from detection.anomaly import context_from_records
from detection.anomaly.model import artifacts
from detection.correlation import correlate
from detection.detectors import find_in_metrics
from detection.domain.causes import Cause, Severity
from detection.domain.facts import AnomalyFacts, MemoryFacts, MetricFacts
from detection.domain.findings import Finding, ObjectRef
from detection.domain.statuses import Status
from detection.failures import find_all
from detection.failures.context import Context
from detection.incidents.record import GONE_BEFORE_CLOSING_SECONDS, record_findings
from detection.metrics import history
from detection.metrics.history import MetricFrame
from detection.metrics.queries import seed
from detection.metrics.samples import Entity, series_key
from detection.models import Cluster, Incident
from detection.snapshot import Snapshot
from tests.detection.builders import NODES, objects, snapshot_from

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CART = ObjectRef("Deployment", "shop", "cart", "uid-cart")
FORECAST = Finding(
    Cause.FORECAST_BREACH, CART, Severity.WARNING, "reaches 100 % in 20 min", NOW, NOW,
    source="forecast", facts=MetricFacts(prediction={"seconds": 1200}),
)  # fmt: skip
ANOMALY = replace(
    FORECAST, cause=Cause.METRIC_ANOMALY, severity=Severity.INFO, source="anomaly", score=9.0,
    facts=AnomalyFacts(contributions={"memory": 0.71}),
)  # fmt: skip
BREACH = replace(FORECAST, cause=Cause.THRESHOLD_BREACH, source="threshold", facts=MetricFacts())
CRASH = replace(FORECAST, cause=Cause.OOM_LIMIT_LOW, source="kubernetes", facts=MemoryFacts())


@pytest.fixture(autouse=True)
def learned(settings: Any) -> None:
    """These histories are an hour long; test_learning.py has what is asked for elsewhere."""
    settings.ANOMALY_LEARNING_HOURS = 0


@pytest.fixture
def cluster(db: None) -> Cluster:
    return Cluster.objects.create(name="c")


def passes(cluster: Cluster, *findings: Finding, seconds: float = 0) -> None:
    now = NOW + timedelta(seconds=seconds)
    record_findings(cluster, correlate(findings, Snapshot(at=now)), {}, now)


def test_all_sources_of_one_owner_are_one_incident(cluster: Cluster) -> None:
    passes(cluster, ANOMALY, BREACH, FORECAST, CRASH)
    incident = Incident.objects.get()
    assert incident.cause == Cause.OOM_LIMIT_LOW
    assert incident.sources == ["anomaly", "forecast", "kubernetes", "threshold"]
    assert incident.prediction == {"seconds": 1200}
    assert (incident.status, incident.is_predicted) == (Status.DETECTED, False)


def test_an_anomaly_never_names_the_incident_however_high_its_score(cluster: Cluster) -> None:
    passes(cluster, ANOMALY, BREACH)
    assert Incident.objects.get().cause == Cause.THRESHOLD_BREACH


def test_a_forecast_opens_as_predicted_failure_and_closes_when_its_trend_breaks(
    cluster: Cluster,
) -> None:
    passes(cluster, FORECAST, ANOMALY)
    incident = Incident.objects.get()
    assert (incident.status, incident.is_predicted) == (Status.PREDICTED_FAILURE, True)
    passes(cluster, seconds=15)
    passes(cluster, seconds=30 + GONE_BEFORE_CLOSING_SECONDS)
    incident.refresh_from_db()
    assert incident.status == Status.RESOLVED


def test_what_was_foretold_and_came_is_no_forecast_any_more(cluster: Cluster) -> None:
    passes(cluster, FORECAST)
    passes(cluster, FORECAST, BREACH, seconds=15)
    incident = Incident.objects.get()
    assert (incident.cause, incident.is_predicted) == (Cause.THRESHOLD_BREACH, False)


def leaking(cluster: Cluster) -> None:
    """An hour of history: memory is quiet, then climbs beyond its threshold and its dwell."""
    entity = Entity("Deployment", "shop", "cart", "app")
    ratio, cpu = (series_key(n, entity) for n in ("container_memory_ratio", "container_cpu_cores"))
    rng = np.random.default_rng(4)
    shares = np.concatenate([np.full(20, 0.5), np.linspace(0.5, 0.985, 40)])
    shares += rng.normal(0, 0.003, 60)
    busy = rng.normal(1, 0.05, 60)
    busy[-6:] *= 3
    frames = [
        MetricFrame(
            NOW.timestamp() - 60.0 * (59 - at), {ratio: float(shares[at]), cpu: float(busy[at])}
        )
        for at in range(60)
    ]
    assert history.append_many(cluster.pk, frames)


def killed(cluster: Cluster) -> list[Finding]:
    """The API server's view of the same owner: its container was killed for its memory."""
    state = {"waiting": "CrashLoopBackOff", "exit": 137, "reason": "OOMKilled", "restarts": 5}
    pods = [{"age": "1h", "containers": {"app": state | {"ended": "3m", "ran": "20m"}}}]
    entry = {"deployment": "cart", "ns": "shop", "revisions": [{"image": "a:1", "pods": pods}]}
    snapshot = snapshot_from(objects([*NODES, entry], NOW), NOW)
    metrics = find_in_metrics(cluster, NOW)
    owner = snapshot.deployments[0].ref
    seen = [replace(f, owner=replace(f.owner, uid=owner.uid)) for f in metrics]
    assert {f.source for f in seen} == {"anomaly", "forecast", "threshold"}
    return correlate([*seen, *find_all(snapshot, Context(NOW))], snapshot)


def test_the_real_detectors_and_the_scan_make_one_incident_of_one_owner(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    history._LOCAL.clear()
    seed(NOW)
    shipped = artifacts.load_artifacts(Path(__file__).resolve().parents[3] / "models")
    monkeypatch.setattr(context_from_records, "model_in_force", lambda: shipped)
    leaking(cluster)
    record_findings(cluster, killed(cluster), {}, NOW)
    incident = Incident.objects.get()
    assert incident.sources == ["anomaly", "forecast", "kubernetes", "threshold"]
    assert incident.cause.startswith("OOM")
    assert incident.prediction
    assert re.match(r"reaches 100 % in \d+ min( \d+ s)? \(.+ – .+\)", incident.prediction["text"])
