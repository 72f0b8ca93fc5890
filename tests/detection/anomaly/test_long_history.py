"""The longer history, asked of a Prometheus: whose it is, what it costs, what fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache

from detection.anomaly import long_history
from detection.anomaly.long_history import Reader
from detection.anomaly.query_restriction import entity_among, restricted
from detection.metrics.history import Window
from detection.metrics.prometheus import Prometheus, RequestLimits
from detection.metrics.queries import seeds
from detection.metrics.responses import QueryResult
from detection.metrics.samples import Entity, Owner, Owners, Query, series_key
from simulator.prometheus.faults import Faults
from tests.detection.metrics.backends import real_over, simulated
from tests.detection.metrics.dataset import NOW, Line, cluster, constant
from tests.detection.training.history_lines import openmetrics

CART, NODE = ("Deployment", "shop", "cart"), ("Node", "", "n1")
VOLUME = ("PersistentVolumeClaim", "shop", "data-db-0")
KNOWN = Owners({"shop/cart-7d9-a": Owner("Deployment", "cart")})
MEMORY = Query("memory", "max by (namespace, pod) (memory_bytes) # of each", "pod")
HOSTILE = 'a"} or vector(1) #\\ .*{b'


class Counted(Prometheus):
    """Counts what it is asked."""

    asked: list[str]

    def query_range(
        self, promql: str, start: datetime, end: datetime, step_seconds: float
    ) -> QueryResult:
        self.asked.append(promql)
        return super().query_range(promql, start, end, step_seconds)


@pytest.fixture(autouse=True)
def fresh(shared_servers: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    monkeypatch.setattr(long_history, "HOURS", 1.5)
    yield
    cache.clear()


def counted(client: Prometheus, **more: Any) -> Counted:
    one = Counted(client.url, **more)
    one.asked = []
    return one


def window(queries: Sequence[Query], entities: Sequence[Entity]) -> Window:
    keys = tuple(series_key(query.name, entity) for query in queries for entity in entities)
    return Window("ok", np.array([NOW.timestamp()]), keys, np.zeros((len(keys), 1)))


def reader(client: Prometheus, queries: Sequence[Query], *entities: Entity) -> Reader:
    return Reader(1, client, queries, KNOWN, window(queries, entities), NOW, 60.0)


def memory(namespace: str, pod: str, value: float) -> Line:
    return Line("memory_bytes", {"namespace": namespace, "pod": pod}, constant(value))


def test_pods_alive_and_gone_of_the_owner_are_one_series_and_no_others() -> None:
    lines = [
        memory("shop", "cart-7d9-a", 1.0),
        memory("shop", "cart-6bd8f9c7c-x2x4z", 3.0),
        memory("shop", "cart-db-6bd8f9c7c-x2x4z", 99.0),
        memory("shop", "other", 99.0),
        memory("prod", "cart-7d9-a", 99.0),
    ]
    with simulated(lines) as client:
        found = reader(client, [MEMORY], Entity(*CART))([CART])
    ((key, values),) = found[CART].values.items()
    assert key == series_key("memory", Entity(*CART))
    assert len(values) == len(found[CART].times) == 90
    assert set(values) == {3.0}
    assert found[CART].times[-1] == NOW.timestamp()


@pytest.mark.parametrize("exported", [False, True])
def test_the_shipped_queries_answer_for_an_entity_of_each_kind(exported: bool) -> None:
    kinds = {one.entity_kind: one for one in seeds()}
    assert set(kinds) == {"pod", "workload", "node", "volume"}
    entities = (Entity(*CART, "app"), Entity(*CART), Entity(*NODE), Entity(*VOLUME))
    with simulated(cluster(exported=exported)) as client:
        found = reader(client, list(seeds()), *entities)([CART, NODE, VOLUME])
    metrics = {owner: {key.split("|")[0] for key in one.values} for owner, one in found.items()}
    assert "container_memory_ratio" in metrics[CART]
    assert "deployment_replicas" in metrics[CART]
    assert any(name.startswith("node_") for name in metrics[NODE])
    assert "volume_used_ratio" in metrics[VOLUME]


def test_what_is_kept_costs_no_query() -> None:
    with simulated([memory("shop", "cart-7d9-a", 1.0)]) as client:
        ours = counted(client)
        first = reader(ours, [MEMORY], Entity(*CART))([CART])
        again = reader(ours, [MEMORY], Entity(*CART))([CART])
        assert len(ours.asked) == 1
        reader(ours, [MEMORY], Entity(*CART))([])
        assert len(ours.asked) == 1
    assert np.array_equal(first[CART].times, again[CART].times)
    assert {k: v.tolist() for k, v in first[CART].values.items()} == {
        k: v.tolist() for k, v in again[CART].values.items()
    }


def test_queries_that_say_nothing_of_the_owner_are_not_asked() -> None:
    other = Query("other", "other_bytes", "pod")
    with simulated([memory("shop", "cart-7d9-a", 1.0)]) as client:
        ours = counted(client)
        only = window([MEMORY], [Entity(*CART)])
        Reader(1, ours, [MEMORY, other], KNOWN, only, NOW, 60.0)([CART])
    assert ["memory_bytes" in one for one in ours.asked] == [True]


@pytest.mark.parametrize(
    "faults", [Faults(away=True), Faults(unavailable=True), Faults(slow_seconds=30.0)]
)
def test_one_that_fails_or_is_slow_is_not_asked_again_for_a_while(faults: Faults) -> None:
    with simulated([memory("shop", "cart-7d9-a", 1.0)], faults) as client:
        ours = counted(client, limits=RequestLimits(read_seconds=0.3, answer_seconds=0.3))
        assert reader(ours, [MEMORY], Entity(*CART))([CART]) == {}
        assert reader(ours, [MEMORY], Entity(*CART))([CART]) == {}
        assert len(ours.asked) == 1


def test_a_pass_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_history, "PASS_SECONDS", -1.0)
    with simulated([memory("shop", "cart-7d9-a", 1.0)]) as client:
        ours = counted(client)
        assert reader(ours, [MEMORY], Entity(*CART))([CART]) == {}
        assert ours.asked == []


def test_a_query_that_prometheus_refuses_leaves_the_others() -> None:
    broken = Query("broken", "sum(", "pod")
    with simulated([memory("shop", "cart-7d9-a", 1.0)]) as client:
        found = reader(client, [broken, MEMORY], Entity(*CART))([CART])
    assert len(found[CART].values) == 1


def test_a_pass_asks_for_a_few_owners_and_the_next_one_for_more() -> None:
    owners = [("Pod", "shop", f"p{number}") for number in range(long_history.ASKED_A_PASS + 2)]
    with simulated([memory(*owner[1:], 1.0) for owner in owners]) as client:
        ask = reader(client, [MEMORY], *(Entity(*owner) for owner in owners))
        assert list(ask(owners)) == owners[: long_history.ASKED_A_PASS]
        assert set(ask(owners)) == set(owners)


def test_of_a_very_large_cluster_fewer_hours_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_history, "HOURS", 72)
    many = [Entity("Pod", "shop", f"p{number}") for number in range(50)]
    monkeypatch.setattr(long_history, "MOST_POINTS", 50 * 60 * 10)
    with simulated([]) as client:
        assert len(reader(client, [MEMORY], *many)._times()) == 10 * 60


def test_hostile_names_stay_names() -> None:
    lines = [memory(HOSTILE, HOSTILE, 5.0), memory("shop", "other", 9.0)]
    owner = ("Pod", HOSTILE, HOSTILE)
    with simulated(lines) as client:
        found = reader(client, [MEMORY], Entity(*owner))([owner])
        answer = client.query(restricted(MEMORY, [owner]), NOW)
    assert [set(v) for v in found[owner].values.values()] == [{5.0}]
    assert [one.values for one in answer.series] == [(5.0,)]


@pytest.mark.live
def test_a_real_prometheus_takes_hostile_names_and_keeps_them_apart(tmp_path: Path) -> None:
    text = openmetrics(services=2, hours=1)
    with real_over(text, tmp_path) as client:
        for query in seeds():
            assert client.query(restricted(query, [("Pod", HOSTILE, HOSTILE)]), NOW).series == ()
        one = next(query for query in seeds() if query.name == "container_memory_bytes")
        answer = client.query(restricted(one, [("Deployment", "shop", "s1")]), NOW)
    assert [series.labels["pod"] for series in answer.series] == ["s1-7d9-x"]


@pytest.mark.live
def test_three_days_of_a_real_prometheus_are_read_at_the_step_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_history, "HOURS", 72)
    queries = [q for q in seeds() if q.name in ("container_memory_bytes", "container_cpu_cores")]
    owners = [("Deployment", "shop", f"s{number}") for number in range(2)]
    known = Owners({f"shop/s{n}-7d9-x": Owner("Deployment", f"s{n}") for n in range(2)})
    given = window(queries, [Entity(*owner, "app") for owner in owners])
    with real_over(openmetrics(services=8, hours=73), tmp_path) as client:
        ours = counted(client)
        found = Reader(1, ours, queries, known, given, NOW, 60.0)(owners)
    assert (set(found), len(ours.asked)) == (set(owners), 2)
    for one in found.values():
        assert len(one.values) == 2
        assert all(len(v) == 72 * 60 and np.isfinite(v).mean() > 0.99 for v in one.values.values())


def test_a_series_that_only_looks_like_the_owners_is_not_its() -> None:
    labels = {"namespace": "shop", "pod": "cart-db-0"}
    assert entity_among(MEMORY, labels, Owners(), [CART]) is None
    stateful = ("StatefulSet", "shop", "cart-db")
    assert entity_among(MEMORY, labels, Owners(), [stateful]) == Entity(*stateful, "", "cart-db-0")
