"""Records as the pipeline leaves them, for tests of the admin and the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission, User

from detection.clients import current_cluster
from detection.domain.statuses import Status
from detection.models import Incident, SourceState
from remediation.models import Approval, Attempt, Plan

NOW = datetime.now(UTC).replace(microsecond=0)
DIGEST = "d" * 64
ROLLBACK: dict[str, Any] = {
    "action": "rollback_deployment",
    "action_type": "rollback_deployment",
    "parameters": {"name": "cart", "namespace": "shop", "revision": 3},
    "command": "rollback_deployment name=cart namespace=shop revision=3",
    "kubectl": "kubectl rollout undo deployment/cart -n shop --to-revision=3",
    "risk": "medium",
    "description": "Roll Deployment shop/cart back to revision 3, proven healthy by replicaset.",
    "resource_type": "deployment",
    "resource_name": "cart",
    "namespace": "shop",
    "target": {"kind": "Deployment", "namespace": "shop", "name": "cart", "uid": "uid-cart"},
    "executable": True,
}
ESCALATE: dict[str, Any] = ROLLBACK | {
    "action": "escalate",
    "action_type": "escalate",
    "parameters": {},
    "command": "escalate",
    "kubectl": "kubectl describe deployment cart -n shop",
    "risk": "none",
    "description": "Hand it to people, with diagnosis and advice.",
}
DIAGNOSIS = {
    "root_cause": "The image shop/cart:2.0 does not exist in the registry.",
    "impact": "No replica of cart is ready.",
    "severity": "critical",
    "confidence": 0.95,
    "recommendations": ["Push the tag, or roll back."],
    "source": "rules",
}
DECISION = {
    "verdict": "ask",
    "action": "rollback_deployment",
    "reasons": ["mode: ask: the mode is MANUAL", "passed: scope, stop switch, freshness"],
    "not_evaluated": ["dry run", "approval"],
    "index": 0,
}


def user(name: str, *permissions: str, **fields: Any) -> User:
    """A member of staff with just these permissions (`app.codename`)."""
    made = User.objects.create_user(name, password="secret-of-tests", is_staff=True, **fields)
    for permission in permissions:
        app, _, codename = permission.partition(".")
        made.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return made


def incident(name: str = "cart", **fields: Any) -> Incident:
    """An open incident that waits for approval."""
    defaults: dict[str, Any] = {
        "cluster": current_cluster(),
        "open_key": f"1|uid-{name}",
        "owner_kind": "Deployment",
        "owner_namespace": "shop",
        "owner_name": name,
        "owner_uid": f"uid-{name}",
        "cause": "IMAGE_NOT_FOUND",
        "severity": "critical",
        "status": Status.AWAITING_APPROVAL,
        "summary": "2 of 2 new pods can't pull the image shop/cart:2.0",
        "sources": ["kubernetes"],
        "onset": NOW - timedelta(minutes=6),
        "first_seen": NOW - timedelta(minutes=5),
        "last_seen": NOW,
        "evidence": [
            {
                "source": "pod/cart-7d9f-x2x",
                "text": "ErrImagePull: manifest for shop/cart:2.0 not found",
                "decisive": True,
            },
            {"source": "deployment/cart", "text": "1 of 2 replicas is ready", "decisive": False},
        ],
        "related": [{"kind": "Pod", "namespace": "shop", "name": "cart-7d9f-x2x", "uid": "u"}],
        "diagnosis": DIAGNOSIS,
        "decision": DECISION,
    }
    made = Incident.objects.create(**defaults | fields)
    made.transitions.create(
        at=made.first_seen, actor="KubeWise", after=Status.DETECTED, reason=made.summary
    )
    made.transitions.create(
        at=made.last_seen,
        actor="KubeWise",
        before=Status.ANALYZING,
        after=made.status,
        reason="MANUAL",
    )
    return made


def plan(of: Incident, **fields: Any) -> Plan:
    defaults: dict[str, Any] = {
        "incident_version": of.version,
        "created_at": NOW - timedelta(minutes=4),
        "digest": DIGEST,
        "target_uid": of.owner_uid,
        "spec_hash": "s" * 64,
        "candidates": [ROLLBACK, ESCALATE],
    }
    return Plan.objects.create(incident=of, **defaults | fields)


def attempt(of: Plan, **fields: Any) -> Attempt:
    """A rollback that was verified."""
    defaults: dict[str, Any] = {
        "idempotency_key": f"key-{of.pk}-{of.attempts.count()}",
        "state": Attempt.State.VERIFIED,
        "lease_until": NOW,
        "action": "rollback_deployment",
        "parameters": ROLLBACK["parameters"],
        "command": ROLLBACK["command"],
        "target": ROLLBACK["target"],
        "executor": "AUTO",
        "diff": ["spec.template.spec.containers[cart].image: shop/cart:2.0 → shop/cart:1.9"],
        "created_at": NOW - timedelta(minutes=3),
        "executed_at": NOW - timedelta(minutes=3),
        "settled_at": NOW - timedelta(minutes=1),
        "outcome": Attempt.Outcome.RESOLVED,
        "outcome_reason": "2 of 2 replicas are ready and stayed so",
    }
    return Attempt.objects.create(incident=of.incident, plan=of, **defaults | fields)


def approval(of: Plan, by: User, **fields: Any) -> Approval:
    defaults: dict[str, Any] = {
        "verdict": Approval.Verdict.APPROVED,
        "reason": "looks right",
        "digest": of.digest,
        "at": NOW - timedelta(minutes=3),
        "expires_at": NOW + timedelta(minutes=12),
    }
    return Approval.objects.create(plan=of, user=by, **defaults | fields)


def source(name: str, state: str = "seen", reason: str = "") -> SourceState:
    return SourceState.objects.create(
        cluster=current_cluster(), name=name, state=state, reason=reason, since=NOW, checked_at=NOW
    )
