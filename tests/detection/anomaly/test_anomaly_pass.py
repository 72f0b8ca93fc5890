"""One pass over the cached history, and what the records around it change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache

from detection.anomaly import context_from_records
from detection.anomaly.model.artifacts import Model
from detection.detectors import find_in_metrics
from detection.domain.causes import Cause
from detection.domain.facts import AnomalyFacts
from detection.domain.statuses import Status
from detection.metrics import daily_peaks, history
from detection.metrics.history import MetricFrame, Window
from detection.metrics.prometheus import Prometheus
from detection.metrics.queries import seed
from detection.metrics.responses import QueryResult, TimedOut
from detection.metrics.samples import Entity, series_key
from detection.models import Cluster, Incident, WorkloadBaseline
from detection.models.anomaly import AnomalyFeedback
from detection.training.jobs import from_prometheus
from tests.detection.anomaly.builders import network

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CART = Entity("Deployment", "shop", "cart", "app")
CPU, MEMORY = (series_key(name, CART) for name in ("container_cpu_cores", "container_memory_bytes"))
OWNER = ("Deployment", "shop", "cart")


@pytest.fixture(autouse=True)
def learned(settings: Any) -> None:
    """These histories are an hour long; test_learning.py has what is asked for elsewhere."""
    settings.ANOMALY_LEARNING_HOURS = 0


@pytest.fixture
def cluster(db: None) -> Cluster:
    cache.clear()
    history._LOCAL.clear()
    return Cluster.objects.create(name="one")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        context_from_records, "model_in_force", lambda: Model("v1", network(), 1.0, 60.0)
    )


def append(cluster: Cluster, broken: bool) -> None:
    """An hour of samples every 15 s; broken: memory stands higher for the last four minutes."""
    rng = np.random.default_rng(0)
    frames = []
    for tick in range(240):
        at = NOW.timestamp() - 15.0 * (239 - tick)
        high = 40.0 if broken and tick >= 224 else 0.0
        values = {CPU: rng.normal(100, 2), MEMORY: rng.normal(100, 2) + high}
        frames.append(MetricFrame(at, values))
    assert history.append_many(cluster.pk, frames)


def baseline(cluster: Cluster, available: datetime) -> None:
    WorkloadBaseline.objects.create(
        cluster=cluster, owner_uid="u", owner_kind=OWNER[0], owner_namespace=OWNER[1],
        owner_name=OWNER[2], template_hash="h", first_available=available,
        last_available=available, replicas=1,
    )  # fmt: skip


def incident(cluster: Cluster, start: datetime, end: datetime) -> Incident:
    return Incident.objects.create(
        cluster=cluster, owner_kind=OWNER[0], owner_namespace=OWNER[1], owner_name=OWNER[2],
        cause=Cause.METRIC_ANOMALY.value, severity="info", status=Status.RESOLVED, summary="x",
        onset=start, first_seen=start, last_seen=end, closed_at=end,
    )  # fmt: skip


def test_a_pass_over_the_cached_history_finds_the_anomaly(cluster: Cluster, model: None) -> None:
    append(cluster, broken=True)
    (found,) = find_in_metrics(cluster, NOW)
    assert (found.cause, found.owner.name) == (Cause.METRIC_ANOMALY, "cart")


def test_a_pass_asks_prometheus_for_more_of_what_stands_out_and_does_without(
    cluster: Cluster, model: None
) -> None:
    append(cluster, broken=True)
    seed(NOW)
    asked: list[str] = []

    class Away(Prometheus):
        def query_range(self, promql: str, *_: Any) -> QueryResult:
            asked.append(promql)
            raise TimedOut("it is slow")

    for _ in range(2):
        (found,) = find_in_metrics(cluster, NOW, Away("http://127.0.0.1:1"))
        assert found.facts.of(AnomalyFacts).history == "judged on 1 h of history"
    assert len(asked) == 1
    assert "cart" in asked[0]


def test_a_calm_hour_has_no_finding(cluster: Cluster, model: None) -> None:
    append(cluster, broken=False)
    assert find_in_metrics(cluster, NOW) == []


def test_a_new_revision_opens_a_settling_period_in_place_of_an_alarm(
    cluster: Cluster, model: None
) -> None:
    append(cluster, broken=True)
    baseline(cluster, NOW - timedelta(minutes=5))
    assert find_in_metrics(cluster, NOW) == []
    WorkloadBaseline.objects.update(first_available=NOW - timedelta(hours=2))
    assert len(find_in_metrics(cluster, NOW)) == 1


def test_another_count_of_replicas_opens_one_too(cluster: Cluster) -> None:
    key = series_key("deployment_replicas", Entity(*OWNER))
    times = NOW.timestamp() - 60.0 * np.arange(30)[::-1]
    values = np.where(np.arange(30) < 20, 2.0, 5.0)[None]
    given = Window("ok", times, (key,), values, np.zeros((1, 30), dtype=np.bool_))
    assert context_from_records.settling(cluster, given, NOW) == {OWNER}
    assert context_from_records.settling(cluster, given, NOW + timedelta(hours=1)) == frozenset()


def test_the_peaks_of_a_day_are_kept_and_forgotten_after_it(cluster: Cluster) -> None:
    key = series_key("volume_used_ratio", Entity("PersistentVolumeClaim", "shop", "data"))

    def seen(at: datetime, value: float) -> Window:
        times = np.array([at.timestamp()])
        return Window("ok", times, (key,), np.array([[value]]), np.zeros((1, 1), dtype=np.bool_))

    for hours, value in ((5, 0.8), (4, 0.3)):
        then = NOW - timedelta(hours=hours)
        daily_peaks.remember(cluster.pk, seen(then, value), {"volume_used_ratio"}, then)
    assert daily_peaks.earlier_peaks(cluster.pk, seen(NOW, 0.5)) == {key: 0.8}
    assert daily_peaks.earlier_peaks(cluster.pk, seen(NOW + timedelta(days=2), 0.5)) == {}


def test_hours_with_an_incident_are_no_training_data_unless_it_was_a_false_positive(
    cluster: Cluster,
) -> None:
    times = NOW.timestamp() - 60.0 * np.arange(120)[::-1]
    values = np.random.default_rng(0).normal(5, 1, (2, 120))
    given = Window("ok", times, (CPU, MEMORY), values, np.zeros((2, 120), dtype=np.bool_))
    incident(cluster, NOW - timedelta(minutes=60), NOW - timedelta(minutes=31))
    (found,) = from_prometheus.series_of(cluster, given)
    assert found.metrics == ("container_cpu_cores", "container_memory_bytes")
    assert (~found.train).sum() == 30
    AnomalyFeedback.objects.create(
        cluster=cluster, owner_kind=OWNER[0], owner_namespace=OWNER[1], owner_name=OWNER[2],
        at=NOW, by="ann", score=2.0,
    )  # fmt: skip
    (found,) = from_prometheus.series_of(cluster, given)
    assert found.train.all()
    crash = incident(cluster, NOW - timedelta(minutes=20), NOW - timedelta(minutes=11))
    Incident.objects.filter(pk=crash.pk).update(cause=Cause.OOM_LIMIT_LOW.value)
    (found,) = from_prometheus.series_of(cluster, given)
    assert (~found.train).sum() == 10


def test_a_changed_file_leaves_the_former_model_in_use(tmp_path: Any, settings: Any) -> None:
    from detection.anomaly.model.artifacts import MANIFEST, WEIGHTS
    from tests.detection.anomaly.model.test_autoencoder import install

    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "kube_anomaly_autoencoder.keras")
    assert context_from_records.model_in_force() is None
    install(tmp_path)
    first = context_from_records.model_in_force()
    assert first is not None
    (tmp_path / WEIGHTS).write_bytes(b"other")
    manifest = tmp_path / MANIFEST
    manifest.write_text(manifest.read_text() + "\n")
    assert context_from_records.model_in_force() is first
