"""A pass over the metric queries: what is dealt to whom, and what is told apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from detection.domain.findings import ObjectRef
from detection.metric_evidence import query_evidence
from detection.metrics import exporters, history
from detection.metrics.backfill import MOST_TICKS, frames_between
from detection.metrics.pod_owners import owners_by_prometheus
from detection.metrics.prometheus import Prometheus, RequestLimits
from detection.metrics.queries import seed, seeds
from detection.metrics.responses import QueryResult
from detection.metrics.samples import Check, Entity, Owner, Query, owners_of
from detection.metrics.scrape import Scrape, frame_of, query_all, scrape
from detection.models import Cluster, MetricQuery, SourceState
from simulator.prometheus.faults import Faults
from tests.detection.metrics.backends import real, simulated
from tests.detection.metrics.dataset import NOW, Line, cluster, constant
from tests.scripted_http import Reply, Request, serving

OWNERS = owners_of({"shop/cart-7d9-a": Owner("Deployment", "cart", "u1")})
APP = Entity("Deployment", "shop", "cart", "app", "cart-7d9-a")


def pod_query(promql: str, **fields: object) -> Query:
    return Query("q", promql, "pod", **fields)  # type: ignore[arg-type]


def one(promql: str, lines: list[Line], faults: Faults | None = None, **fields: object) -> Scrape:
    with simulated([*cluster(), *lines], faults) as client:
        return query_all([pod_query(promql, **fields)], client, NOW, OWNERS)


def gauge(value: float, **labels: str) -> Line:
    named = {"namespace": "shop", "pod": "cart-7d9-a", "container": "app"}
    return Line("load", {key: v for key, v in (named | labels).items() if v}, constant(value))


def test_a_pods_values_belong_to_its_workload_and_container() -> None:
    done = one("load", [gauge(3)])
    (sample,) = done.samples
    assert (sample.entity, sample.metric, sample.value, sample.at) == (APP, "q", 3, NOW)


def test_a_pod_that_nobody_owns_stands_for_itself() -> None:
    (sample,) = one("load", [gauge(3, pod="alone")]).samples
    assert sample.entity == Entity("Pod", "shop", "alone", "app", "alone")


def test_all_seeds_answer_and_nothing_is_blind() -> None:
    with simulated(cluster()) as client:
        done = query_all(seeds(), client, NOW, OWNERS)
    assert {outcome.state for outcome in done.outcomes.values()} == {Check.OK}
    assert done.blind == {}
    assert done.sources.seen == {"prometheus", "kube-state-metrics", "cadvisor", "node-exporter"}
    assert all(outcome.duration_seconds > 0 for outcome in done.outcomes.values())


def test_nan_and_infinity_are_dropped_counted_and_known_as_unknown() -> None:
    lines = [gauge(math.nan), gauge(math.inf, container="b"), gauge(1, container="c")]
    done = one("load", lines)
    outcome = done.outcomes["q"]
    assert (outcome.nan, outcome.infinite, len(done.samples)) == (1, 1, 1)
    values = frame_of(done, [pod_query("load")]).values
    assert math.isnan(values["q|Deployment|shop|cart|app"])


@pytest.mark.parametrize("label", ["prometheus_replica", "replica", "monitor"])
def test_series_of_a_replicated_prometheus_are_one_and_counted(label: str) -> None:
    done = one("load", [gauge(5, **{label: "b"}), gauge(4, **{label: "a"})])
    assert [sample.value for sample in done.samples] == [4]
    assert done.outcomes["q"].duplicates == 1


def test_a_replica_without_a_number_gives_way_to_one_with() -> None:
    done = one("load", [gauge(math.nan, replica="a"), gauge(4, replica="b")])
    assert [sample.value for sample in done.samples] == [4]
    assert done.outcomes["q"].nan == 0


def test_the_simulators_replicas_are_collapsed() -> None:
    done = one("load", [gauge(5)], Faults(replicas=("a", "b", "c")))
    assert (len(done.samples), done.outcomes["q"].duplicates) == (1, 2)


@pytest.mark.parametrize(("direction", "worst"), [("above", 9), ("below", 1)])
def test_of_several_series_of_one_container_the_worst_counts(direction: str, worst: int) -> None:
    lines = [gauge(value, device=str(value)) for value in (1, 9, 5)]
    done = one("load", lines, direction=direction)
    assert [sample.value for sample in done.samples] == [worst]


def test_of_several_pods_of_a_workload_the_worst_counts_and_is_named() -> None:
    pods = {f"shop/p{n}": Owner("Deployment", "cart", "u") for n in range(3)}
    query = pod_query("load", threshold=3)
    lines = [gauge(value, pod=f"p{n}") for n, value in enumerate((1, 9, 5))]
    with simulated([*cluster(), *lines]) as client:
        done = query_all([query], client, NOW, owners_of(pods))
    frame = frame_of(done, [query])
    assert frame.values == {"q|Deployment|shop|cart|app": 9}
    assert frame.pods == {"q|Deployment|shop|cart|app": "p1"}


def test_exported_labels_name_the_pod_and_not_the_exporter() -> None:
    true = {"namespace": "shop", "pod": "cart-7d9-a", "container": "app"}
    labels = {f"exported_{name}": value for name, value in true.items()}
    done = one("load", [gauge(1, namespace="monitoring", pod="ksm-0", container="m", **labels)])
    assert done.samples[0].entity == APP


def test_a_rows_label_mapping_wins() -> None:
    mapping = {"pod": "target_pod", "namespace": "target_ns"}
    lines = [gauge(1, target_pod="cart-7d9-a", target_ns="shop", namespace="x", pod="y")]
    assert one("load", lines, labels=mapping).samples[0].entity == APP


def test_series_that_name_no_entity_are_counted() -> None:
    done = one("load", [gauge(1, pod=""), gauge(2)])
    assert (len(done.samples), done.outcomes["q"].unmatched) == (1, 1)


def test_a_label_can_not_forge_a_series_key() -> None:
    done = one("load", [gauge(1, pod="x|Node||n1")])
    assert (done.samples, done.outcomes["q"].unmatched) == ((), 1)


def test_no_series_is_a_state_of_its_own() -> None:
    assert one("nothing_there", []).outcomes["q"].state == Check.ABSENT


def test_an_invalid_query_is_told_in_prometheuss_words() -> None:
    outcome = one("sum((", []).outcomes["q"]
    assert (outcome.state, outcome.whole) == (Check.INVALID, False)
    assert "parse error" in outcome.message


def test_warnings_make_the_answer_not_whole() -> None:
    outcome = one("load", [gauge(1)], Faults(warnings=("store a: timeout",))).outcomes["q"]
    assert (outcome.state, outcome.whole) == (Check.WARNINGS, False)
    assert "store a" in outcome.message


@pytest.mark.parametrize(
    "faults",
    [Faults(away=True), Faults(unavailable=True), Faults(html=True), Faults(token="x")],
)
def test_a_prometheus_that_fails_is_one_blind_source_and_is_asked_just_once(
    faults: Faults,
) -> None:
    with simulated(cluster(), faults) as client:
        done = query_all(seeds(), client, NOW)
    assert list(done.blind) == ["prometheus"]
    assert {outcome.state for outcome in done.outcomes.values()} == {Check.ERROR}
    assert done.samples == ()


def without(lines: list[Line], job: str) -> list[Line]:
    return [line for line in lines if line.labels.get("job") != job]


@pytest.mark.parametrize(
    ("source", "metric"),
    [("kube-state-metrics", "pod_ready"), ("cadvisor", "container_cpu_cores")],
)
def test_an_exporter_that_is_not_installed_is_not_blind(source: str, metric: str) -> None:
    with simulated(without(cluster(), source)) as client:
        done = query_all(seeds(), client, NOW)
    assert done.sources.not_installed == {source}
    assert done.blind == {}
    assert done.outcomes[metric].state == Check.ABSENT
    assert not done.outcomes[metric].whole


def test_a_target_that_is_down_makes_its_source_blind() -> None:
    lines = without(cluster(), "kube-state-metrics")
    down = Line("up", {"job": "kube-state-metrics", "instance": "a"}, constant(0))
    with simulated([*lines, down]) as client:
        done = query_all(seeds(), client, NOW)
    assert done.blind == {"kube-state-metrics": "100% of its targets are down"}


def test_series_that_were_there_today_and_are_gone_make_their_source_blind() -> None:
    with simulated(cluster()) as client:
        done = query_all(seeds(), client, NOW + timedelta(hours=1))
    assert set(done.blind) == {"kube-state-metrics", "cadvisor", "node-exporter"}
    assert "though there were some" in done.blind["cadvisor"]


def test_stale_samples_are_known_though_the_answer_bears_the_evaluation_time() -> None:
    with simulated(cluster()) as client:
        done = query_all(seeds(), client, NOW + timedelta(seconds=240))
    assert done.blind["kube-state-metrics"] == "its newest sample is 240 s old"
    assert done.outcomes["pod_ready"].state == Check.STALE
    assert not done.outcomes["pod_ready"].whole


def test_one_target_of_three_down_is_no_blindness_but_absence_is_no_news() -> None:
    ups = [
        Line("up", {"job": "cadvisor", "instance": f"n{n}"}, constant(n > 0)) for n in range(1, 3)
    ]
    down = Line("up", {"job": "cadvisor", "instance": "n0"}, constant(0))
    with simulated([*cluster(), *ups, down]) as client:
        done = query_all(seeds(), client, NOW)
    assert done.blind == {}
    assert "cadvisor" in done.sources.partly
    assert not done.outcomes["container_cpu_cores"].whole
    assert done.outcomes["pod_ready"].whole


def test_after_three_time_outs_the_rest_is_not_asked() -> None:
    def answer(request: Request) -> Reply:
        slow = b"load" in request.body
        data = {"resultType": "vector", "result": []}
        return Reply(Reply.of({"status": "success", "data": data}).body,
                     delay_seconds=9 if slow else 0)  # fmt: skip

    queries = [Query(f"q{n}", "load", "pod") for n in range(40)]
    with serving(answer) as server:
        client = Prometheus(server.url, limits=RequestLimits(1, 0.2, 0.3))
        done = query_all(queries, client, NOW)
        client.close()
    assert {outcome.state for outcome in done.outcomes.values()} == {Check.TIMEOUT}
    assert len(server.requests) < 15


@pytest.fixture
def watched(db: None) -> Cluster:
    cache.clear()
    history._LOCAL.clear()
    seed(NOW)
    return Cluster.objects.create(name="c")


def test_a_pass_records_checks_sources_and_a_frame(watched: Cluster) -> None:
    pods = {"shop/cart-7d9-a": ObjectRef("Deployment", "shop", "cart", "u1")}
    history.save_owner_map(watched.pk, pods)
    with simulated(cluster()) as client:
        done = scrape(watched, client, NOW)
    row = MetricQuery.objects.get(name="container_memory_ratio")
    assert (row.check_state, row.series_count, row.checked_at) == ("ok", 1, NOW)
    assert row.duration_seconds
    assert {state.state for state in SourceState.objects.all()} == {"seen"}
    window = history.window(watched.pk, NOW)
    values = window.series("container_memory_ratio|Deployment|shop|cart|app")
    assert values[-1] == pytest.approx(0.95)
    assert done.as_detail()["ok"]


def test_the_first_pass_fills_the_window_and_later_ones_do_not(watched: Cluster) -> None:
    with simulated(cluster()) as client:
        scrape(watched, client, NOW)
        first = history.window(watched.pk, NOW)
        scrape(watched, client, NOW + timedelta(seconds=15))
    assert len(first.times) == MOST_TICKS + 1
    assert len(history.tick_times(watched.pk) or []) == MOST_TICKS + 2
    assert first.times[-1] == NOW.timestamp()
    assert not first.absent[:, :-1].any()


def test_without_a_scan_the_owners_come_from_prometheus(watched: Cluster) -> None:
    with simulated(cluster(exported=True, state_metrics=2)) as client:
        scrape(watched, client, NOW)
    keys = history.window(watched.pk, NOW).keys
    assert "pod_ready|Deployment|shop|cart|" in keys
    assert not [key for key in keys if "|Pod|" in key]


def test_a_pass_costs_few_statements(watched: Cluster) -> None:
    with simulated(cluster()) as client:
        scrape(watched, client, NOW)
        with CaptureQueriesContext(connection) as statements:
            scrape(watched, client, NOW + timedelta(seconds=15))
    assert len(statements) <= 8, [one["sql"][:80] for one in statements]


def test_a_pass_without_prometheus_writes_no_frame(watched: Cluster) -> None:
    with simulated(cluster(), Faults(away=True)) as client:
        done = scrape(watched, client, NOW)
    assert not done.as_detail()["ok"]
    assert history.window(watched.pk, NOW).state == "ok" or history.tick_times(watched.pk) == []
    state = SourceState.objects.get(name="prometheus")
    assert (state.state, "Unreachable" in state.reason) == ("blind", True)


def edits_meanwhile(query: Callable[..., QueryResult]) -> Callable[..., QueryResult]:
    def ask(promql: str, now: datetime) -> QueryResult:
        if promql == exporters.UP:
            MetricQuery.objects.update(threshold=42)
        return query(promql, now)

    return ask


def test_a_person_who_edits_a_row_meanwhile_is_not_overwritten(watched: Cluster) -> None:
    with simulated(cluster()) as client:
        history.append_frame(watched.pk, history.MetricFrame(NOW.timestamp() - 15, {}))
        client.query = edits_meanwhile(client.query)  # type: ignore[method-assign]
        scrape(watched, client, NOW)
    assert set(MetricQuery.objects.values_list("threshold", flat=True)) == {42}


@pytest.mark.live
@pytest.mark.parametrize("exported", [False, True])
def test_the_real_prometheus_and_the_simulator_give_the_same_pass(
    exported: bool, tmp_path: Path
) -> None:
    lines = cluster(exported=exported, state_metrics=2)
    with simulated(lines) as client:
        expected = everything(client)
    with real(lines, tmp_path) as client:
        assert everything(client) == expected


def everything(client: Prometheus) -> tuple[object, ...]:
    """All that detection ever asks: owners, sources, samples, history, evidence."""
    owners = owners_by_prometheus(client, NOW)
    done = query_all(seeds(), client, NOW, owners)
    frames = frames_between(seeds(), client, owners, NOW - timedelta(minutes=20), NOW)
    return (
        owners,
        done.sources,
        {name: (one.state, one.series, one.whole) for name, one in done.outcomes.items()},
        {(one.metric, one.entity): round(one.value, 6) for one in done.samples},
        [{key: round(value, 6) for key, value in frame.values.items()} for frame in frames],
        query_evidence(client, NOW, owners),
        client.metric_names(),
    )


def test_a_row_with_impossible_labels_ends_no_other_query() -> None:
    bad = Query("bad", "load", "pod", labels=["pod"])  # type: ignore[arg-type]
    with simulated([*cluster(), gauge(3)]) as client:
        done = query_all([bad, pod_query("load")], client, NOW, OWNERS)
    assert done.outcomes["bad"].state == Check.INVALID
    assert [sample.metric for sample in done.samples] == ["q"]
