"""What people say: an approval, and commands of their own."""

from __future__ import annotations

from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.statuses import Status
from remediation.models import Attempt
from tests.contract.target import Space, eventually
from tests.live.kubewise import KubeWise, reasons
from tests.live.scenes import (
    NEXT,
    broken_release,
    deployed,
    has_served,
    image_now,
    is_rolled_back,
    misbehaves,
    release,
)

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(300)]
Outcome = Attempt.Outcome


def test_manual_waits_for_an_approval_and_then_rolls_back(
    kubewise: KubeWise, shop: Space, ada: Any
) -> None:
    broken_release(shop)
    incident = kubewise.plans(kubewise.finds(Cause.IMAGE_NOT_FOUND, shop.name))
    assert incident.status == Status.AWAITING_APPROVAL, reasons(incident)
    kubewise.approved(incident, ada)
    attempt = kubewise.verifies(kubewise.acts(incident))
    assert (attempt.executor, attempt.outcome) == ("ada", Outcome.RESOLVED), attempt.error
    assert is_rolled_back(shop)
    meta = shop.get("deployments", "web").ok()["metadata"]
    assert meta["annotations"]["kubewise.io/attempt"] == str(attempt.pk)
    assert "kubewise" in [field["manager"] for field in meta["managedFields"]]


def test_a_stable_revision_that_crashes_is_escalated_and_a_restart_by_hand_mends_it(
    auto: KubeWise, shop: Space, ada: Any
) -> None:
    deployed(shop)
    release(shop, NEXT)
    for pod in has_served(shop):
        misbehaves(shop, pod, "crash")
    incident = auto.plans(auto.finds(Cause.CRASH_STABLE_REVISION, shop.name))
    assert incident.status == Status.ESCALATED, reasons(incident)
    assert not incident.attempts.exists()
    assert image_now(shop) == NEXT
    auto.told(incident, f"restart_deployment name=web namespace={shop.name}", ada)
    attempt = auto.verifies(auto.acts(incident))
    assert (attempt.executor, attempt.outcome) == ("ada", Outcome.RESOLVED), attempt.error
    assert image_now(shop) == NEXT


def test_a_count_of_zero_by_mistake_is_scaled_up_by_hand(
    kubewise: KubeWise, shop: Space, ada: Any
) -> None:
    deployed(shop)
    calls = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": calls}
    shop.create("services", service).ok()
    none = {"spec": {"replicas": 0}}
    shop.api.patch(shop.path("deployments", "web"), none, "merge").ok()
    eventually(lambda: not shop.items("pods"), "no pod is left")
    incident = kubewise.plans(kubewise.finds(Cause.SCALED_TO_ZERO, shop.name))
    assert incident.facts["recorded_replicas"] == 2, "the Deployment's own events tell"
    assert incident.status == Status.AWAITING_APPROVAL, reasons(incident)
    kubewise.told(incident, f"scale_deployment name=web namespace={shop.name} replicas=3", ada)
    attempt = kubewise.verifies(kubewise.acts(incident))
    assert (attempt.executor, attempt.outcome) == ("ada", Outcome.RESOLVED), attempt.error
    assert len(shop.running(3)) == 3
