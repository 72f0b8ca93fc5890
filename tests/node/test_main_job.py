"""From a failure to its end on real nodes, with the product's own processes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controlplane.build import say
from tests.controlplane.rest import Json
from tests.controlplane.up import Cluster
from tests.live.accounts import ACT, NAMESPACE, READ
from tests.live.product import RealProduct
from tests.node.conftest import Shops
from tests.node.for_people import FOR_PEOPLE, ForPeople
from tests.node.harness import audit
from tests.node.releases import RELEASES, Release, Rollouts
from tests.node.shop import Shop

pytestmark = [pytest.mark.node, pytest.mark.timeout(400)]
SECONDS = 240


@pytest.mark.parametrize("case", RELEASES, ids=lambda case: case.name)
def test_auto_takes_a_bad_release_back_and_the_nodes_run_the_good_one(
    case: Release,
    product: RealProduct,
    served: dict[str, Json],
    rollouts: Rollouts,
    broken: Shops,
    cluster: Cluster,
) -> None:
    shop = rollouts.of(case)
    event = product.event(case.name, "Resolved", seconds=SECONDS)
    assert event["cause"] == case.cause, event
    (attempt,) = event["remediation_attempts"]
    assert (attempt["executor"], attempt["success"]) == ("AUTO", True), attempt
    assert attempt["command"].startswith(f"{case.action} name={case.name}"), attempt
    assert steps_of(event)[-3:] == ["RemediationAttempted", "VerificationPending", "Resolved"]
    assert event["resolution_time"]
    tell(event)
    check_runs(served[case.name], case, shop)
    written = [(one.namespace, one.name) for one in acts(cluster) if one.namespace == case.name]
    assert written == [(case.name, case.name)]


@pytest.mark.parametrize("case", FOR_PEOPLE, ids=lambda case: case.name)
def test_what_people_must_mend_is_told_to_them_and_nothing_is_written(
    case: ForPeople, product: RealProduct, broken: Shops, cluster: Cluster
) -> None:
    event = product.event(case.name, "Escalated", "AwaitingApproval", seconds=SECONDS)
    assert event["cause"] == case.cause, event
    assert event["remediation_attempts"] == []
    assert [one for one in acts(cluster) if one.namespace == case.name] == []


def test_every_write_was_one_of_these(
    product: RealProduct, broken: Shops, cluster: Cluster
) -> None:
    mended = {case.name for case in RELEASES}
    assert {one.namespace for one in acts(cluster)} <= mended, acts(cluster)
    assert audit.writes_of(cluster.directory, account(READ)) == []


def check_runs(good: Json, case: Release, shop: Shop) -> None:
    """The spec is the one that served, and kubelets run it in as many pods as before."""
    assert shop.template(case.kind) == good
    (wanted,) = good["containers"]
    for pod in shop.serves():
        (runs,) = pod["spec"]["containers"]
        assert {key: runs.get(key) for key in wanted} == wanted
        assert pod["status"]["containerStatuses"][0]["containerID"].startswith("containerd://")


def tell(event: dict[str, Any]) -> None:
    """Each step with its moment, for who reads the figures."""
    rows = [row for row in event["timeline"] if row["kind"] == "status"]
    steps = ", ".join(f"{row['after']} {row['at'][11:19]}" for row in rows)
    say(f"\n{event['owner']['name']}: {event['cause']}: {steps}")


def acts(cluster: Cluster) -> list[audit.Write]:
    return audit.writes_of(cluster.directory, account(ACT))


def account(name: str) -> str:
    return f"system:serviceaccount:{NAMESPACE}:{name}"


def steps_of(event: dict[str, Any]) -> list[str]:
    return [row["after"] for row in event["timeline"] if row["kind"] == "status"]
