"""Anomaly, threshold, forecast and the API of one owner: one incident with several sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from detection.causes import Cause, Severity
from detection.correlate import correlate
from detection.findings import Finding, ObjectRef
from detection.models import Cluster, Incident
from detection.record import GONE_BEFORE_CLOSING_SECONDS, record
from detection.snapshot import Snapshot
from detection.states import Status

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CART = ObjectRef("Deployment", "shop", "cart", "uid-cart")
FORECAST = Finding(
    Cause.FORECAST_BREACH, CART, Severity.WARNING, "reaches 100 % in 20 min", NOW, NOW,
    source="forecast", facts={"prediction": {"seconds": 1200}},
)  # fmt: skip
ANOMALY = replace(
    FORECAST, cause=Cause.METRIC_ANOMALY, severity=Severity.INFO, source="anomaly", score=9.0,
    facts={"contributions": {"memory": 0.71}},
)  # fmt: skip
BREACH = replace(FORECAST, cause=Cause.THRESHOLD_BREACH, source="threshold", facts={})
CRASH = replace(FORECAST, cause=Cause.OOM_LIMIT_LOW, source="kubernetes", facts={})


@pytest.fixture
def cluster(db: None) -> Cluster:
    return Cluster.objects.create(name="c")


def passes(cluster: Cluster, *findings: Finding, seconds: float = 0) -> None:
    now = NOW + timedelta(seconds=seconds)
    record(cluster, correlate(findings, Snapshot(at=now)), {}, now)


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
