"""The truth is read from the simulator's objects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest

from benchmarks.soak.happenings import HAPPENINGS, Steps
from benchmarks.soak.plan import KINDS, ONE_OF_A_KIND, plan
from benchmarks.soak.stage import BEGIN
from benchmarks.soak.truth import Owner, Owners, Span, owners_on, trouble
from simulator import Simulator, world
from simulator.apimachinery.objects import name_of
from simulator.faults import FAULTS

WEB = ("Deployment", "shop", "web")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    made = Simulator(background=False)
    made.tick(BEGIN)
    world.build(made, history_seconds=0)
    with made:
        yield made


def owner_of(simulator: Simulator, name: str) -> Owner:
    fault = simulator.inject(name)
    kind = simulator.cluster.resource(fault.target.table).kind
    return kind, fault.target.namespace, fault.target.name


def lived(simulator: Simulator, span: Span, seconds: float) -> None:
    for _ in range(round(seconds / 5)):
        simulator.settle(5)
        span.look(simulator.store, simulator.cluster.clock.now(), 5)


@pytest.mark.parametrize("kind", sorted(set(KINDS)))
def test_every_fault_shows_and_is_over_some_time_after_it_was_taken_back(
    simulator: Simulator, kind: str
) -> None:
    owner = owner_of(simulator, kind)
    span = Span(1, kind, "", owner, simulator.cluster.clock.now(), {owner})
    lived(simulator, span, 1500 if kind == "memory_leak" else 300)
    assert span.first_bad is not None, "the API shows nothing"
    assert span.bad_seconds > 0
    simulator.clear(kind)
    span.taken_back = simulator.cluster.clock.now()
    lived(simulator, span, 600)
    assert span.well_at - span.taken_back <= timedelta(seconds=330)
    assert span.over(simulator.cluster.clock.now(), timedelta(minutes=4))


def test_a_cluster_in_which_nothing_is_wrong_has_no_trouble(simulator: Simulator) -> None:
    simulator.settle(60)
    now = simulator.cluster.clock.now()
    every = [("Deployment", "shop", "web"), ("StatefulSet", "shop", "orders-db"),
             ("DaemonSet", "kube-system", "cni"), ("Node", "", "node-1")]  # fmt: skip
    assert [trouble(simulator.store, one, now) for one in every] == [""] * 4


def test_a_pod_that_is_gone_is_still_its_owners(simulator: Simulator) -> None:
    owners = Owners(simulator.store)
    pod = next(p for p in simulator.store.items("pods", "shop") if name_of(p).startswith("web-"))
    simulator.store.remove("pods", "shop", name_of(pod))
    simulator.settle(30)
    assert owners.aliases(("Pod", "shop", name_of(pod))) == {WEB}
    new = [p for p in simulator.store.items("pods", "shop") if name_of(p).startswith("web-")]
    assert {owners.top(("Pod", "shop", name_of(one))) for one in new} == {WEB}


def test_services_and_claims_belong_to_the_workload_they_are_named_after(
    simulator: Simulator,
) -> None:
    owners = Owners(simulator.store)
    assert WEB in owners.aliases(("Service", "shop", "web"))
    claim = ("PersistentVolumeClaim", "shop", "data-orders-db-1")
    assert ("StatefulSet", "shop", "orders-db") in owners.aliases(claim)


def test_a_node_takes_along_whoever_has_a_pod_on_it(simulator: Simulator) -> None:
    found = owners_on(simulator.store, Owners(simulator.store), "node-1")
    assert ("DaemonSet", "kube-system", "cni") in found
    kinds = {"DaemonSet", "Deployment", "StatefulSet", "CronJob", "Job"}
    assert {kind for kind, *_ in found} <= kinds


def test_a_fault_that_was_mended_does_not_take_what_comes_later_for_its_own() -> None:
    span = Span(1, "hung_replica", "", WEB, BEGIN, {WEB})
    span.first_bad, span.last_bad = BEGIN, BEGIN + timedelta(minutes=2)
    assert not span.over(BEGIN + timedelta(minutes=5), timedelta(minutes=4))
    assert span.over(BEGIN + timedelta(minutes=6), timedelta(minutes=4))


def test_a_seed_makes_one_plan_and_strikes_nothing_twice_at_a_time() -> None:
    first, again = plan(7, BEGIN, 24, 60), plan(7, BEGIN, 24, 60)
    assert first == again != plan(8, BEGIN, 24, 60)
    faults = [one for one in first if one.name in KINDS]
    assert len(faults) >= 57
    assert {one.name for one in faults} == set(KINDS)
    for target in {one.target for one in faults}:
        mine = [one for one in faults if one.target == target]
        for one, other in pairwise(mine):
            assert other.at >= one.at + timedelta(seconds=one.seconds)


def test_a_day_without_faults_has_everything_else() -> None:
    planned = plan(1, BEGIN, 24, 0)
    assert {one.name for one in planned} == set(HAPPENINGS)
    assert set(KINDS) <= set(FAULTS)
    assert set(ONE_OF_A_KIND) <= set(KINDS)


def run_to_its_end(simulator: Simulator, steps: Steps) -> None:
    for pause in steps:
        simulator.settle(pause)
    simulator.settle(120)


@pytest.mark.parametrize("name", sorted(HAPPENINGS))
def test_after_an_event_the_cluster_is_well(simulator: Simulator, name: str) -> None:
    targets = {"drain": "/node/node-2", "node_exchange": "/node/node-2"}
    target = targets.get(name, "shop/deployment/catalog")
    run_to_its_end(simulator, HAPPENINGS[name](simulator, target))
    now = simulator.cluster.clock.now()
    for table, kind in (("deployments.apps", "Deployment"), ("daemonsets.apps", "DaemonSet"),
                        ("statefulsets.apps", "StatefulSet"), ("nodes", "Node")):  # fmt: skip
        for one in simulator.store.items(table):
            owner = (kind, one["metadata"].get("namespace", ""), name_of(one))
            assert trouble(simulator.store, owner, now) == "", owner
    assert not simulator.prometheus_away
    nodes = {name_of(one) for one in simulator.store.items("nodes")}
    assert ("node-2" in nodes) is (name != "node_exchange")
    pods = simulator.store.items("pods")
    assert {pod["spec"].get("nodeName") for pod in pods} <= nodes


@pytest.mark.parametrize(
    ("kind", "urgent"),
    [("hung_workload", True), ("scaled_to_zero", True), ("bad_config", True),
     ("readiness_misconfig", False), ("pull_unauthorized", False)],
)  # fmt: skip
def test_urgent_is_what_cannot_mend_itself_or_costs_half_of_the_endpoints(
    simulator: Simulator, kind: str, urgent: bool
) -> None:
    owner = owner_of(simulator, kind)
    span = Span(1, kind, "", owner, simulator.cluster.clock.now(), {owner})
    lived(simulator, span, 60)
    assert span.urgent is urgent
