"""A case in which AUTO would act, to be spoiled in one point at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from detection.domain.causes import Cause, Severity
from detection.domain.findings import ObjectRef
from remediation.actions import CATALOGUE
from remediation.controls.limits import Limits
from remediation.planning.candidates import Candidate
from remediation.policy.case import Case, OwnerTarget, PodFacts, Records
from remediation.policy.verdicts import Verdict

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OWNER = ObjectRef("Deployment", "shop", "cart", "uid-1")
POD = ObjectRef("Pod", "shop", "cart-x", "pod-1")
SAFE = frozenset({"rollback_deployment", "restart_pod"})


def candidate(action: str = "rollback_deployment", **changes: Any) -> Candidate:
    """The action on the owner, or on the owner's pod, with plain parameters."""
    target = changes.pop("target", POD if action in ("restart_pod", "view_logs") else OWNER)
    given: dict[str, Any] = {
        "name": target.name,
        "namespace": target.namespace,
        "replicas": 3,
        "revision": 4,
        "container": "app",
    }
    known = {item.name for item in CATALOGUE[action].parameters}
    parameters = {name: value for name, value in given.items() if name in known} | changes
    return Candidate(action, target, parameters)


def healthy_target(**changes: Any) -> OwnerTarget:
    return replace(OwnerTarget(OWNER, uid="uid-1", replicas=3, ready=2), **changes)


def acting_case(action: str = "rollback_deployment", **changes: Any) -> Case:
    """Every gate lets it pass."""
    records = Records(
        auto=True,
        auto_since=NOW - timedelta(days=1),
        running_since=NOW - timedelta(days=2),
    )
    case = Case(
        now=NOW,
        cause=Cause.BAD_RELEASE,
        severity=Severity.WARNING,
        onset=NOW - timedelta(minutes=5),
        target=healthy_target(),
        playbook_mode=Verdict.ACT,
        candidates=(candidate(action),),
        pod=PodFacts("pod-1", controlled_by_owner=True, ready=False),
        records=records,
        limits=Limits(auto_critical=True, safe_critical=SAFE),
    )
    return replace(case, **changes)


def with_target(case: Case, **changes: Any) -> Case:
    return replace(case, target=replace(case.target, **changes))


def with_records(case: Case, **changes: Any) -> Case:
    assert case.records is not None
    return replace(case, records=replace(case.records, **changes))


def with_limits(case: Case, **changes: Any) -> Case:
    return replace(case, limits=replace(case.limits, **changes))
