"""What the API server's admission refuses is the reason on record, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.statuses import Status
from detection.models import Incident
from remediation.models import Attempt, Budget
from tests.contract.objects import GOOD, MISSING, container, image_patch, quota
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Json
from tests.live.kubewise import KubeWise, reasons
from tests.live.scenes import broken_release, deployed, image_now, release

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(300)]
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
DENIED = "this image is not approved"
NOBODY_LISTENS = "https://127.0.0.1:9/admit"


@pytest.fixture
def policy(shop: Space) -> Iterator[None]:
    """From now on the shop's Deployments may not run the good image."""
    kinds = {
        "policies": "ValidatingAdmissionPolicy",
        "policybindings": "ValidatingAdmissionPolicyBinding",
    }
    specs = {"policies": policy_spec(), "policybindings": binding_spec(shop)}
    paths = [f"{ADMISSION}/validatingadmission{plural}" for plural in kinds]
    for path, (plural, kind) in zip(paths, kinds.items(), strict=True):
        body = {"apiVersion": ADMISSION.removeprefix("/apis/"), "kind": kind}
        shop.api.create(path, body | {"metadata": {"name": shop.name}, "spec": specs[plural]}).ok()
    yield
    for path in reversed(paths):
        shop.api.delete(f"{path}/{shop.name}")


def policy_spec() -> Json:
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
    expression = f"object.spec.template.spec.containers.all(one, one.image != '{GOOD}')"
    return {
        "matchConstraints": {"resourceRules": [rule | {"operations": ["CREATE", "UPDATE"]}]},
        "validations": [{"expression": expression, "message": DENIED}],
    }


def binding_spec(shop: Space) -> Json:
    return {
        "policyName": shop.name,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": {"matchLabels": own_label(shop)}},
    }


def own_label(shop: Space) -> dict[str, str]:
    """The label that the API server gives every namespace."""
    return {"kubernetes.io/metadata.name": shop.name}


@pytest.fixture
def webhook(shop: Space) -> Iterator[None]:
    """From now on a webhook that does not answer is asked about the shop's Deployments."""
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
    hook = {
        "name": "images.kubewise.test",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "clientConfig": {"url": NOBODY_LISTENS},
        "rules": [rule | {"operations": ["UPDATE"]}],
        "namespaceSelector": {"matchLabels": own_label(shop)},
    }
    path = f"{ADMISSION}/validatingwebhookconfigurations"
    shop.api.create(path, {"metadata": {"name": shop.name}, "webhooks": [hook]}).ok()
    yield
    shop.api.delete(f"{path}/{shop.name}")


def refused_to_all(shop: Space, text: str) -> None:
    """Wait until the API server has taken notice of what admission was told."""

    def look() -> bool:
        path = shop.path("deployments", "web")
        return text in shop.api.patch(path, image_patch(GOOD), dryRun="All").message

    eventually(look, f"admission refuses: {text}")


def check_refused(kubewise: KubeWise, shop: Space, incident: Incident, text: str) -> None:
    attempt = kubewise.acts(incident)
    assert attempt.state == Attempt.State.REFUSED
    assert text in attempt.error
    assert text in reasons(incident)
    assert Incident.objects.get(pk=incident.pk).status == Status.ESCALATED
    assert not Budget.objects.filter(spent__gt=0).exists(), "nothing was done, nothing is spent"
    found = shop.get("deployments", "web").ok()
    assert image_now(shop) == MISSING
    assert "kubewise.io/attempt" not in found["metadata"]["annotations"]


def decided(auto: KubeWise, shop: Space) -> Incident:
    broken_release(shop)
    return auto.plans(auto.finds(Cause.IMAGE_NOT_FOUND, shop.name))


def test_an_admission_policy_that_refuses_the_dry_run_is_the_reason_on_record(
    auto: KubeWise, shop: Space, request: pytest.FixtureRequest
) -> None:
    incident = decided(auto, shop)
    request.getfixturevalue("policy")
    refused_to_all(shop, DENIED)
    check_refused(auto, shop, incident, DENIED)


def test_a_webhook_that_does_not_answer_is_the_reason_on_record(
    auto: KubeWise, shop: Space, request: pytest.FixtureRequest
) -> None:
    incident = decided(auto, shop)
    request.getfixturevalue("webhook")
    refused_to_all(shop, "failed calling webhook")
    check_refused(auto, shop, incident, 'failed calling webhook "images.kubewise.test"')


def failing_job() -> Json:
    """One that may be run again, and ends as failed at once."""
    pod = {"restartPolicy": "Never", "containers": [container(image="nginx:crash")]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "web", "annotations": {"kubewise.io/idempotent": "true"}},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }


def test_a_quota_that_refuses_the_dry_run_is_the_reason_on_record(
    kubewise: KubeWise, shop: Space, ada: Any
) -> None:
    shop.create("jobs", failing_job()).ok()
    incident = kubewise.plans(kubewise.finds(Cause.JOB_FAILED, shop.name))
    hard = {"metadata": {"name": "limits"}, "spec": {"hard": {"count/jobs.batch": "1"}}}
    shop.create("resourcequotas", hard).ok()
    eventually(lambda: quota_of(shop).get("used", {}).get("count/jobs.batch") == "1", "it counts")
    kubewise.told(incident, f"rerun_job name=web namespace={shop.name}", ada)
    attempt = kubewise.acts(incident)
    assert attempt.state == Attempt.State.REFUSED
    assert "exceeded quota: limits" in attempt.error
    assert "exceeded quota: limits" in reasons(incident)
    assert [job["metadata"]["name"] for job in shop.items("jobs")] == ["web"]


def test_a_quota_is_no_matter_of_the_dry_run_but_of_the_verification(
    kubewise: KubeWise, shop: Space, ada: Any
) -> None:
    """A quota counts pods, and a Deployment's change makes none: the server's dry run lets it
    pass. What is asked afterwards is whether the pods are there.
    """
    deployed(shop, strategy={"type": "Recreate"})
    release(shop, MISSING)
    incident = kubewise.plans(kubewise.finds(Cause.IMAGE_NOT_FOUND, shop.name))
    shop.create("resourcequotas", quota(pods="0")).ok()
    eventually(lambda: quota_of(shop).get("hard"), "the quota counts")
    text = f"rollback_deployment name=web namespace={shop.name} revision=1"
    kubewise.told(incident, text, ada)
    attempt = kubewise.acts(incident)
    assert attempt.state == Attempt.State.APPLIED, attempt.error
    assert image_now(shop) == GOOD
    attempt = kubewise.verifies(attempt, later=timedelta(hours=1))
    assert attempt.outcome == Attempt.Outcome.NOT_FIXED
    assert "0 of 2 ready" in attempt.outcome_reason
    assert Incident.objects.get(pk=incident.pk).status == Status.REMEDIATION_FAILED


def quota_of(shop: Space) -> Json:
    found: Json = shop.get("resourcequotas", "limits").ok().get("status", {})
    return found
