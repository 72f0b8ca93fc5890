"""The hostile kinds as data: a name, the list that it is in, and the object's fields.

What a field is here can stand in a real cluster, or comes from an API server that lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.hostile.texts import HUGE, ODD, QUADRATIC, repeated

Fields = Mapping[str, Any]
NEGATIVE = {"replicas": -5, "readyReplicas": -1, "availableReplicas": -1, "updatedReplicas": -9}


@dataclass(frozen=True)
class Kind:
    """`log`: what its container wrote."""

    name: str
    plural: str
    metadata: Fields = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)
    log: str = ""


def _waiting(message: str, reason: str = "CrashLoopBackOff", **more: Any) -> Fields:
    state = {"waiting": {"reason": reason, "message": message}}
    status = {"name": "app", "ready": False, "restartCount": 9, "state": state} | more
    return {
        "spec": {"containers": [{"name": "app", "image": "x"}], "nodeName": "node-a"},
        "status": {"phase": "Pending", "containerStatuses": [status]},
    }


def _terminated(**told: Any) -> Fields:
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": "2026-03-01T11:59:00Z"} | told
    return _waiting("back-off", lastState={"terminated": ended})


def _container(**told: Any) -> Fields:
    plain = dict(_waiting("back-off"))
    spec = {"containers": [{"name": "app", "image": "x"} | told], "nodeName": "node-a"}
    return plain | {"spec": spec}


def _workload(status: Any = None, **spec: Any) -> Fields:
    labels = {"matchLabels": {"app": "x"}}
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": []}}
    told = {"replicas": 3, "selector": labels, "template": template} | spec
    return {"spec": told, "status": status or {"replicas": 3}}


def _event(**told: Any) -> Fields:
    about = {"kind": "Pod", "namespace": "hostile", "name": "events-of", "uid": "hostile-uid"}
    when = "2026-03-01T11:59:00Z"
    plain = {"involvedObject": about, "reason": "FailedScheduling", "type": "Warning", "count": 3}
    return plain | {"firstTimestamp": when, "lastTimestamp": when} | told


def _owner(kind: str, uid: str) -> dict[str, Any]:
    return {"kind": kind, "name": uid, "uid": uid, "controller": True, "apiVersion": "apps/v1"}


_ALL_SHAPES = "\n".join(repeated(shape, 3000) for shape in QUADRATIC)
_CONDITION = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-03-01T11:59:00Z"}
_PROBE = {"httpGet": {"port": "8080/../x", "path": repeated("/a")}, "periodSeconds": 2**31 - 1,
          "failureThreshold": 2**31 - 1, "initialDelaySeconds": -(2**31)}  # fmt: skip

KINDS = (
    # Numbers
    Kind("float overflow as a count", "deployments", fields=_workload(replicas="@1e999")),
    Kind("integer of 81 bits as a count", "deployments", fields=_workload(replicas="@2**80")),
    Kind("negative counts", "statefulsets", fields=_workload(NEGATIVE, replicas=-3)),
    Kind("restarts of 64 bits", "pods", fields=_waiting("back-off", restartCount="@2**63")),
    Kind("quantities without end", "pods", fields=_container(resources={
        "limits": {"memory": "1e1000", "cpu": "9" * 10_000}, "requests": {"memory": "@1e999"}})),
    Kind("quotas of no number", "resourcequotas", fields={"status": {
        "hard": {"pods": "-1e400", "cpu": "@NaN"}, "used": {"pods": "9" * 5000, "cpu": "--1"}}}),
    Kind("probe with huge numbers", "pods", fields=_container(livenessProbe=_PROBE,
                                                              readinessProbe=_PROBE)),
    Kind("autoscaler past every range", "horizontalpodautoscalers", fields={
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d1"}, "maxReplicas": -1},
        "status": {"currentReplicas": 2**62, "lastScaleTime": "9999-12-31T23:59:59Z"}}),
    # Times
    Kind("the year 1 with an offset", "pods",
         {"creationTimestamp": "0001-01-01T00:00:00+23:59"}, _terminated()),
    Kind("the year 9999 with an offset", "pods", {}, _terminated(
        startedAt="9999-12-31T23:59:59-23:59", finishedAt="9999-12-31T23:59:59-23:59")),
    Kind("ended before it began", "pods", {}, _terminated(
        startedAt="2926-01-01T00:00:00Z", finishedAt="1926-01-01T00:00:00Z")),
    Kind("event of the year 1", "events", {"creationTimestamp": "0001-01-01T00:00:00Z"}, _event(
        firstTimestamp="0001-01-01T00:00:00+14:00", lastTimestamp="0001-01-01T00:00:00+14:00")),
    Kind("a cron schedule that never ends", "cronjobs", fields={
        "spec": {"schedule": "0 0 30 2 *", "timeZone": "../../etc/passwd"},
        "status": {"lastScheduleTime": "0001-01-01T00:00:00Z"}}),
    Kind("a schedule of every kind", "cronjobs", fields={"spec": {
        "schedule": ",".join(map(str, range(60))) * 500 + " */0 1-99999999 * *"}}),
    # Types
    Kind("a list where a map belongs", "pods", fields={"spec": [], "status": 7}),
    Kind("labels that are numbers", "deployments", {"labels": {"a": 1, "b": []}}, _workload()),
    Kind("a name that is a map", "services", {"name": {"a": 1}}, {"spec": {"ports": "80"}}),
    Kind("nested 5,000 deep", "deployments", fields=_workload(template="@deep")),
    # Sizes
    Kind("10,000 conditions", "nodes", fields={"status": {"conditions": [_CONDITION] * 10_000}}),
    Kind("2,000 containers", "pods", fields={
        "spec": {"containers": [{"name": f"c{n}", "image": "x"} for n in range(2000)]},
        "status": {"phase": "Running", "containerStatuses": [
            {"name": f"c{n}", "restartCount": 9, "state": {"waiting": {
                "reason": "CrashLoopBackOff", "message": "back-off"}}} for n in range(2000)]}}),
    Kind("a label value of 1 MB", "pods", {"labels": {"app": "x" * HUGE}}, _waiting("back-off")),
    Kind("20,000 annotations", "deployments",
         {"annotations": {f"a/{n}": repeated("sk-", 50) for n in range(20_000)}}, _workload()),
    Kind("arguments of one shape", "deployments", fields=_workload(template={"spec": {
        "containers": [{"name": "app", "args": ["sk-" * 40_000],
                        "env": [{"name": f"E{n}", "value": "a=" * 500} for n in range(500)]}]}})),
    # Text
    Kind("odd characters in names", "pods", {"name": f"p-{ODD}", "labels": {ODD: ODD}},
         _waiting(ODD, ODD)),
    Kind("a message of every slow shape", "pods", {}, _waiting(_ALL_SHAPES, "ErrImagePull")),
    Kind("events of slow shapes", "events", fields=_event(message=_ALL_SHAPES)),
    Kind("an event with NUL", "events", fields=_event(message=f"0/1 nodes: {ODD}", reason=ODD)),
    Kind("a log of slow shapes", "pods", {}, _terminated(message=ODD), log=_ALL_SHAPES),
    # Relations
    Kind("its own owner", "replicasets", {"ownerReferences": [_owner("ReplicaSet", "own-owner")],
                                          "uid": "own-owner"}, _workload()),
    Kind("a policy and a selector that take all", "networkpolicies", fields={"spec": {
        "podSelector": {}, "policyTypes": ["Egress", "Ingress", ""], "egress": [{"to": [{
            "podSelector": {"matchExpressions": [
                {"key": "", "operator": "\x00", "values": ["x"] * 10_000}]}}]}]}}),
)  # fmt: skip
