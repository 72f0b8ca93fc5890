"""The detector on the metric window: what it finds, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from detection.anomaly.context import AnomalyView
from detection.anomaly.context_from_records import raised
from detection.anomaly.model import artifacts
from detection.anomaly.model.artifacts import Model
from detection.anomaly.screening import screen, to_step
from detection.detectors.anomaly import Autoencoder
from detection.detectors.daily_budget import within_budget
from detection.detectors.forecast import Forecast
from detection.detectors.protocol import View
from detection.domain.causes import Cause, Severity
from detection.domain.facts import AnomalyFacts
from detection.domain.findings import Finding, ObjectRef
from detection.domain.statuses import Status
from detection.incidents.feedback import NotAnAnomaly, false_positive
from detection.metrics.history import Window
from detection.metrics.queries import seeds
from detection.metrics.samples import Entity, Query, series_key
from detection.models import Cluster, Incident
from detection.models.anomaly import AnomalyFeedback
from tests.detection.anomaly.builders import network

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SHOP = ("Deployment", "shop", "cart")
METRICS = ("container_cpu_cores", "container_memory_bytes", "pod_network_receive_bytes")


def window(values: np.ndarray, names: tuple[str, ...] = ("cart",), step: float = 60.0) -> Window:
    """`values` [entities · metrics, samples]."""
    keys = tuple(
        series_key(metric, Entity("Deployment", "shop", name, "app"))
        for name in names
        for metric in METRICS
    )
    count = values.shape[1]
    times = NOW.timestamp() - step * np.arange(count)[::-1]
    return Window("ok", times, keys, values, np.zeros(values.shape, dtype=np.bool_))


def healthy(rows: int = 3, samples: int = 60, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 2, (rows, samples))


def view(given: Window, **around: object) -> View:
    model = Model("v1", network(), 1.0, 60.0)
    return View(given, (), NOW, anomaly=AnomalyView(model=model, **around))  # type: ignore[arg-type]


def broken(samples: int = 60) -> np.ndarray:
    values = healthy(samples=samples)
    values[1, -4:] += 40
    return values


def test_a_jump_is_an_anomaly_of_severity_info_that_says_which_metric() -> None:
    (found,) = Autoencoder().find(view(window(broken())))
    assert (found.cause, found.severity, found.source) == (
        Cause.METRIC_ANOMALY,
        Severity.INFO,
        "anomaly",
    )
    assert found.owner == ObjectRef(*SHOP)
    assert "container_memory_bytes/app explains" in found.summary
    assert next(iter(found.facts.of(AnomalyFacts).contributions)) == "container_memory_bytes/app"
    assert len(found.facts.of(AnomalyFacts).chart) == 30


def test_what_is_as_usual_is_no_finding() -> None:
    assert Autoencoder().find(view(window(healthy()))) == []


def test_without_a_model_nothing_is_looked_for() -> None:
    assert Autoencoder().find(View(window(broken()), (), NOW)) == []


def test_an_owner_that_settles_after_a_rollout_is_left_alone() -> None:
    assert Autoencoder().find(view(window(broken()), settling=frozenset({SHOP}))) == []


def test_feedback_raises_the_threshold_of_that_owner_alone() -> None:
    values = np.concatenate([broken(), broken()])
    both = window(values, ("cart", "billing"))
    found = Autoencoder().find(view(both, raised={SHOP: 4.0}))
    assert [finding.owner.name for finding in found] == ["billing"]


def test_the_setting_overrides_the_threshold_of_the_model() -> None:
    assert Autoencoder().find(view(window(broken()), threshold=50.0)) == []


def test_one_wild_sample_is_not_enough() -> None:
    values = healthy()
    values[1, -1] += 12
    assert Autoencoder().find(view(window(values))) == []


def test_with_less_than_thirty_samples_it_warms_up() -> None:
    assert Autoencoder().find(view(window(broken(samples=33)))) == []


def test_samples_of_fifteen_seconds_are_brought_to_the_step_of_the_model() -> None:
    values = np.repeat(broken(), 4, axis=1)
    (found,) = Autoencoder().find(view(window(values, step=15.0)))
    assert found.owner == ObjectRef(*SHOP)


def test_a_step_without_samples_is_a_gap() -> None:
    times = np.array([0.0, 60.0, 240.0])
    _, values = to_step(times, np.array([[1.0, 2.0, 3.0]]), 60.0)
    assert np.isnan(values[0, 2:4]).all()
    assert values[0, [0, 1, 4]].tolist() == [1.0, 2.0, 3.0]


def test_flat_stale_and_short_series_are_told_apart_and_never_stand_out() -> None:
    values = healthy(rows=3).astype(np.float32)
    values[0] = 7.0
    values[1, -3:] = np.nan
    values[2, :40] = np.nan
    found = screen(network(), values)
    assert found.flat[0]
    assert found.stale[1]
    assert found.warming_up[2]
    assert (found.stands_out == 0).all()
    assert not found.known.any()


def test_values_that_have_been_unusual_for_most_of_the_time_are_drift_and_no_alarm() -> None:
    values = healthy(samples=60)
    values[:, 10:] += np.linspace(0, 5, 50)
    assert Autoencoder().find(view(window(values))) == []


@pytest.fixture
def cluster(db: None) -> Cluster:
    return Cluster.objects.create(name="one")


def anomaly(name: str, score: float, cause: Cause = Cause.METRIC_ANOMALY) -> Finding:
    owner = ObjectRef("Deployment", "shop", name)
    return Finding(cause, owner, Severity.INFO, "unusual", NOW, NOW, score=score)


def incident(cluster: Cluster, name: str, cause: Cause, opened: datetime) -> Incident:
    return Incident.objects.create(
        cluster=cluster,
        open_key=None,
        owner_kind="Deployment",
        owner_namespace="shop",
        owner_name=name,
        cause=cause.value,
        severity="info",
        status=Status.RESOLVED,
        summary="unusual",
        onset=opened,
        first_seen=opened,
        last_seen=opened,
    )


def test_a_day_has_a_budget_of_anomalies_and_the_strongest_come_first(
    cluster: Cluster, settings: object
) -> None:
    settings.ANOMALY_INCIDENTS_PER_DAY = 3  # type: ignore[attr-defined]
    incident(cluster, "earlier", Cause.METRIC_ANOMALY, NOW - timedelta(hours=3))
    incident(cluster, "yesterday", Cause.METRIC_ANOMALY, NOW - timedelta(hours=30))
    found = within_budget(cluster, [anomaly(f"a{s}", s) for s in (1.0, 4.0, 3.0)], NOW)
    assert sorted(f.owner.name for f in found) == ["a3.0", "a4.0"]


def test_other_findings_and_owners_with_one_cost_no_budget(
    cluster: Cluster, settings: object
) -> None:
    settings.ANOMALY_INCIDENTS_PER_DAY = 0  # type: ignore[attr-defined]
    breach = anomaly("cart", 1.0, Cause.THRESHOLD_BREACH)
    found = within_budget(cluster, [breach, anomaly("cart", 2.0), anomaly("other", 9.0)], NOW)
    assert [(f.owner.name, f.cause) for f in found] == [
        ("cart", Cause.THRESHOLD_BREACH),
        ("cart", Cause.METRIC_ANOMALY),
    ]


def test_a_false_positive_is_recorded_once_and_raises_the_threshold(cluster: Cluster) -> None:
    wrong = incident(cluster, "cart", Cause.METRIC_ANOMALY, NOW - timedelta(hours=1))
    assert false_positive(wrong, "ann", NOW) is not None
    assert false_positive(wrong, "bob", NOW) is None
    assert AnomalyFeedback.objects.count() == 1
    assert raised(cluster, NOW) == {SHOP: 1.25}
    assert wrong.transitions.get().reason == "false positive"


def test_feedback_on_another_cause_is_refused(cluster: Cluster) -> None:
    with pytest.raises(NotAnAnomaly, match="THRESHOLD_BREACH"):
        false_positive(incident(cluster, "cart", Cause.THRESHOLD_BREACH, NOW), "ann", NOW)


def test_a_volume_that_fills_up_is_foretold_with_an_interval() -> None:
    key = series_key("volume_used_ratio", Entity("PersistentVolumeClaim", "shop", "data"))
    values = np.linspace(0.5, 0.8, 60)[None] + np.random.default_rng(0).normal(0, 0.001, (1, 60))
    times = NOW.timestamp() - 60.0 * np.arange(60)[::-1]
    given = Window("ok", times, (key,), values, np.zeros(values.shape, dtype=np.bool_))
    query = Query("volume_used_ratio", "q", "volume", unit="ratio", threshold=0.9)
    (found,) = Forecast().find(View(given, (query,), NOW))
    assert found.cause == Cause.FORECAST_BREACH
    assert "reaches 100 % in" in found.summary
    prediction = found.facts.prediction
    assert prediction["earliest_seconds"] < prediction["seconds"] < prediction["latest_seconds"]
    assert Forecast().find(View(replace(given, values=values[:, ::-1]), (query,), NOW)) == []


def test_a_kubelets_certificate_is_foretold_a_week_ahead_and_not_once_it_is_renewed() -> None:
    key = series_key("certificate_seconds_left", Entity("Node", "", "n1"))
    (query,) = (one for one in seeds() if one.name == "certificate_seconds_left")

    def found(left: float) -> list[Finding]:
        times = NOW.timestamp() - 60.0 * np.arange(3)[::-1]
        values = left - (times - times[0])[None]
        given = Window("ok", times, (key,), values, np.zeros(values.shape, dtype=np.bool_))
        return Forecast().find(View(given, (query,), NOW))

    (soon,) = found(3 * 86_400.0)
    assert "expires in 2 d 23 h unless it is renewed" in soon.summary
    assert soon.facts.prediction["limit"] == 0.0
    assert found(300 * 86_400.0) == []
    assert found(-60.0) == []


def test_a_shift_that_lasts_stands_out_among_thousands_with_the_model_that_is_shipped() -> None:
    shipped = Path(__file__).resolve().parents[3] / "models"
    values = np.random.default_rng(1).standard_normal((3 * 2000, 60)) + 50
    values[3, -4:] += 30
    names = tuple(f"service-{number}" for number in range(2000))
    about = AnomalyView(model=artifacts.load_artifacts(shipped))
    found = Autoencoder().find(View(window(values, names), (), NOW, anomaly=about))
    assert "service-1" in [finding.owner.name for finding in found]
