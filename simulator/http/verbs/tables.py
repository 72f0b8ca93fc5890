"""meta.k8s.io/v1 Tables: the columns that kubectl prints."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from simulator.apimachinery.clock import parse
from simulator.apimachinery.object_selectors import selector_text
from simulator.apimachinery.objects import Obj, condition_of
from simulator.apimachinery.resources import Resource

ROLE = "node-role.kubernetes.io/"
Cells = list[Any]
Row = Callable[[Obj, datetime], Cells]


def age(text: str | None, now: datetime) -> str:
    """duration.HumanDuration."""
    if not text:
        return "<unknown>"
    seconds = max(0, int((now - parse(text)).total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    return f"{hours}h" if hours < 48 else f"{hours // 24}d"


def _age(obj: Obj, now: datetime) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


def _pod_reason(pod: Obj) -> str:
    return _init_reason(pod) or _own_reason(pod)


def _init_reason(pod: Obj) -> str:
    """By the first init container that has not succeeded; "" where there is none."""
    for index, c in enumerate((pod.get("status") or {}).get("initContainerStatuses") or ()):
        if ((c.get("state") or {}).get("terminated") or {}).get("exitCode") == 0:
            continue
        detail = _detail(c)
        if detail and detail != "PodInitializing":
            return f"Init:{detail}"
        return f"Init:{index}/{len(pod['spec'].get('initContainers') or ())}"
    return ""


def _own_reason(pod: Obj) -> str:
    """The first container's that has one comes before the pod's own."""
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = pod.get("status") or {}
    told = [*map(_detail, status.get("containerStatuses") or ()), status.get("reason")]
    return str(next(filter(None, told), None) or status.get("phase") or "Unknown")


def _detail(container: Obj) -> Any:
    """Why a container waits, or ended."""
    state = container.get("state") or {}
    return (state.get("waiting") or state.get("terminated") or {}).get("reason")


def _pod(pod: Obj, now: datetime) -> Cells:
    status = pod.get("status") or {}
    statuses = status.get("containerStatuses") or []
    ready = sum(bool(c.get("ready")) for c in statuses)
    gates = "<none>"
    return [
        pod["metadata"]["name"],
        f"{ready}/{len(pod['spec']['containers'])}",
        _pod_reason(pod),
        _restarts(statuses, now),
        _age(pod, now),
        status.get("podIP", "<none>"),
        pod["spec"].get("nodeName", "<none>"),
        status.get("nominatedNodeName", "<none>"),
        gates,
    ]


def _restarts(statuses: list[Obj], now: datetime) -> str:
    """How many, and when the last one was: `3 (5m ago)`."""
    count = sum(c.get("restartCount", 0) for c in statuses)
    runs = [(c.get("lastState") or {}).get("terminated") or {} for c in statuses]
    last = max(filter(None, (run.get("finishedAt") for run in runs)), default=None)
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)


def _containers(obj: Obj) -> tuple[str, str]:
    containers = obj["spec"]["template"]["spec"].get("containers") or []
    names = ",".join(c["name"] for c in containers)
    return names, ",".join(c.get("image", "") for c in containers)


def _deployment(obj: Obj, now: datetime) -> Cells:
    status = obj.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{obj['spec'].get('replicas', 1)}"
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    head = [obj["metadata"]["name"], ready, updated, available, _age(obj, now)]
    return [*head, *_containers(obj), selector_text(obj["spec"].get("selector"))]


def _replicaset(obj: Obj, now: datetime) -> Cells:
    status = obj.get("status") or {}
    counts = [
        obj["spec"].get("replicas", 1),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
    ]
    head = [obj["metadata"]["name"], *counts, _age(obj, now)]
    return [*head, *_containers(obj), selector_text(obj["spec"].get("selector"))]


def _statefulset(obj: Obj, now: datetime) -> Cells:
    ready = f"{(obj.get('status') or {}).get('readyReplicas', 0)}/{obj['spec'].get('replicas', 1)}"
    return [obj["metadata"]["name"], ready, _age(obj, now), *_containers(obj)]


def _daemonset(obj: Obj, now: datetime) -> Cells:
    status = obj.get("status") or {}
    fields = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
    )
    counts = [status.get(f, 0) for f in (*fields, "numberAvailable")]
    return [obj["metadata"]["name"], *counts, "<none>", _age(obj, now), *_containers(obj)]


def _job(obj: Obj, now: datetime) -> Cells:
    status = obj.get("status") or {}
    done = f"{status.get('succeeded', 0)}/{obj['spec'].get('completions', 1)}"
    state = next(
        (k for k in ("Complete", "Failed") if condition_of(obj, k).get("status") == "True"),
        "Running",
    )
    start, end = status.get("startTime"), status.get("completionTime")
    took = age(start, parse(end) if end else now) if start else ""
    return [obj["metadata"]["name"], state, done, took, _age(obj, now), *_containers(obj)]


def _node(obj: Obj, now: datetime) -> Cells:
    status = obj.get("status") or {}
    info = status.get("nodeInfo") or {}
    ready = "Ready" if condition_of(obj, "Ready").get("status") == "True" else "NotReady"
    return [
        obj["metadata"]["name"],
        ready + (",SchedulingDisabled" if obj["spec"].get("unschedulable") else ""),
        _roles(obj),
        _age(obj, now),
        info.get("kubeletVersion", ""),
        _internal_address(status),
        "<none>",
        info.get("osImage", ""),
        info.get("kernelVersion", ""),
        info.get("containerRuntimeVersion", ""),
    ]


def _roles(node: Obj) -> str:
    labels = node["metadata"].get("labels") or {}
    roles = [key.removeprefix(ROLE) for key in labels if key.startswith(ROLE)]
    return ",".join(sorted(roles)) or "<none>"


def _internal_address(status: Obj) -> str:
    addresses = status.get("addresses") or ()
    return next((a["address"] for a in addresses if a["type"] == "InternalIP"), "<none>")


def _service(obj: Obj, now: datetime) -> Cells:
    spec = obj["spec"]
    ports = (
        ",".join(f"{p['port']}/{p.get('protocol', 'TCP')}" for p in spec.get("ports") or ())
        or "<none>"
    )
    selector = (
        ",".join(f"{k}={v}" for k, v in sorted((spec.get("selector") or {}).items())) or "<none>"
    )
    head = [obj["metadata"]["name"], spec.get("type", "ClusterIP"), spec.get("clusterIP") or "None"]
    return [*head, "<none>", ports, _age(obj, now), selector]


def _event(obj: Obj, now: datetime) -> Cells:
    target = obj.get("involvedObject") or {}
    subject = f"{str(target.get('kind', '')).lower()}/{target.get('name', '')}"
    seen = age(
        obj.get("lastTimestamp")
        or obj.get("eventTime")
        or obj["metadata"].get("creationTimestamp"),
        now,
    )
    return [seen, obj.get("type", ""), obj.get("reason", ""), subject, obj.get("message", "")]


def _namespace(obj: Obj, now: datetime) -> Cells:
    return [obj["metadata"]["name"], (obj.get("status") or {}).get("phase", ""), _age(obj, now)]


def _claim(obj: Obj, now: datetime) -> Cells:
    status, spec = obj.get("status") or {}, obj["spec"]
    size = (status.get("capacity") or {}).get("storage", "")
    modes = ",".join(
        {"ReadWriteOnce": "RWO", "ReadWriteMany": "RWX"}.get(m, m)
        for m in spec.get("accessModes") or ()
    )
    head = [
        obj["metadata"]["name"],
        status.get("phase", ""),
        spec.get("volumeName", ""),
        size,
        modes,
    ]
    return [
        *head,
        spec.get("storageClassName", ""),
        "<unset>",
        _age(obj, now),
        spec.get("volumeMode", ""),
    ]


def _autoscaler(obj: Obj, now: datetime) -> Cells:
    spec, status = obj["spec"], obj.get("status") or {}
    ref = spec.get("scaleTargetRef") or {}
    metric = (spec.get("metrics") or [{}])[0].get("resource", {})
    now_metric = (status.get("currentMetrics") or [{}])[0].get("resource", {}).get("current", {})
    used, goal = (
        now_metric.get("averageUtilization", "<unknown>"),
        metric.get("target", {}).get("averageUtilization"),
    )
    return [
        obj["metadata"]["name"],
        f"{ref.get('kind')}/{ref.get('name')}",
        f"{metric.get('name', 'cpu')}: {used}%/{goal}%",
        spec.get("minReplicas", 1),
        spec.get("maxReplicas"),
        status.get("currentReplicas", 0),
        _age(obj, now),
    ]


def _budget(obj: Obj, now: datetime) -> Cells:
    spec, status = obj["spec"], obj.get("status") or {}
    low, high = spec.get("minAvailable", "N/A"), spec.get("maxUnavailable", "N/A")
    return [
        obj["metadata"]["name"],
        str(low),
        str(high),
        status.get("disruptionsAllowed", 0),
        _age(obj, now),
    ]


WIDE = ["Containers*", "Images*"]
PRINTERS: dict[str, tuple[list[str], Row]] = {
    "pods": (
        [
            "Name",
            "Ready",
            "Status",
            "Restarts",
            "Age",
            "IP*",
            "Node*",
            "Nominated Node*",
            "Readiness Gates*",
        ],
        _pod,
    ),
    "deployments.apps": (
        ["Name", "Ready", "Up-to-date", "Available", "Age", *WIDE, "Selector*"],
        _deployment,
    ),
    "replicasets.apps": (
        ["Name", "Desired", "Current", "Ready", "Age", *WIDE, "Selector*"],
        _replicaset,
    ),
    "statefulsets.apps": (["Name", "Ready", "Age", *WIDE], _statefulset),
    "daemonsets.apps": (
        [
            "Name",
            "Desired",
            "Current",
            "Ready",
            "Up-to-date",
            "Available",
            "Node Selector",
            "Age",
            *WIDE,
        ],
        _daemonset,
    ),
    "jobs.batch": (["Name", "Status", "Completions", "Duration", "Age", *WIDE], _job),
    "nodes": (
        [
            "Name",
            "Status",
            "Roles",
            "Age",
            "Version",
            "Internal-IP*",
            "External-IP*",
            "OS-Image*",
            "Kernel-Version*",
            "Container-Runtime*",
        ],
        _node,
    ),
    "services": (
        ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector*"],
        _service,
    ),
    "events": (["Last Seen", "Type", "Reason", "Object", "Message"], _event),
    "namespaces": (["Name", "Status", "Age"], _namespace),
    "persistentvolumeclaims": (
        [
            "Name",
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            "VolumeMode*",
        ],
        _claim,
    ),
    "horizontalpodautoscalers.autoscaling": (
        ["Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"],
        _autoscaler,
    ),
    "poddisruptionbudgets.policy": (
        ["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"],
        _budget,
    ),
}


def _plain(obj: Obj, now: datetime) -> Cells:
    return [obj["metadata"]["name"], _age(obj, now)]


def _column(name: str) -> Obj:
    wide = name.endswith("*")
    name = name.rstrip("*")
    kind = {"type": "string", "format": "name" if name == "Name" else ""}
    return {"name": name, **kind, "description": name, "priority": 1 if wide else 0}


def table_of(
    resource: Resource, objects: list[Obj], metadata: Obj, now: datetime | None = None
) -> Obj:
    columns, row = PRINTERS.get(resource.table, (["Name", "Age"], _plain))
    moment = now or datetime.now(UTC)
    rows = [
        {
            "cells": row(obj, moment),
            "object": {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": obj["metadata"],
            },
        }
        for obj in objects
    ]
    head: Obj = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return head | {"columnDefinitions": [_column(name) for name in columns], "rows": rows}
