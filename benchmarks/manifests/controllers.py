"""Deployments, StatefulSets, DaemonSets, bare ReplicaSets, Rollouts and bare pods of scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
)
from benchmarks.manifests.pods import pod

REVISION = "deployment.kubernetes.io/revision"


def revisions_of(entry: Entry) -> list[Entry]:
    """Oldest first. Without any, one revision whose replicas are all ready."""
    return list(entry.get("revisions") or [{"pods": entry.get("pods")}])


def pods_of(entry: Entry, revision: Entry, replicas: int) -> list[Entry]:
    """Pod lines of a revision; `count` repeats a line."""
    lines = revision.get("pods")
    if lines is None:
        lines = [{"count": replicas}]
    return [line for line in lines for _ in range(line.get("count", 1))]


def is_ready(obj: Obj) -> bool:
    found = {c["type"]: c["status"] for c in obj["status"].get("conditions", [])}
    return found.get("Ready") == "True" and "deletionTimestamp" not in obj["metadata"]


def is_counted(obj: Obj) -> bool:
    alive = obj["status"]["phase"] not in ("Failed", "Succeeded")
    return alive and "deletionTimestamp" not in obj["metadata"]


def counts(pods: list[Obj]) -> dict[str, int]:
    ready = sum(map(is_ready, pods))
    alive = sum(map(is_counted, pods))
    return {"replicas": alive, "readyReplicas": ready, "availableReplicas": ready}


def replicaset_of(
    world: ManifestMoment,
    entry: Entry,
    revision: Entry,
    number: int,
    newest: bool,
    kind: str,
    api: str,
) -> list[Obj]:
    """A ReplicaSet and its pods; `newest` ones hold the owner's replicas unless told otherwise."""
    name, namespace = entry["name"], entry.get("namespace", "shop")
    shape = template(entry, revision)
    label = short_hash(f"{name}{number}")
    replicas = revision.get("replicas", entry.get("replicas", 2) if newest else 0)
    rs_name = f"{name}-{label}"
    shape["metadata"]["labels"]["pod-template-hash"] = label
    refs = owner("ReplicaSet", namespace, rs_name)
    age = revision.get("age", entry.get("age", "20d"))
    pods = [
        pod(world, {**entry, "age": age}, line,
            line.get("name", f"{rs_name}-{short_hash(f'{rs_name}{i}')[:5]}"), shape, refs,
            i + number)
        for i, line in enumerate(pods_of(entry, revision, replicas))
    ]  # fmt: skip
    meta = metadata(world, "ReplicaSet", {**entry, "age": age, "managers": None}, rs_name)
    meta |= {
        "labels": shape["metadata"]["labels"],
        "annotations": {REVISION: str(revision.get("number", number))},
        "ownerReferences": owner(kind, namespace, name, api),
    }
    wanted = revision.get("replicas", sum(map(is_counted, pods)))
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": meta,
            "spec": {
                "replicas": wanted,
                "selector": {"matchLabels": {"app": name}},
                "template": shape,
            },
            "status": counts(pods),
        },
        *pods,
    ]


@expands("deployment")
def deployment(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """`replicas`, `revisions: [{image, age, pods, …}]` oldest first, `conditions`, `hpa` …"""
    revisions = revisions_of(entry)
    last = len(revisions)
    groups = [
        replicaset_of(world, entry, revision, number, number == last, "Deployment", "apps/v1")
        for number, revision in enumerate(revisions, start=1)
    ]
    pods = [obj for group in groups for obj in group[1:]]
    replicas = entry.get("replicas", 2)
    status: Obj = counts(pods) | {"observedGeneration": 1, "updatedReplicas": len(groups[-1]) - 1}
    status["unavailableReplicas"] = max(replicas - status["readyReplicas"], 0)
    newest_ready = groups[-1][0]["status"]["readyReplicas"]
    done = not revisions[-1].get("stuck", last > 1 and newest_ready < replicas)
    told = _deployment_conditions(entry, revisions, status["readyReplicas"], done)
    status["conditions"] = conditions(world, told)
    shape = template(entry, revisions[-1])
    meta = metadata(world, "Deployment", entry, entry["name"])
    meta["annotations"][REVISION] = str(revisions[-1].get("number", len(revisions)))
    yield _workload("apps/v1", "Deployment", meta, entry, shape, status)
    for group in groups:
        yield from group


def _deployment_conditions(
    entry: Entry, revisions: list[Entry], ready: int, done: bool
) -> dict[str, Any]:
    """As the controller writes them: a rollout that never completed says so."""
    age = revisions[-1].get("age", entry.get("age", "20d"))
    progressing = {
        "status": "True",
        "reason": "NewReplicaSetAvailable" if done else "ReplicaSetUpdated",
        "age": entry.get("age", "20d"),
        "updated": age,
    }
    available = {
        "status": "True" if ready else "False",
        "reason": f"MinimumReplicas{'A' if ready else 'Una'}vailable",
        "age": entry.get("age", "20d") if ready or len(revisions) == 1 else age,
    }
    return {"Available": available, "Progressing": progressing} | (entry.get("conditions") or {})


def _workload(
    api: str, kind: str, meta: Obj, entry: Entry, shape: Obj, status: Obj, **more: Any
) -> Obj:
    spec = {
        "replicas": entry.get("replicas", 2),
        "selector": {"matchLabels": {"app": entry["name"]}},
        "template": shape,
    }
    spec |= entry.get("spec") or {}
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": meta,
        "spec": spec | more,
        "status": status | (entry.get("status") or {}),
    }


@expands("rollout")
def rollout(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """An Argo Rollout: a kind that KubeWise doesn't know, above ReplicaSets."""
    api = "argoproj.io/v1alpha1"
    revisions = revisions_of(entry)
    meta = metadata(world, "Rollout", entry, entry["name"])
    yield _workload(api, "Rollout", meta, entry, template(entry, revisions[-1]), {})
    for number, revision in enumerate(revisions, start=1):
        newest = number == len(revisions)
        yield from replicaset_of(world, entry, revision, number, newest, "Rollout", api)


@expands("replicaset")
def replicaset(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """A ReplicaSet that stands alone."""
    group = replicaset_of(world, entry, revisions_of(entry)[0], 1, True, "None", "v1")
    meta = group[0]["metadata"]
    meta.pop("ownerReferences")
    yield from group


@expands("statefulset")
def statefulset(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """Pods `name-0` …; a revision's pods take the next ordinals unless they say `ordinal`."""
    yield from _with_revisions(world, entry, "StatefulSet")


@expands("daemonset")
def daemonset(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    yield from _with_revisions(world, entry, "DaemonSet")


def _with_revisions(world: ManifestMoment, entry: Entry, kind: str) -> Iterator[Obj]:
    name, namespace = entry["name"], entry.get("namespace", "shop")
    revisions, pods, ordinal = revisions_of(entry), [], 0
    for number, revision in enumerate(revisions, start=1):
        yield _controller_revision(world, entry, revision, number, kind)
        age = revision.get("age", entry.get("age", "20d"))
        wanted = entry.get("replicas", 2) if number == len(revisions) else 0
        shape = template(entry, revision)
        label = short_hash(f"{name}{number}")
        full = f"{name}-{label}" if kind == "StatefulSet" else label
        shape["metadata"]["labels"]["controller-revision-hash"] = full
        for line in pods_of(entry, revision, wanted):
            own = (
                f"{name}-{line.get('ordinal', ordinal)}"
                if kind == "StatefulSet"
                else line.get("name", f"{name}-{short_hash(f'{name}{ordinal}')[:5]}")
            )
            pods.append(pod(world, {**entry, "age": age}, line, own, shape,
                            owner(kind, namespace, name), ordinal))  # fmt: skip
            ordinal += 1
    yield from pods
    status = _daemon_status(pods) if kind == "DaemonSet" else _set_status(entry, pods, revisions)
    meta = metadata(world, kind, entry, name)
    yield _workload("apps/v1", kind, meta, entry, template(entry, revisions[-1]), status)


def _controller_revision(
    world: ManifestMoment, entry: Entry, revision: Entry, number: int, kind: str
) -> Obj:
    name, namespace = entry["name"], entry.get("namespace", "shop")
    label = short_hash(f"{name}{number}")
    age = revision.get("age", entry.get("age", "20d"))
    about = {"namespace": namespace, "age": age}
    meta = metadata(world, "ControllerRevision", about, f"{name}-{label}")
    meta |= {"ownerReferences": owner(kind, namespace, name)}
    meta["labels"] = {"app": name, "controller-revision-hash": label}
    shape = template(entry, revision)
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": meta,
        "revision": revision.get("number", number),
        "data": {"spec": {"template": shape | {"$patch": "replace"}}},
    }


def _set_status(entry: Entry, pods: list[Obj], revisions: list[Entry]) -> Obj:
    name = entry["name"]
    labels = [f"{name}-{short_hash(f'{name}{n}')}" for n in range(1, len(revisions) + 1)]
    newest = [p for p in pods if p["metadata"]["labels"]["controller-revision-hash"] == labels[-1]]
    done = len(revisions) == 1 or (len(newest) == len(pods) and all(map(is_ready, pods)))
    return counts(pods) | {
        "observedGeneration": 1,
        "updatedReplicas": len(newest),
        "currentRevision": labels[-1] if done else labels[-2],
        "updateRevision": labels[-1],
    }


def _daemon_status(pods: list[Obj]) -> Obj:
    ready = sum(map(is_ready, pods))
    return {
        "observedGeneration": 1,
        "desiredNumberScheduled": len(pods),
        "currentNumberScheduled": len(pods),
        "updatedNumberScheduled": len(pods),
        "numberReady": ready,
        "numberAvailable": ready,
        "numberUnavailable": len(pods) - ready,
    }


@expands("pod")
def bare_pod(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """A pod without a controller; `owner: {kind, name, api}` gives it one that nobody reads."""
    refs: list[Obj] = []
    if above := entry.get("owner"):
        refs = owner(above["kind"], entry.get("namespace", "shop"), above["name"],
                     above.get("api", "example.org/v1"))  # fmt: skip
    line = {**entry, "containers": entry.get("status")}
    yield pod(world, entry, line, entry["name"], template(entry, {}), refs, 0)
