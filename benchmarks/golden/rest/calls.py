"""The questions of the recording: filters, mistakes and writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from benchmarks.golden.still import START, same_uuid

V1 = "/api/v1"
EVENTS = f"{V1}/remediation/events"
BESIDE = ("/healthz", "/readyz", "/metrics", f"{V1}/docs/", f"{V1}/schema/", "/api/nothing",
          f"{V1}/nothing", f"{V1}/health", f"{V1}/policies/", "/nothing")  # fmt: skip
BAD_BODIES = ("", "[]", "null", "{", '{"a": 1, "a": 2}', '{"mode": "AUTO", "more": 1}',
              '{"mode": 1}', "\xff", "[" * 200 + "]" * 200)  # fmt: skip
WRONG_POLICIES = (
    {"namespace_pattern": "shop", "mode": "OFF"},
    {"namespace_pattern": "x", "mode": "MAYBE"},
    {"namespace_pattern": "x", "mode": "AUTO", "allowed_actions": ["nothing"]},
)
NOBODY = same_uuid("nobody")
NOTHING_THERE = (f"remediation/events/{NOBODY}", "remediation/events/no-uuid", "policies/999",
                 "metrics/queries/none", "metrics/model/versions/none", "silences/999")  # fmt: skip


@dataclass(frozen=True)
class RestCall:
    role: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def sent(self) -> str:
        if self.body is None:
            return ""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


def later(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def filters() -> Iterator[str]:
    asked = (
        "status=AwaitingApproval", "severity=critical", "cause=IMAGE_NOT_FOUND", "namespace=shop",
        "entity_type=Node", "entity_type=deployment&status=Resolved", "q=cart", "q=shop/cart-0",
        f"q={same_uuid('incident 1')}", f"since={START.isoformat().replace('+00:00', 'Z')}",
        "until=2026-03-03T10:10:00Z", "limit=1", "limit=500", "q=cart&limit=1", "after=0",
    )  # fmt: skip
    yield from (f"{EVENTS}?{one}" for one in asked)
    yield from (f"{V1}/audit?{one}" for one in ("limit=2", "limit=500"))
    yield from (f"{V1}/metrics/?{one}" for one in ("limit=1", "namespace=shop", "metric=cpu"))


def setting_up() -> Iterator[RestCall]:
    policy = {"namespace_pattern": "shop", "mode": "AUTO", "allowed_actions": ["restart_pod"],
              "forbidden_actions": ["drain_node"], "attempts_an_hour": 3}  # fmt: skip
    pause = {"namespace_pattern": "payments", "name_pattern": "ledger*", "reason": "planned",
             "starts_at": later(-60), "ends_at": later(600)}  # fmt: skip
    yield RestCall("operator", "POST", f"{V1}/policies", policy)
    yield RestCall(
        "operator", "POST", f"{V1}/policies", {"namespace_pattern": "team-*", "mode": "OFF"}
    )
    yield RestCall("operator", "POST", f"{V1}/maintenance-windows", pause)
    yield RestCall("operator", "POST", f"{V1}/silences", pause | {"namespace_pattern": "dev"})
    yield RestCall("operator", "POST", f"{V1}/metrics/queries", query("golden"))
    yield RestCall("admin", "POST", f"{V1}/alerts", alerts())
    yield RestCall("root", "POST", f"{V1}/alerts", alerts())
    yield RestCall("operator", "PUT", f"{V1}/setup/mode", {"mode": "auto", "reason": "tested"})
    yield RestCall("operator", "PUT", f"{V1}/setup/mode", {"mode": "MANUAL", "reason": "night"})
    yield RestCall("approver", "PUT", f"{V1}/setup/stop", {"stopped": True, "reason": "storm"})
    yield RestCall("operator", "PUT", f"{V1}/setup/stop", {"stopped": True, "reason": "storm"})
    yield RestCall("operator", "PUT", f"{V1}/setup/stop", {"stopped": False})


def query(name: str) -> dict[str, Any]:
    return {"name": name, "query": "up == 0", "entity_kind": "pod", "threshold": 1.0}


def alerts() -> dict[str, Any]:
    alert = {"status": "firing", "labels": {"alertname": "KubePodCrashLooping", "pod": "x"},
             "annotations": {"summary": "it crashes"}, "startsAt": later(-5),
             "fingerprint": "ab12"}  # fmt: skip
    other = alert | {"status": "resolved", "fingerprint": "cd34"}
    return {"version": "4", "groupKey": "g", "status": "firing", "alerts": [alert, other]}


def mistakes() -> Iterator[RestCall]:
    asked = (
        "status=nothing", "status=", "severity=bad", "cause=NONE", "limit=0", "limit=501",
        "limit=x", "cursor=nonsense", "cursor=cD0x", "after=x", "colour=red", "since=yesterday",
        "since=2026-03-03", "q=", "q=" + "x" * 201, "namespace=" + "n" * 300,
    )  # fmt: skip
    yield from (RestCall("viewer", "GET", f"{EVENTS}?{one}") for one in asked)
    for place in ("policies", "silences", "maintenance-windows", "audit", "metrics/"):
        for one in ("limit=0", "cursor=nonsense", "colour=red", "after=x"):
            yield RestCall("viewer", "GET", f"{V1}/{place}?{one}")
    yield from (RestCall("viewer", "GET", f"{V1}/{place}") for place in NOTHING_THERE)
    for body in BAD_BODIES:
        yield RestCall("operator", "PUT", f"{V1}/setup/mode", body)
    yield RestCall("operator", "PUT", f"{V1}/setup/mode", '{"mode": "' + "A" * 1_100_000 + '"}')
    yield RestCall("operator", "PUT", f"{V1}/setup/mode", "mode=AUTO", content_type="text/plain")
    yield RestCall("viewer", "GET", EVENTS, headers={"Accept": "text/csv"})
    yield RestCall("anonymous", "GET", EVENTS, headers={"Authorization": "Bearer kw_wrong"})
    yield RestCall("anonymous", "GET", EVENTS, headers={"Authorization": "Bearer"})
    yield RestCall("anonymous", "GET", "/", headers={"Accept": "text/html"})
    for policy in WRONG_POLICIES:
        yield RestCall("operator", "POST", f"{V1}/policies", policy)
    backwards = {"reason": "r", "starts_at": later(5), "ends_at": later(1)}
    yield RestCall("operator", "POST", f"{V1}/silences", backwards)
    yield RestCall("operator", "POST", f"{V1}/metrics/queries", query("not a slug"))
    yield RestCall("root", "POST", f"{V1}/alerts", alerts() | {"version": "3"})
    yield RestCall("operator", "POST", f"{V1}/policies", {}, {"Idempotency-Key": "with space"})


def writes(plans: Sequence[tuple[str, str, int, str]]) -> Iterator[RestCall]:
    """On every incident that has a plan, whatever its status allows."""
    for number, (_, event, plan, digest) in enumerate(plans):
        yield from _on_one(f"{EVENTS}/{event}", plan, digest)
        yield RestCall("approver", "POST", f"{V1}/anomalies/analyze/{event}")
        yield RestCall(
            "operator", "POST", f"{EVENTS}/{event}/false-positive", {"note": str(number)}
        )
    key = {"Idempotency-Key": "golden-1"}
    policy = {"namespace_pattern": "once", "mode": "MANUAL"}
    yield RestCall("operator", "POST", f"{V1}/policies", policy, key)
    yield RestCall("operator", "POST", f"{V1}/policies", policy, key)
    yield RestCall("operator", "POST", f"{V1}/policies", policy | {"mode": "OFF"}, key)
    yield RestCall(
        "operator", "PUT", f"{V1}/policies/1", {"namespace_pattern": "shop", "mode": "OFF"}
    )
    yield RestCall("operator", "DELETE", f"{V1}/policies/2")
    yield RestCall("operator", "DELETE", f"{V1}/silences/1")
    yield RestCall("operator", "PUT", f"{V1}/metrics/queries/golden", query("golden"))
    yield RestCall("operator", "DELETE", f"{V1}/metrics/queries/golden")
    yield RestCall("operator", "POST", f"{V1}/metrics/model/versions/second/use")
    yield RestCall("operator", "POST", f"{V1}/metrics/model/versions/first/use")
    yield RestCall("operator", "POST", f"{V1}/metrics/model/back")


def _on_one(event: str, plan: int, digest: str) -> Iterator[RestCall]:
    yes = {"plan": plan, "digest": digest, "reason": "looks right"}
    command = "restart_deployment name=cart namespace=shop"
    yield RestCall("approver", "POST", f"{event}/comment", {"text": "seen"})
    yield RestCall("approver", "POST", f"{event}/comment", {"text": "  "})
    yield RestCall("approver", "POST", f"{event}/approve", yes | {"digest": "0" * 64})
    yield RestCall("approver", "POST", f"{event}/approve", yes | {"plan": plan + 1000})
    yield RestCall("approver", "POST", f"{event}/approve", yes | {"candidate": 7})
    if plan % 2:
        yield RestCall("approver", "POST", f"{event}/approve", yes)
    yield RestCall("approver", "POST", f"{event}/reject", {"plan": plan, "reason": "not now"})
    yield RestCall("approver", "POST", f"{event}/approve", yes)
    yield RestCall("operator", "POST", f"{event}/remediate", {"command": command, "reason": "mine"})
    yield RestCall("operator", "POST", f"{event}/remediate", {"command": "rm -rf /"})
    yield RestCall("operator", "POST", f"{event}/remediate", {"candidate": 0, "plan": plan})
    yield RestCall("operator", "POST", f"{event}/remediate", {"candidate": 0})
    yield RestCall("operator", "POST", f"{event}/silence", {"until": later(90), "reason": "known"})
    yield RestCall("operator", "POST", f"{event}/silence", {"until": later(-90), "reason": "late"})
