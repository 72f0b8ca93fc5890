"""Others change the object too: before an approval is carried out, and in the middle of a write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.statuses import Status
from detection.models import Incident
from remediation.models import Attempt, Budget
from remediation.results import Ending
from tests.contract.objects import MISSING, deployment
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Json
from tests.live.kubewise import KubeWise, reasons
from tests.live.scenes import NEXT, broken_release, image_now, is_rolled_back, release

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(300)]
State = Attempt.State
PULL = ("ErrImagePull", "ImagePullBackOff")


def apply(shop: Space, hostname: str) -> None:
    """`kubectl apply --server-side --force-conflicts` of the same broken release, changed a bit;
    then its pods fail as the former ones did.
    """
    wanted = deployment(image=MISSING)
    wanted["spec"]["template"]["spec"]["hostname"] = hostname
    path, options = shop.path("deployments", "web"), {"fieldManager": "kubectl", "force": "true"}
    shop.api.patch(path, wanted, "apply", **options).ok()

    def is_on_newest() -> bool:
        pods = [one for one in shop.items("pods", labelSelector="app=web") if unpulled(one)]
        return {one["spec"].get("hostname") for one in pods} == {hostname}

    eventually(is_on_newest, "the applied revision fails, and it alone")


def unpulled(pod: Json) -> bool:
    states = [one["state"] for one in pod["status"].get("containerStatuses", [])]
    return any(one.get("waiting", {}).get("reason", "").endswith(PULL) for one in states)


def test_an_approval_is_stale_after_kubectl_apply_and_a_new_plan_is_made(
    kubewise: KubeWise, shop: Space, ada: Any
) -> None:
    broken_release(shop)
    incident = kubewise.plans(kubewise.finds(Cause.IMAGE_NOT_FOUND, shop.name))
    first = kubewise.approved(incident, ada)
    apply(shop, hostname="applied")
    attempt = kubewise.acts(incident)
    assert attempt.state == State.REFUSED
    assert "the target's spec or the policy changed since the plan was made" in attempt.error
    assert image_now(shop) == MISSING
    incident.refresh_from_db()
    assert incident.status == Status.ANALYZING
    incident = kubewise.plans(incident)
    assert incident.status == Status.AWAITING_APPROVAL, reasons(incident)
    assert kubewise.approved(incident, ada).digest != first.digest
    attempt = kubewise.verifies(kubewise.acts(incident))
    assert attempt.outcome == Attempt.Outcome.RESOLVED, (attempt.error, attempt.outcome_reason)
    assert is_rolled_back(shop)


def labelled(shop: Space) -> Callable[[], None]:
    """Metadata changes, and with them the resourceVersion; the spec stays."""

    def change() -> None:
        body = {"metadata": {"labels": {"touched": "meanwhile"}}}
        shop.api.patch(shop.path("deployments", "web"), body, "merge").ok()

    return change


def decided(auto: KubeWise, shop: Space) -> Incident:
    broken_release(shop)
    return auto.plans(auto.finds(Cause.IMAGE_NOT_FOUND, shop.name))


def test_a_conflict_is_tried_again_while_the_spec_is_the_same(auto: KubeWise, shop: Space) -> None:
    incident = decided(auto, shop)
    ending, attempt = auto.acts_while(incident, "sending", labelled(shop))
    assert (ending, attempt.state) == (Ending.DONE, State.APPLIED), attempt.error
    assert auto.verifies(attempt).outcome == Attempt.Outcome.RESOLVED
    assert is_rolled_back(shop)
    labels = shop.get("deployments", "web").ok()["metadata"]["labels"]
    assert labels["touched"] == "meanwhile", "what another wrote is kept"


def test_a_conflict_is_given_up_where_the_spec_changed(auto: KubeWise, shop: Space) -> None:
    incident = decided(auto, shop)
    ending, attempt = auto.acts_while(incident, "sending", lambda: release(shop, NEXT))
    assert (ending, attempt.state) == (Ending.STALE, State.REFUSED)
    assert "changed meanwhile" in attempt.error
    assert image_now(shop) == NEXT, "the person's release stands"
    assert Incident.objects.get(pk=incident.pk).status == Status.ANALYZING
    assert not Budget.objects.filter(spent__gt=0).exists()


def test_a_spec_that_changes_between_dry_run_and_write_is_seen(auto: KubeWise, shop: Space) -> None:
    """By the digest of the plan, before anything is sent."""
    incident = decided(auto, shop)
    ending, attempt = auto.acts_while(incident, "claimed", lambda: release(shop, NEXT))
    assert (ending, attempt.state) == (Ending.STALE, State.REFUSED)
    assert image_now(shop) == NEXT
