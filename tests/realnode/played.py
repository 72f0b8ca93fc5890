"""A record of real nodes as the lists of an API server: statuses, events and logs as they were.

`records/` holds what two kubelets (1.36.3) gave seven minutes after the failures of
`manifests.json` were applied: `debian` with containerd 1.6, `current` with containerd 2.4. Their
`truth.json` says what is wrong with each.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from detection.kubernetes.client import KubernetesError
from detection.snapshot import Snapshot
from detection.snapshot.logs import with_logs
from tests.detection.builders import snapshot_from

RECORDS = Path(__file__).parent / "records"
Json = dict[str, Any]
API = {"Deployment": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1", "Job": "batch/v1"}


@cache
def truth() -> dict[str, str]:
    told: dict[str, str] = json.loads((RECORDS / "truth.json").read_text())
    return told


@cache
def recorded(name: str) -> Json:
    held: Json = json.loads(gzip.decompress((RECORDS / f"{name}.json.gz").read_bytes()))
    return held


def snapshot_of_record(name: str) -> Snapshot:
    """All cases of one record, with the logs that a look would read."""
    held = recorded(name)
    made = snapshot_from(_objects(held), datetime.fromisoformat(held["time"]))
    return with_logs(_Logs(held), made, most=500)  # type: ignore[arg-type]


def only(snapshot: Snapshot, case: str) -> Snapshot:
    """The same cluster with this case's pods and owners alone, so that no other explains it."""
    kept = {
        field: tuple(item for item in getattr(snapshot, field) if item.metadata.name == case)
        for field in ("deployments", "daemonsets", "jobs")
    }
    pods = tuple(pod for pod in snapshot.pods if pod.metadata.name.startswith(f"{case}-")
                 and _case_of(pod.metadata.name) == case)  # fmt: skip
    bare = tuple(pod for pod in snapshot.pods if pod.metadata.name == case)
    return replace(snapshot, pods=pods + bare, **kept)


def cases_of(snapshot: Snapshot) -> set[str]:
    """The cases that have a pod there."""
    return {_case_of(pod.metadata.name) for pod in snapshot.pods}


def _case_of(pod: str) -> str:
    return max((case for case in truth() if pod == case or pod.startswith(case + "-")), key=len)


def _objects(held: Json) -> Iterator[Json]:
    manifests = {(m["kind"], m["metadata"]["name"]): m for m in _manifests()}
    owners = {(row["kind"], row["name"]): row for row in held["owners"]}
    yield {"kind": "Namespace", "metadata": {"name": "shop", "uid": "ns"}}
    for (kind, name), manifest in manifests.items():
        row = owners.get((kind, name))
        if kind in ("Pod", "Namespace") or (kind in API and row is None):
            continue
        yield _owner(manifest, row or {}, held)
        yield from _events(kind, name, f"uid-{kind}-{name}", (row or {}).get("events", ()))
    for node in held["nodes"]:
        yield from _node(node)
    yield from _pods(held, manifests)


def _manifests() -> list[Json]:
    items: list[Json] = json.loads((RECORDS / "manifests.json").read_text())["items"]
    return items


def _owner(manifest: Json, row: Json, held: Json) -> Json:
    born = min((e["first"] for e in row.get("events", ()) if e["first"]), default=held["time"])
    meta = manifest["metadata"] | {
        "uid": f"uid-{manifest['kind']}-{manifest['metadata']['name']}",
        "creationTimestamp": _seconds(born), "generation": 1, "namespace": "shop",
    }  # fmt: skip
    return manifest | {"metadata": meta, "status": row.get("status", {})}


def _node(node: Json) -> Iterator[Json]:
    meta = {"name": node["name"], "labels": node["labels"], "uid": f"uid-Node-{node['name']}"}
    yield {"kind": "Node", "metadata": meta, "spec": {"taints": node["taints"]},
           "status": node["status"]}  # fmt: skip


def _pods(held: Json, manifests: Mapping[tuple[str, str], Json]) -> Iterator[Json]:
    made: set[str] = set()
    for pod in held["pods"]:
        name, case = pod["metadata"]["name"], _case_of(pod["metadata"]["name"])
        manifest = next(
            manifests[kind, case] for kind in ("Deployment", "DaemonSet", "Job", "Pod")
            if (kind, case) in manifests
        )  # fmt: skip
        hashed = pod["metadata"].get("labels", {}).get("pod-template-hash")
        if hashed and hashed not in made:
            made.add(hashed)
            yield _replicaset(manifest, hashed, pod)
        yield _pod(pod, manifest, hashed)
        yield from _events("Pod", name, f"uid-Pod-{name}", pod["events"])


def _replicaset(manifest: Json, hashed: str, pod: Json) -> Json:
    case, labels = manifest["metadata"]["name"], {"pod-template-hash": hashed}
    meta = {
        "name": f"{case}-{hashed}", "namespace": "shop", "uid": f"uid-{case}-{hashed}",
        "labels": labels, "creationTimestamp": pod["metadata"]["creationTimestamp"],
        "annotations": {"deployment.kubernetes.io/revision": "1"},
        "ownerReferences": [_reference("Deployment", case, f"uid-Deployment-{case}")],
    }  # fmt: skip
    template = manifest["spec"]["template"]
    spec = {"replicas": manifest["spec"].get("replicas", 1), "template": template,
            "selector": {"matchLabels": labels}}  # fmt: skip
    return {"kind": "ReplicaSet", "metadata": meta, "spec": spec, "status": {}}


def _pod(pod: Json, manifest: Json, hashed: str | None) -> Json:
    case, kind = manifest["metadata"]["name"], manifest["kind"]
    spec = manifest["spec"] if kind == "Pod" else manifest["spec"]["template"]["spec"]
    meta = pod["metadata"] | {"namespace": "shop", "uid": f"uid-Pod-{pod['metadata']['name']}"}
    if hashed:
        meta["ownerReferences"] = [
            _reference("ReplicaSet", f"{case}-{hashed}", f"uid-{case}-{hashed}")
        ]
    elif kind != "Pod":
        meta["ownerReferences"] = [_reference(kind, case, f"uid-{kind}-{case}")]
    spec = spec | ({"nodeName": pod["node"]} if pod["node"] else {})
    return {"kind": "Pod", "metadata": meta, "spec": spec, "status": pod["status"]}


def _reference(kind: str, name: str, uid: str) -> Json:
    return {"apiVersion": API[kind], "kind": kind, "name": name, "uid": uid, "controller": True}


def _events(kind: str, name: str, uid: str, rows: Iterable[Json]) -> Iterator[Json]:
    for number, row in enumerate(rows):
        about = {"kind": kind, "name": name, "namespace": "shop", "uid": uid,
                 "fieldPath": row["fieldPath"]}  # fmt: skip
        yield {
            "kind": "Event",
            "metadata": {"name": f"{name}.{number}", "namespace": "shop", "uid": f"{uid}.{number}"},
            "involvedObject": about, "type": row["type"], "reason": row["reason"],
            "message": row["message"], "count": row["count"],
            "firstTimestamp": _seconds(row["first"]), "lastTimestamp": _seconds(row["last"]),
            "source": {"component": row["from"]},
        }  # fmt: skip


def _seconds(moment: str) -> str:
    return moment[:19] + "Z"


class _Logs:
    """Answers requests for logs as the node did, and nothing else."""

    def __init__(self, held: Json) -> None:
        self.pods = {pod["metadata"]["name"]: pod["logs"] for pod in held["pods"]}

    def within(self, seconds: float) -> _Logs:
        return self

    def get(self, path: str, params: Mapping[str, str], accept: str = "") -> bytes:
        which = "previous" if params.get("previous") else "current"
        said = self.pods[path.split("/")[-2]][params["container"]][which]
        if said["status"] != 200:
            raise KubernetesError(said["text"])
        return str(said["text"]).encode()
