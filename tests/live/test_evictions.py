"""A wedged pod is evicted, never deleted: what its PodDisruptionBudget says is the last word."""

from __future__ import annotations

import pytest

from detection.domain.causes import Cause
from detection.domain.statuses import Status
from detection.models import Incident
from remediation.models import Attempt, Budget
from tests.contract.objects import budget
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Json
from tests.live.kubewise import KubeWise, reasons
from tests.live.scenes import deployed, has_served, misbehaves

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(300)]


def wedged(kubewise: KubeWise, shop: Space, **needed: object) -> tuple[Json, Incident]:
    """One of two pods lost its readiness, below a budget that was counted."""
    deployed(shop)
    shop.create("poddisruptionbudgets", budget("web", "web", **needed)).ok()
    pod = has_served(shop)[0]
    misbehaves(shop, pod, "never-ready")
    incident = kubewise.finds(Cause.HUNG_REPLICA, shop.name)
    eventually(lambda: healthy_in(shop) == 1, "the budget's controller saw it")
    return pod, kubewise.plans(incident)


def healthy_in(shop: Space) -> int:
    status = shop.get("poddisruptionbudgets", "web").ok().get("status", {})
    return int(status.get("currentHealthy", -1))


def test_a_wedged_pod_is_evicted_where_its_budget_allows(auto: KubeWise, shop: Space) -> None:
    pod, incident = wedged(auto, shop, minAvailable=1)
    attempt = auto.verifies(auto.acts(incident))
    assert attempt.action == "restart_pod"
    assert attempt.outcome == Attempt.Outcome.RESOLVED, (attempt.error, attempt.outcome_reason)
    assert any("PodDisruptionBudget web" in line for line in attempt.diff), attempt.diff
    left = {one["metadata"]["uid"] for one in shop.running(2)}
    assert pod["metadata"]["uid"] not in left


def test_a_budget_that_refuses_is_recorded_with_its_429_and_the_pod_stays(
    auto: KubeWise, shop: Space
) -> None:
    pod, incident = wedged(auto, shop, minAvailable=2)
    attempt = auto.acts(incident)
    assert attempt.state == Attempt.State.REFUSED
    assert "429 Cannot evict pod as it would violate the pod's disruption budget" in attempt.error
    assert Incident.objects.get(pk=incident.pk).status == Status.ESCALATED
    assert "disruption budget" in reasons(incident)
    assert not Budget.objects.filter(spent__gt=0).exists(), "nothing was done, nothing is spent"
    found = shop.get("pods", pod["metadata"]["name"]).ok()["metadata"]
    assert found["uid"] == pod["metadata"]["uid"]
    assert "deletionTimestamp" not in found
