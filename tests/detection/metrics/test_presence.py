"""A series speaks only of what is there: dead pods, replaced ones and deleted namespaces end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache

from detection.detectors import find_in_metrics
from detection.domain.findings import ObjectRef
from detection.metrics import history
from detection.metrics.history import MetricFrame
from detection.metrics.queries import seed
from detection.metrics.samples import Entity, Owner, Owners, Query, is_gone, owners_of
from detection.metrics.scrape import Scrape, query_all
from detection.models import Cluster
from tests.detection.metrics.backends import simulated
from tests.detection.metrics.dataset import NOW, Line, cluster, constant

AT = NOW.timestamp()
LIVING = owners_of(
    {"shop/cart-7d9-a": Owner("Deployment", "cart", "u1")},
    {"Pod/shop/cart-7d9-a": "p1", "Deployment/shop/cart": "u1", "Node//n1": "n1"},
    AT - 15,
)


def asked(owners: Owners, **labels: str) -> Scrape:
    """One value of the pod that the labels name."""
    line = Line("load", {"namespace": "shop", "container": "app"} | labels, constant(7))
    with simulated([*cluster(), line]) as client:
        return query_all([Query("q", "load", "pod")], client, NOW, owners)


def test_a_living_pod_counts_for_its_workload() -> None:
    (sample,) = asked(LIVING, pod="cart-7d9-a", uid="p1").samples
    assert sample.entity.name == "cart"


@pytest.mark.parametrize(
    "labels",
    [
        {"pod": "cart-old-x"},
        {"exported_pod": "cart-old-x", "exported_namespace": "shop", "pod": "exporter"},
        {"pod": "cart-7d9-a", "uid": "the one before"},
    ],
)
def test_a_dead_pods_series_is_left_out(labels: dict[str, str]) -> None:
    done = asked(LIVING, **labels)
    assert done.samples == ()
    assert done.outcomes["q"].whole, "so that a run that it began ends"


def test_nothing_is_left_out_while_nobody_can_tell() -> None:
    """No scan of the whole cluster, or an old one."""
    for at in (0.0, AT - 61):
        assert asked(replace(LIVING, at=at), pod="cart-old-x").samples


@pytest.mark.parametrize(
    ("entity", "labels", "gone"),
    [
        (Entity("Node", "", "n1"), {"node": "n1"}, False),
        (Entity("Node", "", "n2"), {"node": "n2"}, True),
        (Entity("Node", "", "10.0.0.1"), {"instance": "10.0.0.1:9100"}, False),
        (Entity("Rollout", "shop", "canary"), {"name": "canary"}, False),
        (Entity("Deployment", "shop", "old"), {"deployment": "old"}, True),
    ],
)
def test_other_kinds_by_their_names(entity: Entity, labels: dict[str, str], gone: bool) -> None:
    assert is_gone(entity, labels, LIVING, AT) is gone


def frames(cluster: Cluster, owner: str) -> None:
    """Twenty minutes of restarts of a workload."""
    key = f"container_restarts|Deployment|shop|{owner}|app"
    known = [
        MetricFrame(AT - 15.0 * tick, {key: 9.0}, ["container_restarts"]) for tick in range(80)
    ]
    assert history.append_many(cluster.pk, known)


@pytest.mark.parametrize(("owner", "found"), [("cart", 1), ("deleted", 0)])
def test_a_workload_that_is_gone_has_no_finding(db: None, owner: str, found: int) -> None:
    cache.clear()
    history._LOCAL.clear()
    seed(NOW)
    watched = Cluster.objects.create(name="c")
    frames(watched, owner)
    history.save_owner_map(
        watched.pk,
        {"shop/cart-7d9-a": ObjectRef("Deployment", "shop", "cart", "u1")},
        {"Deployment/shop/cart": "u1"},
        NOW - timedelta(seconds=15),
    )
    assert len(find_in_metrics(watched, NOW)) == found
