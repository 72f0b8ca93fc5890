"""One Prometheus over two clusters: blind without PROMETHEUS_MATCHERS, nothing mixed with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from detection.detectors import find_in_metrics
from detection.failures.context import Metrics
from detection.metric_evidence import evidence
from detection.metrics import history
from detection.metrics.history import MetricFrame
from detection.metrics.other_clusters import held, look, remember
from detection.metrics.queries import seed, seeds
from detection.metrics.responses import QueryResult, ResultSeries
from detection.metrics.scrape import scrape
from detection.models import Cluster, SourceState
from tests.detection.metrics.dataset import NOW

OURS = {"Node//n1": "node", "Namespace//shop": "ns", "Pod/shop/cart-1": "p1"}
POD = {"node": "n1", "namespace": "shop", "pod": "cart-1", "uid": "p1"}


class Peer:
    """A Prometheus that shows these pods; whoever asks more than the clusters' things is noted."""

    def __init__(self, *pods: dict[str, str]) -> None:
        self.pods, self.asked = list(pods), list[str]()

    def query(self, promql: str, now: datetime) -> QueryResult:
        self.asked.append(promql)
        at = now.timestamp()
        series = tuple(ResultSeries(one, (at,), (1.0,)) for one in self.pods)
        return QueryResult(series, (), (), False, now)


@pytest.fixture(autouse=True)
def empty(shared_servers: None) -> Iterator[None]:
    cache.clear()
    history._LOCAL.clear()
    yield
    cache.clear()


def watched(peer: Any, seconds: int, start: datetime = NOW) -> list[str]:
    """Scans and looks every 15 seconds: what each look said."""
    told = []
    for after in range(0, seconds + 1, 15):
        at = start + timedelta(seconds=after)
        remember(1, OURS, at)
        told.append(look(1, peer, at))
    return told


def test_its_own_things_make_it_never_blind() -> None:
    assert not any(watched(Peer(POD), 900))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (POD | {"node": "m1"}, "nodes of another cluster: m1; set PROMETHEUS_MATCHERS"),
        (POD | {"exported_node": "m2"}, "nodes of another cluster: m2"),
        (POD | {"namespace": "bank"}, "namespaces of another cluster: bank"),
        (POD | {"uid": "p2"}, "UIDs of pods of another cluster: p2"),
        ({"node": "m3"}, "nodes of another cluster: m3"),
    ],
)
def test_things_of_another_cluster_make_it_blind_from_the_first_look(
    other: dict[str, str], told: str
) -> None:
    peer = Peer(POD, other)
    for said in watched(peer, 600):
        assert said.startswith("mixed clusters: Prometheus shows ")
        assert told in said


def test_what_was_removed_within_the_hour_is_no_sign() -> None:
    gone = POD | {"uid": "gone", "node": "n9"}
    remember(1, OURS | {"Pod/shop/cart-0": "gone", "Node//n9": "x"}, NOW)
    assert not any(watched(Peer(POD, gone), 1800, NOW + timedelta(seconds=15)))


def test_a_pod_that_lives_between_two_scans_is_no_sign() -> None:
    peer, start = Peer(POD), NOW
    assert not any(watched(peer, 300, start))
    peer.pods.append(POD | {"uid": "short"})
    assert not any(watched(peer, 120, start + timedelta(seconds=315)))


def test_a_cluster_that_joins_later_is_told_and_the_state_does_not_flap() -> None:
    peer = Peer(POD)
    watched(peer, 300)
    peer.pods.append(POD | {"node": "m1"})
    said = watched(peer, 300, NOW + timedelta(seconds=315))
    assert not said[0]
    assert all(said[11:])
    peer.pods.pop()
    after = watched(peer, 900, NOW + timedelta(seconds=630))
    assert all(after[:35])
    assert not after[-1]


def test_nobody_can_tell_without_a_whole_scan_of_the_last_minute() -> None:
    strange: Any = Peer(POD | {"node": "m1"})
    assert look(1, strange, NOW) == ""
    remember(1, OURS, NOW)
    assert look(1, strange, NOW + timedelta(seconds=90)) == ""
    assert strange.asked == []


def test_matchers_that_do_not_help_are_named_and_start_afresh(settings: Any) -> None:
    strange = Peer(POD | {"node": "m1"})
    watched(strange, 300)
    settings.PROMETHEUS_MATCHERS = 'cluster="a"'
    at = NOW + timedelta(seconds=300)
    assert held(1, at) == ""
    assert "does not select this cluster alone" in watched(strange, 300, at)[-1]


def test_while_blind_nothing_is_asked_kept_or_found(db: None) -> None:
    seed(NOW)
    cluster = Cluster.objects.create(name="c")
    key = "container_restarts|Deployment|shop|cart|app"
    frames = [MetricFrame(NOW.timestamp() - 15 * at, {key: 9.0}, []) for at in range(80)]
    assert history.append_many(cluster.pk, frames)
    peer: Any = Peer(POD)
    assert find_in_metrics(cluster, NOW)
    peer.pods.append(POD | {"node": "m1"})
    remember(cluster.pk, OURS, NOW)
    done = scrape(cluster, peer, NOW)
    assert done.samples == ()
    assert not {one.query for one in seeds()} & set(peer.asked)
    assert evidence(cluster.pk, peer, NOW) == Metrics()
    assert find_in_metrics(cluster, NOW) == find_in_metrics(cluster, NOW, peer) == []
    row = SourceState.objects.get(cluster=cluster, name="prometheus")
    assert (row.state, "m1; set PROMETHEUS_MATCHERS" in row.reason) == ("blind", True)
