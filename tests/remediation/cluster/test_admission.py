"""A 403 by admission is a request denied, a 403 by RBAC a missing right: two remedies."""

from __future__ import annotations

import pytest

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import Forbidden
from remediation.cluster.writer import _with_verb_and_resource, is_admission

RBAC = (
    'deployments.apps "a" is forbidden: User "system:serviceaccount:kw:act" cannot patch resource'
    ' "deployments" in API group "apps" in the namespace "shop"'
)
DENIED = (
    'admission webhook "validate.kyverno.svc-fail" denied the request: \nresource was blocked',
    "deployments.apps \"a\" is forbidden: ValidatingAdmissionPolicy 'limits' with binding"
    " 'limits' denied request: too much memory",
    'pods "a-1" is forbidden: exceeded quota: small, requested: limits.memory=1Gi,'
    " used: limits.memory=1Gi, limited: limits.memory=1Gi",
    'pods "a-1" is forbidden: violates PodSecurity "restricted:latest": privileged',
    'pods "a-1" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
)


def refused(message: str) -> Forbidden:
    body = {"kind": "Status", "reason": "Forbidden", "message": message}
    return Forbidden(f"403: {message}", 403, "Forbidden", body)


@pytest.mark.parametrize("message", DENIED)
def test_a_denial_by_admission_is_not_told_as_a_missing_right(message: str) -> None:
    told = str(
        _with_verb_and_resource(
            refused(message), "patch", ObjectRef("Deployment", "shop", "a", "u")
        )
    )
    assert told.startswith("admission refuses to patch deployments in 'shop'")
    assert "may not" not in told
    assert message.split(":")[0] in told


@pytest.mark.parametrize(
    "message",
    [
        RBAC,
        f"{RBAC}: admission webhook x denied the request",
        f"{RBAC}: exceeded quota",
        "Forbidden",
        "",
    ],
)
def test_a_missing_right_is_told_as_one_whatever_text_stands_beside_it(message: str) -> None:
    assert not is_admission(refused(message))
    told = str(
        _with_verb_and_resource(
            refused(message), "patch", ObjectRef("Deployment", "shop", "a", "u")
        )
    )
    assert told.startswith("the act account may not patch deployments in 'shop'")


def test_an_answer_without_a_body_is_judged_by_its_message() -> None:
    assert is_admission(Forbidden(DENIED[0], 403))
    assert not is_admission(Forbidden(RBAC, 403))
