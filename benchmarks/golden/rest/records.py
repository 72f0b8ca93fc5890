"""Rows of every kind and status, always the same, for the REST answers to be about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from benchmarks.golden import product
from benchmarks.golden.still import START, same_uuid

MINUTE = timedelta(minutes=1)
ROLES = ("viewer", "approver", "operator", "admin")
CAUSES = ("IMAGE_NOT_FOUND", "CRASH_AFTER_CHANGE", "OOM_LIMIT_TOO_LOW", "NODE_NOT_READY",
          "UNSCHEDULABLE_RESOURCES", "METRIC_ANOMALY")  # fmt: skip
OWNERS = (("Deployment", "shop", "cart"), ("StatefulSet", "payments", "ledger-db"),
          ("Node", "", "node-a"), ("CronJob", "shop", "nightly"))  # fmt: skip
CLOSED = ("Resolved", "Dismissed")
PLANNED = ("RemediationSuggested", "AwaitingApproval", "RemediationAttempted",
           "VerificationPending", "Resolved", "RemediationFailed", "Escalated")  # fmt: skip
ROLLBACK: dict[str, Any] = {
    "action": "rollback_deployment",
    "action_type": "rollback_deployment",
    "parameters": {"name": "cart", "namespace": "shop", "revision": 3},
    "command": "rollback_deployment name=cart namespace=shop revision=3",
    "kubectl": "kubectl rollout undo deployment/cart -n shop --to-revision=3",
    "risk": "medium",
    "description": "Roll Deployment shop/cart back to revision 3.",
    "resource_type": "deployment",
    "resource_name": "cart",
    "namespace": "shop",
    "target": {"kind": "Deployment", "namespace": "shop", "name": "cart", "uid": "uid-0"},
    "executable": True,
}
ESCALATE = ROLLBACK | {
    "action": "escalate", "action_type": "escalate", "parameters": {}, "command": "escalate",
    "kubectl": "", "risk": "none", "description": "Hand it to people.",
}  # fmt: skip
DIAGNOSIS = {
    "root_cause": "The image does not exist.", "impact": "No replica is ready.",
    "severity": "critical", "confidence": 0.95, "recommendations": ["Push the tag, or roll back."],
    "source": "rules", "evidence": ["E1"],
}  # fmt: skip
DECISION = {
    "verdict": "ask", "action": "rollback_deployment", "reasons": ["mode: the mode is MANUAL"],
    "not_evaluated": ["dry run"], "index": 0,
}  # fmt: skip


def _model(app: str, name: str) -> Any:
    return apps.get_model(app, name)._default_manager


def fill() -> None:
    """Everything but what the API itself can write."""
    for role in ROLES:
        user = get_user_model().objects.create_user(role)
        user.groups.add(Group.objects.get(name=role))
    get_user_model().objects.create_superuser("root")
    cluster = product.current_cluster()
    statuses = [value for value, _ in _field("detection", "Incident", "status").choices]
    for number in range(2 * len(statuses)):
        _incident(cluster, number, statuses[number % len(statuses)])
    _attempts()
    _health(cluster)
    _models(cluster)


def _field(app: str, model: str, name: str) -> Any:
    return apps.get_model(app, model)._meta.get_field(name)


def _incident(cluster: Any, number: int, status: str) -> None:
    kind, namespace, name = OWNERS[number % len(OWNERS)]
    severities = [value for value, _ in _field("detection", "Incident", "severity").choices]
    seen = START - (number + 10) * MINUTE
    closed = status in CLOSED
    row = _model("detection", "Incident").create(
        anomaly_id=same_uuid(f"incident {number}"), cluster=cluster,
        open_key=None if closed else f"{cluster.pk}|uid-{number}",
        owner_kind=kind, owner_namespace=namespace, owner_name=f"{name}-{number}",
        owner_uid=f"uid-{number}", cause=CAUSES[number % len(CAUSES)],
        severity=severities[number % len(severities)], status=status, score=0.5 + number / 100,
        summary=f"Summary of incident {number}", sources=["kubernetes"], count=number + 1,
        onset=seen - MINUTE, first_seen=seen, last_seen=seen + 5 * MINUTE,
        closed_at=seen + 9 * MINUTE if closed else None, flapping=number % 5 == 0,
        degraded=number % 7 == 0, inconclusive=number % 11 == 3,
        is_predicted=status == "PredictedFailure", metric_snapshot={"memory": 0.9},
        prediction={"metric": "memory", "at": START.isoformat()} if number % 3 == 0 else None,
        evidence=[{"source": "pod/x", "text": f"observation {number}", "decisive": True}],
        related=[{"kind": "Pod", "namespace": namespace, "name": "x", "uid": "u"}],
        diagnosis=DIAGNOSIS if status in PLANNED else None,
        decision=DECISION if status in PLANNED else None, notes="",
        source="anomaly" if CAUSES[number % len(CAUSES)] == "METRIC_ANOMALY" else "kubernetes",
    )  # fmt: skip
    row.transitions.create(at=seen, actor="KubeWise", after="Detected", reason=row.summary)
    if status not in ("Detected", "PredictedFailure"):
        row.transitions.create(at=row.last_seen, actor="KubeWise", before="Analyzing",
                               after=status, reason="as decided")  # fmt: skip
    if status in PLANNED:
        _plan(row, number)


def _plan(incident: Any, number: int) -> None:
    _model("remediation", "Plan").create(
        incident=incident, incident_version=incident.version,
        created_at=incident.first_seen + 2 * MINUTE, digest=f"{number:064x}",
        target_uid=incident.owner_uid, spec_hash="s" * 64, candidates=[ROLLBACK, ESCALATE],
        source=("rules", "both", "person")[number % 3],
    )  # fmt: skip
    _model("remediation", "EvidencePack").create(
        incident=incident, incident_version=incident.version, at=incident.first_seen,
        hash="h" * 64, items=[{"id": "E1", "source": "pod/x", "text": "t", "decisive": True}],
        objects_named=["Pod/shop/x"],
    )  # fmt: skip


def _attempts() -> None:
    """One of every state and outcome, on the incidents that were acted on."""
    states = [value for value, _ in _field("remediation", "Attempt", "state").choices]
    outcomes = [value for value, _ in _field("remediation", "Attempt", "outcome").choices]
    acted = ("RemediationAttempted", "VerificationPending", "Resolved", "RemediationFailed",
             "Escalated")  # fmt: skip
    plans = list(_model("remediation", "Plan").filter(incident__status__in=acted).order_by("pk"))
    for number, state in enumerate([*states, *["verified"] * len(outcomes)]):
        outcome = outcomes[number - len(states)] if number >= len(states) else ""
        _attempt(plans[number % len(plans)], number, state, outcome)


def _attempt(plan: Any, number: int, state: str, outcome: str) -> None:
    at = plan.created_at + (1 + number) * MINUTE
    user = get_user_model().objects.get(username="operator")
    approval = _model("remediation", "Approval").create(
        plan=plan, user=user, verdict="approved", reason="looks right", digest=plan.digest, at=at,
        expires_at=at + 15 * MINUTE, used_at=at,
    ) if number % 2 else None  # fmt: skip
    _model("remediation", "Attempt").create(
        incident=plan.incident, plan=plan, approval=approval, idempotency_key=f"key-{number}",
        state=state, lease_until=at, action=ROLLBACK["action"], parameters=ROLLBACK["parameters"],
        command=ROLLBACK["command"], target=ROLLBACK["target"],
        executor="operator" if approval else "AUTO", diff=["spec.replicas: 1 → 2"], created_at=at,
        executed_at=at, settled_at=at + MINUTE if outcome else None, outcome=outcome,
        outcome_reason="as it is" if outcome else "", error="refused" if state == "failed" else "",
        dry_run=number % 4 == 0, is_proactive=number % 5 == 0,
    )  # fmt: skip


def _health(cluster: Any) -> None:
    for name, state, reason in _sources():
        _model("detection", "SourceState").create(
            cluster=cluster, name=name, state=state, reason=reason, since=START - 60 * MINUTE,
            checked_at=START - MINUTE / 4,
        )  # fmt: skip
    for name in ("beat", "scrape", "detect", "database", "gemini"):
        product.heartbeat(name, START - MINUTE / 3)
    product.heartbeat("sweep", START - 60 * MINUTE, no_model="")
    product.heartbeat("worker/all@host", START, queues=["scrape", "detect", "act", "verify"])


def _sources() -> Iterator[tuple[str, str, str]]:
    yield "kubernetes/pods", "seen", ""
    yield "kubernetes/nodes", "blind", "403 Forbidden"
    yield "kubernetes/applications", "not installed", ""
    yield "cadvisor", "seen", ""


def _models(cluster: Any) -> None:
    for number, name in enumerate(("first", "second")):
        _model("detection", "ModelVersion").create(
            version=name, source="shipped", trained_at=START - (9 - number) * MINUTE,
            scores={"f1": 0.9}, libraries={"keras": "3"}, files={"a.keras": "0" * 64},
            in_force=number == 1,
        )  # fmt: skip
    _model("remediation", "LlmCall").create(
        task="assess", provider="gemini", model="gemini-2.5-flash", prompt="assess.v1",
        question_hash="q" * 64, outcome="ok", prompt_tokens=1000, answer_tokens=100,
        cost_usd="0.01", at=START - MINUTE,
    )  # fmt: skip
