"""A memory limit that is too low, raised on a real control plane; a quota that forbids it."""

from __future__ import annotations

from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.models import Incident
from remediation.models import Attempt
from tests.contract.objects import deployment
from tests.contract.target import Space, eventually
from tests.live.kubewise import KubeWise

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(300)]


def starved(kubewise: KubeWise, shop: Space) -> Incident:
    """Its only container is killed again and again for want of memory."""
    body = deployment(replicas=1, image="nginx:oom")
    body["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": "96Mi"}}
    shop.create("deployments", body).ok()
    return kubewise.plans(kubewise.finds(Cause.OOM_LIMIT_LOW, shop.name))


def limit(shop: Space) -> str:
    spec = shop.get("deployments", "web").ok()["spec"]["template"]["spec"]
    return str(spec["containers"][0]["resources"]["limits"]["memory"])


def test_a_person_approves_the_raise_and_it_is_verified(
    kubewise: KubeWise, shop: Space, ada: Any
) -> None:
    incident = starved(kubewise, shop)
    plan = kubewise.approved(incident, ada)
    assert plan.candidates[0]["action"] == "adjust_resources", plan.candidates
    attempt = kubewise.acts(incident)
    assert attempt.state == Attempt.State.APPLIED, attempt.error
    assert limit(shop) == "144Mi"
    assert any("96Mi → 144Mi" in line for line in attempt.diff), attempt.diff
    assert attempt.inverse is not None
    assert attempt.inverse["parameters"]["memory_limit"] == "96Mi"
    assert kubewise.verifies(attempt).outcome == Attempt.Outcome.RESOLVED, attempt.outcome_reason


def test_a_quota_without_room_refuses_the_raise_before_anything_is_written(
    kubewise: KubeWise, shop: Space, ada: Any
) -> None:
    hard = {"limits.memory": "100Mi"}
    quota = {"metadata": {"name": "tight"}, "spec": {"hard": hard}}
    shop.create("resourcequotas", {"apiVersion": "v1", "kind": "ResourceQuota", **quota}).ok()
    incident = starved(kubewise, shop)

    def counted() -> bool:
        status = shop.get("resourcequotas", "tight").ok().get("status", {})
        return bool(status.get("used", {}).get("limits.memory") == "96Mi")

    eventually(counted, "the quota's controller counted the pod")
    kubewise.approved(incident, ada)
    attempt = kubewise.acts(incident)
    assert attempt.state == Attempt.State.REFUSED
    assert "ResourceQuota tight does not have enough limits.memory left" in attempt.error
    assert limit(shop) == "96Mi"
