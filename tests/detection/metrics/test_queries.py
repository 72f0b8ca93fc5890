"""The seeded queries against the simulator, and the rows: seeded, checked, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from detection.metrics.prometheus import Prometheus
from detection.metrics.queries import (
    active_queries,
    apply_check,
    query_of_row,
    row_of,
    seed,
    seeds,
    validate,
)
from detection.metrics.responses import Unreachable
from detection.metrics.samples import Check, Owners, Query, entity_of
from detection.models import MetricQuery
from simulator.prometheus.faults import Faults
from tests.detection.metrics.backends import real, simulated
from tests.detection.metrics.dataset import NOW, Line, cluster, constant

APP = "Pod/shop/cart-7d9-a/app"
POD = "Pod/shop/cart-7d9-a"
MIB = 1024.0**2
FOUND = {
    "container_memory_ratio": {APP: 0.95},
    "container_memory_bytes": {APP: 95 * MIB},
    "container_cpu_cores": {APP: 0.5},
    "container_cpu_throttled_ratio": {APP: 0.5},
    "container_restarts": {APP: 7, "Pod/shop/cart-7d9-a/sidecar": 0},
    "container_oom_kills": {APP: 7},
    "container_waiting": {APP: 1},
    "pod_ready": {POD: 0},
    "pod_network_receive_bytes": {POD: 120},
    "pod_network_transmit_bytes": {POD: 240},
    "deployment_replicas": {"Deployment/shop/cart": 4, "Deployment/shop/idle": 0},
    "deployment_unavailable_ratio": {"Deployment/shop/cart": 0.5},
    "statefulset_unready_ratio": {"StatefulSet/shop/db": 1 / 3},
    "daemonset_unavailable_ratio": {"DaemonSet/shop/agent": 0.5},
    "hpa_at_maximum": {"Deployment/shop/cart": 1},
    "job_failed": {"Job/shop/nightly": 1},
    "node_not_ready": {"Node/n1": 1},
    "node_pressure": {"Node/n1": 1},
    "node_cpu_ratio": {"Node/n1": 0.98},
    "node_memory_ratio": {"Node/n1": 0.96},
    "node_filesystem_ratio": {"Node/n1": 0.93},
    "volume_used_ratio": {"PersistentVolumeClaim/shop/data-db-0": 0.96},
    "volume_inodes_ratio": {"PersistentVolumeClaim/shop/data-db-0": 0.05},
    "hpa_replicas_ratio": {"Deployment/shop/cart": 1},
    "quota_used_ratio": {"ResourceQuota/shop/team": 0.9},
    "certificate_seconds_left": {"Node/n1": 3e6},
}
INSTALLATIONS = {
    "one kube-state-metrics": cluster(),
    "two kube-state-metrics": cluster(state_metrics=2),
    "exported labels": cluster(exported=True, state_metrics=2),
}
installation = pytest.mark.parametrize("lines", INSTALLATIONS.values(), ids=INSTALLATIONS)


def test_there_is_a_result_known_for_every_seed() -> None:
    assert set(FOUND) == {query.name for query in seeds()}
    assert {query.entity_kind for query in seeds()} == {"pod", "workload", "node", "volume"}
    assert all(query.description and len(query.description) < 80 for query in seeds())


@installation
def test_every_seed_finds_its_entities_in_the_simulator(lines: list[Line]) -> None:
    with simulated(lines) as client:
        check_all(client)


@pytest.mark.live
@installation
def test_every_seed_finds_the_same_in_the_real_prometheus(
    lines: list[Line], tmp_path: Path
) -> None:
    with real(lines, tmp_path) as client:
        check_all(client)


def test_every_seed_bears_a_replicated_prometheus() -> None:
    with simulated(cluster(), Faults(replicas=("a", "b"))) as client:
        check_all(client)


def check_all(client: Prometheus) -> None:
    for query in seeds():
        answer = client.query(query.query, NOW)
        values = {name(query, one.labels): one.values[0] for one in answer.series}
        assert values == pytest.approx(FOUND[query.name]), query.name


def name(query: Query, labels: Mapping[str, str]) -> str:
    entity = entity_of(query, labels, Owners())
    assert entity, f"{query.name} names no entity by {labels}"
    return "/".join(filter(None, entity[:4]))


@pytest.mark.django_db
def test_seeding_twice_writes_once() -> None:
    assert len(seed(NOW)) == len(seeds())
    assert seed(NOW) == []
    assert [query_of_row(row) for row in MetricQuery.objects.order_by("name")] == sorted(
        seeds(), key=lambda query: query.name
    )


@pytest.mark.django_db
def test_seeding_never_touches_a_row_that_a_person_edited() -> None:
    seed(NOW)
    MetricQuery.objects.filter(name="pod_ready").update(threshold=7, active=False)
    seed(NOW)
    row = MetricQuery.objects.get(name="pod_ready")
    assert (row.threshold, row.active) == (7, False)
    assert "pod_ready" not in [query.name for query in active_queries()]


def row(query: str, **fields: object) -> MetricQuery:
    return row_of(Query("mine", query, "pod", **fields), seeded=False)  # type: ignore[arg-type]


def test_an_invalid_query_is_refused_in_prometheuss_own_words() -> None:
    with simulated(cluster()) as client:
        checked = validate(row("sum(("), client, NOW)
    assert not checked.accepted
    assert checked.state == Check.INVALID
    assert "parse error" in checked.message


def test_a_scalar_is_refused() -> None:
    with simulated(cluster()) as client:
        checked = validate(row("1 + 1"), client, NOW)
    assert not checked.accepted
    assert "scalar" in checked.message


def test_a_query_whose_series_name_no_entity_is_refused_with_their_labels() -> None:
    with simulated(cluster()) as client:
        checked = validate(row("sum by (job) (up)"), client, NOW)
    assert not checked.accepted
    assert "no pod; the labels of the first one: job" in checked.message


def test_a_valid_query_without_series_is_accepted_and_says_so() -> None:
    with simulated(cluster()) as client:
        checked = validate(row("absent_metric"), client, NOW)
    assert (checked.accepted, checked.active, checked.state) == (True, True, Check.ABSENT)


def test_a_dwell_beyond_the_kept_history_is_refused() -> None:
    checked = validate(row("up", threshold=1.0, dwell_seconds=99_999), None, NOW)
    assert not checked.accepted
    assert "ANOMALY_METRIC_WINDOW_SECONDS" in checked.message


@pytest.mark.parametrize("with_prometheus", [False, True])
def test_with_prometheus_away_a_query_is_saved_asleep_and_not_checked(
    with_prometheus: bool,
) -> None:
    with simulated(cluster(), Faults(away=True)) as client:
        mine = row("kube_pod_info")
        checked = validate(mine, client if with_prometheus else None, NOW)
    apply_check(mine, checked, NOW)
    assert checked.accepted
    assert (mine.active, mine.check_state) == (False, "not checked")


def test_a_working_query_is_counted_and_stays_awake() -> None:
    mine = row("kube_pod_status_ready")
    with simulated(cluster()) as client:
        apply_check(mine, validate(mine, client, NOW), NOW)
    assert (mine.active, mine.check_state, mine.series_count) == (True, "ok", 4)


def test_the_states_of_a_check_are_those_of_the_rows() -> None:
    assert {state.value for state in Check} == set(MetricQuery.Check.values)


def test_the_names_of_entity_kinds_are_those_of_the_rows() -> None:
    assert {query.entity_kind for query in seeds()} <= set(MetricQuery.EntityKind.values)


def test_unreachable_is_no_word_about_the_query() -> None:
    client = Prometheus("http://127.0.0.1:1")
    with pytest.raises(Unreachable):
        client.query("up", NOW)
    assert validate(row("sum(("), client, NOW).accepted


def test_a_node_is_named_by_its_instance_where_nothing_better_is_there() -> None:
    query = Query("q", "up", "node")
    with simulated([Line("up", {"instance": "n7.example:9100"}, constant(1))]) as client:
        labels = client.query("up", NOW).series[0].labels
    entity = entity_of(query, labels, Owners())
    assert entity
    assert entity[:3] == ("Node", "", "n7.example")


@pytest.mark.parametrize(
    "labels", [["pod"], "pod", 3, {"pod": ["x"]}, {"podd": "pod"}, {"pod": ""}]
)
def test_labels_that_name_no_part_are_refused_with_the_parts_there_are(labels: object) -> None:
    row = MetricQuery(name="q", query="up", entity_kind="pod", labels=labels)
    checked = validate(row, None, NOW)
    assert not checked.accepted
    assert "labels" in checked.message
