"""When a value beyond its threshold is a finding, and when a gap is not."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from detection import detectors
from detection.detectors.protocol import IncompleteDetector, View, detector
from detection.detectors.thresholds import CONDITIONS, Thresholds
from detection.domain.causes import Cause, Severity
from detection.domain.facts import MetricFacts
from detection.domain.findings import Finding, ObjectRef
from detection.metric_evidence import evidence, query_evidence
from detection.metrics import history
from detection.metrics.history import MetricFrame, window_of
from detection.metrics.queries import seed, seeds
from detection.metrics.samples import Owner, Owners, Query, owners_of
from detection.metrics.scrape import scrape
from detection.models import Cluster
from simulator.prometheus.faults import Faults
from tests.detection.metrics.backends import simulated
from tests.detection.metrics.dataset import NOW, cluster

KEY = "memory|Deployment|shop|cart|app"
QUERY = Query(
    "memory", "…", "pod", unit="ratio", threshold=0.9, dwell_seconds=300, severity="warning",
    description="Memory in use, as a share of the container's limit",
)  # fmt: skip
OWNERS = owners_of({"shop/p": Owner("Deployment", "cart", "u1")})
STEP = 15
GONE = None
GAP = math.nan


def find(
    values: Sequence[float | None],
    query: Query = QUERY,
    step: float = STEP,
    owners: Owners = OWNERS,
) -> list[Finding]:
    """`values` end now; GONE: the answer was whole without the series, GAP: nobody could see."""
    start = NOW.timestamp() - step * (len(values) - 1)
    frames = [_frame(start + step * n, value) for n, value in enumerate(values)]
    return Thresholds().find(View(window_of(frames), [query], NOW, owners))


def _frame(at: float, value: float | None) -> MetricFrame:
    if value is GONE:
        return MetricFrame(at, {"other|Node||n1|": 1}, ["memory"], {})
    if math.isnan(value):
        return MetricFrame(at, {"other|Node||n1|": 1}, [], {})
    return MetricFrame(at, {KEY: value, "other|Node||n1|": 1}, ["memory"], {KEY: "cart-7d9-a"})


def test_beyond_the_threshold_for_the_dwell_is_a_finding_with_numbers() -> None:
    (finding,) = find([0.5] * 10 + [0.94] * 25)
    assert finding.cause == Cause.THRESHOLD_BREACH
    assert finding.owner == ObjectRef("Deployment", "shop", "cart", "u1")
    assert finding.related == (ObjectRef("Pod", "shop", "cart-7d9-a"),)
    assert (finding.severity, finding.source) == (Severity.WARNING, "threshold")
    assert finding.summary == (
        "Memory in use, as a share of the container's limit (app, cart-7d9-a): "
        "94 % for 6 min, threshold 90 %"
    )
    assert finding.onset == NOW - timedelta(seconds=360)
    assert finding.opens_at == NOW - timedelta(seconds=60)
    assert finding.evidence[0].decisive
    assert finding.facts.metrics == {"memory/app": 0.94}
    assert finding.facts.container == "app"
    json.dumps(finding.facts.as_json())


def test_for_less_than_the_dwell_is_none() -> None:
    assert find([0.5] * 30 + [0.94] * 19) == []


def test_one_good_value_starts_the_dwell_anew() -> None:
    assert find([0.94] * 30 + [0.5] + [0.94] * 10) == []


def test_at_the_threshold_is_not_beyond_it() -> None:
    assert find([0.9] * 60) == []


def test_a_gap_does_not_open() -> None:
    assert find([0.5] + [0.94] * 3 + [GAP] * 30 + [0.94] * 3) == []
    assert find([0.5] + [0.94] + [GAP] * 60) == []


def test_a_few_missing_samples_do_not_hinder() -> None:
    assert len(find([0.94, GAP, 0.94, 0.94, GAP, GAP] * 8 + [0.94])) == 1


def test_a_gap_does_not_close_and_is_said() -> None:
    (finding,) = find([0.94] * 30 + [GAP] * 20)
    assert finding.summary.endswith("; no data for the last 5 min")
    assert finding.facts.unseen
    assert len(find([0.94] * 30 + [GAP] * 20 + [0.95])) == 1


def test_a_good_value_after_a_gap_closes() -> None:
    assert find([0.94] * 30 + [GAP] * 20 + [0.5]) == []


def test_a_series_that_is_certainly_gone_closes() -> None:
    assert find([0.94] * 30 + [GONE]) == []


def test_a_condition_is_told_as_a_sentence_without_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(CONDITIONS, "memory", CONDITIONS["container_waiting"])
    query = Query("memory", "…", "pod", threshold=0, dwell_seconds=300)
    (finding,) = find([0.0] * 10 + [1.0] * 105, query)
    assert finding.summary == (
        "Container (app, cart-7d9-a) has been waiting on an error for 26 min"
    )


def test_every_shipped_condition_has_its_sentence() -> None:
    conditions = {one.name for one in seeds() if one.threshold is not None and not one.unit}
    assert conditions == set(CONDITIONS)


def test_no_data_at_all_is_no_finding() -> None:
    assert find([GAP] * 60) == []
    assert Thresholds().find(View(window_of([]), [QUERY], NOW)) == []


def test_below_is_bad_where_the_query_says_so() -> None:
    query = Query("memory", "…", "pod", direction="below", threshold=1, dwell_seconds=60)
    assert len(find([0.0] * 10, query)) == 1
    assert find([1.0] * 10, query) == []


def test_without_a_dwell_one_value_is_enough() -> None:
    query = Query("memory", "…", "pod", threshold=0, dwell_seconds=0)
    assert len(find([0.0, 2.0], query)) == 1


def test_without_a_threshold_nothing_is_a_breach() -> None:
    assert find([1e9] * 60, Query("memory", "…", "pod")) == []


def test_history_filled_at_a_coarser_step_opens_too() -> None:
    assert len(find([0.94] * 8, step=60)) == 1


def test_an_owner_that_the_scan_did_not_see_has_no_uid() -> None:
    (finding,) = find([0.94] * 30, owners=Owners())
    assert finding.owner.uid == ""


@given(st.lists(st.sampled_from([0.5, 0.94, GAP, GONE]), min_size=1, max_size=60))
def test_a_finding_never_rests_on_less_than_its_dwell(values: list[float | None]) -> None:
    for finding in find(values):
        last_good = max((n for n, v in enumerate(values) if v in (0.5, GONE)), default=-1)
        bad_after = [n for n in range(last_good + 1, len(values)) if values[n] == 0.94]
        assert STEP * (bad_after[-1] - bad_after[0]) >= QUERY.dwell_seconds - 2
        assert finding.opens_at <= NOW


def test_a_bug_in_one_detector_does_not_silence_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("detection.detectors.protocol.DETECTORS", {})
    monkeypatch.setattr("detection.detectors.protocol.CAUSES_OF", {})

    @detector(Cause.THRESHOLD_BREACH)
    class Broken:
        name = "broken"

        def find(self, view: View) -> list[Finding]:
            raise KeyError("oops")

    detector(Cause.THRESHOLD_BREACH)(Thresholds)
    frames = [_frame(NOW.timestamp() - 400 + STEP * n, 0.94) for n in range(27)]
    assert len(detectors.find_in(View(window_of(frames), [QUERY], NOW))) == 1
    assert "a detector failed" in str([record.msg for record in caplog.records])


def test_a_second_detector_of_a_name_is_a_bug() -> None:
    with pytest.raises(IncompleteDetector, match="'thresholds' already"):
        detector(Cause.THRESHOLD_BREACH)(Thresholds)


def test_detectors_run_in_the_order_of_their_causes() -> None:
    names = [one.name for one in detectors.detectors()]
    assert names == ["thresholds", "forecast", "autoencoder"]


@pytest.mark.django_db
def test_the_loop_finds_what_is_wrong_in_the_cluster() -> None:
    cache.clear()
    history._LOCAL.clear()
    seed(NOW)
    watched = Cluster.objects.create(name="c")
    with simulated(cluster()) as client:
        scrape(watched, client, NOW)
    found = {(one.owner.kind, one.owner.name, one.facts.of(MetricFacts).metric)
             for one in detectors.find_in_metrics(watched, NOW)
             if one.source != "anomaly"}  # fmt: skip
    assert found == BROKEN


BROKEN = {
    ("Deployment", "cart", "container_memory_ratio"),
    ("Deployment", "cart", "container_cpu_throttled_ratio"),
    ("Deployment", "cart", "container_restarts"),
    ("Deployment", "cart", "container_oom_kills"),
    ("Deployment", "cart", "container_waiting"),
    ("Deployment", "cart", "pod_ready"),
    ("Deployment", "cart", "deployment_unavailable_ratio"),
    ("Deployment", "cart", "hpa_at_maximum"),
    ("StatefulSet", "db", "statefulset_unready_ratio"),
    ("DaemonSet", "agent", "daemonset_unavailable_ratio"),
    ("Job", "nightly", "job_failed"),
    ("Node", "n1", "node_not_ready"),
    ("Node", "n1", "node_pressure"),
    ("Node", "n1", "node_cpu_ratio"),
    ("Node", "n1", "node_memory_ratio"),
    ("Node", "n1", "node_filesystem_ratio"),
    ("PersistentVolumeClaim", "data-db-0", "volume_used_ratio"),
}


def test_prometheus_tells_what_the_failures_ask_for() -> None:
    for exported in (False, True):
        with simulated(cluster(exported=exported, state_metrics=2)) as client:
            found = query_evidence(client, NOW, Owners())
        assert found.memory_ratios == {("Deployment", "shop", "cart", "app"): 0.95}
        assert found.replicas == {("Deployment", "shop", "idle"): 3}
        assert found.ready_replicasets == {("shop", "cart-7d9")}


@pytest.mark.usefixtures("shared_servers")
def test_the_evidence_is_kept_for_a_minute_and_missing_without_prometheus() -> None:
    cache.clear()
    with simulated(cluster()) as client:
        first = evidence(1, client, NOW)
    assert first.replicas
    assert evidence(1, client, NOW) == first, "the server is gone by now"
    assert evidence(2, None, NOW).replicas == {}
    with simulated(cluster(), Faults(away=True)) as client:
        assert evidence(3, client, NOW).replicas == {}
