"""Nodes, Services and scalers of scenarios."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.manifests.expand import (
    Entry,
    ManifestMoment,
    Obj,
    conditions,
    expands,
    metadata,
    owner,
    short_hash,
    template,
    timed,
    uid_of,
)
from benchmarks.manifests.pods import pod

ZONE = "topology.kubernetes.io/zone"
PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


@expands("node")
def node(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """Ready unless `ready: {status, reason, age}` says otherwise; `zone`, `unschedulable`,
    `labels`, `taints`, `arch`."""
    name = entry["name"]
    ready = entry.get("ready", {"status": "True", "reason": "KubeletReady", "age": "20d"})
    told = {pressure: {"status": "False", "age": "20d"} for pressure in PRESSURES}
    lost = ready["status"] == "Unknown"
    if lost:
        told = {pressure: {**ready} for pressure in PRESSURES}
    meta: Obj = {
        "name": name,
        "uid": uid_of("Node", "", name),
        "creationTimestamp": world.at("60d"),
        "labels": {"kubernetes.io/hostname": name, ZONE: entry.get("zone", "z1")}
        | (entry.get("labels") or {}),
    }
    taints = [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}] if lost else []
    taints += timed(world, entry.get("taints") or [])
    yield {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": meta,
        "spec": {"unschedulable": entry.get("unschedulable", False), "taints": taints},
        "status": {
            "conditions": conditions(
                world, {**told, "Ready": ready, **(entry.get("conditions") or {})}
            ),
            "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"},
            "nodeInfo": {"architecture": entry.get("arch", "amd64")},
        },
    }


@expands("service")
def service(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(world, "Service", entry, entry["name"]),
        "spec": {
            "selector": entry.get("selector", {"app": entry["name"]}),
            "ports": entry.get("ports", [{"port": 80, "targetPort": 8080}]),
            **({"clusterIP": entry["ip"]} if "ip" in entry else {}),
        },
    }


@expands("event")
def event(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """`event: reason`, `about: {kind, name}`, `message`, `age` (newest), `since` (oldest)."""
    about = entry["about"]
    namespace = about.get("namespace", "shop")
    name = f"{about['name']}.{short_hash(entry['message'] + entry['age'])}"
    yield {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": metadata(world, "Event", {"namespace": namespace, "age": entry["age"]}, name),
        "involvedObject": {
            "kind": about["kind"],
            "namespace": namespace,
            "name": about["name"],
            "fieldPath": about.get("field", ""),
            "uid": uid_of(about["kind"], namespace, about["name"]),
        },
        "reason": entry["name"],
        "message": entry["message"],
        "type": entry.get("type", "Warning"),
        "count": entry.get("count", 1),
        "firstTimestamp": world.at(entry.get("since", entry["age"])),
        "lastTimestamp": world.at(entry["age"]),
        "eventTime": None,
    }


@expands("hpa")
def hpa(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    yield {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(world, "HorizontalPodAutoscaler", entry, entry["name"]),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": entry.get("target", "Deployment"),
                "name": entry.get("of", entry["name"]),
            },
            "metrics": entry.get("metrics") or [],
            "minReplicas": entry.get("min", 2),
            "maxReplicas": entry.get("max", 10),
        },
        "status": {
            "currentReplicas": entry.get("current", 2),
            "desiredReplicas": entry.get("current", 2),
            "currentMetrics": entry.get("measured") or [],
            "conditions": conditions(world, entry.get("conditions") or {}),
        },
    }


@expands("static_pod")
def static_pod(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """A control plane's pod, which refers to its node as the controller."""

    entry = {"namespace": "kube-system", **entry}
    place = entry.get("node", "node-a")
    refs = [owner("Node", "", place, "v1")[0]]
    name = f"{entry['name']}-{place}"
    yield pod(world, entry, {"node": place, **entry}, name, template(entry, {}), refs, 0)
