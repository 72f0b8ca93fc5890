"""Pods of scenarios: `{state: ready}`, or the state of each container."""

from __future__ import annotations

from typing import Any

from benchmarks.manifests.expand import (
    NODES,
    Entry,
    ManifestMoment,
    Obj,
    conditions,
    metadata,
    seconds,
)

READY_CONDITIONS = ("PodScheduled", "Initialized", "ContainersReady", "Ready")


def pod(
    world: ManifestMoment,
    entry: Entry,
    given: Entry,
    name: str,
    template: Obj,
    owners: list[Obj],
    index: int,
) -> Obj:
    """One pod made from its owner's template. `given` is its line in the scenario.

    `state`: ready (default), broken (its containers say how), unschedulable, unready (runs, not
    ready), terminating, evicted, succeeded, failed. `age`, `node`, `since` (of being unready),
    `containers: {name: {waiting, message, exit, reason, ran, ended, restarts, running}}`.
    """
    state = given.get("state", "broken" if states_of(given) else "ready")
    age = given.get("age", entry.get("age", "20d"))
    labels = {**template["metadata"]["labels"], **(given.get("labels") or {})}
    meta = metadata(world, "Pod", {"namespace": entry.get("namespace", "shop"), "age": age}, name)
    meta |= {"labels": labels, "ownerReferences": owners, "generateName": f"{name[:-5]}"}
    spec = dict(template["spec"])
    if state != "unschedulable":
        spec["nodeName"] = given.get("node") or NODES[index % len(NODES)]
    found = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
    found["status"] = _status(world, given, state, spec, age)
    if state == "terminating":
        meta["deletionTimestamp"] = world.at(given.get("deleted", "10s"))
        meta["finalizers"] = list(given.get("finalizers") or [])
        meta["deletionGracePeriodSeconds"] = 30
    return found


def states_of(given: Entry) -> dict[str, Any]:
    """`containers` of a pod's line: a map of states. A list there is the owner's, of shapes."""
    found = given.get("containers")
    return found if isinstance(found, dict) else {}


def _status(world: ManifestMoment, given: Entry, state: str, spec: Obj, age: str) -> Obj:
    if state == "evicted":
        return {
            "phase": "Failed",
            "reason": "Evicted",
            "message": "The node was low on resource: ephemeral-storage.",
            "startTime": world.at(age),
        }
    status: Obj = {
        **({"podIP": given["ip"]} if "ip" in given else {}),
        "phase": _phase(state, given),
        "startTime": world.at(age) if state != "unschedulable" else None,
        "conditions": _conditions(world, given, state, age),
        "containerStatuses": [],
        "initContainerStatuses": [],
    }
    if state == "unschedulable":
        return status
    told = states_of(given)
    for key in ("containers", "initContainers"):
        field = f"{key[:-1]}Statuses"
        for container in spec.get(key) or []:
            one = told.get(container["name"], {})
            init = key == "initContainers" and container.get("restartPolicy") != "Always"
            status[field].append(container_status(world, container, one, state, age, init, told))
    return status


def _phase(state: str, given: Entry) -> str:
    phases = {"unschedulable": "Pending", "succeeded": "Succeeded", "failed": "Failed"}
    default = phases.get(state, "Running")
    never_ran = state == "broken" and all(
        "waiting" in one and "exit" not in one for one in states_of(given).values()
    )
    return str(given.get("phase") or ("Pending" if never_ran else default))


def _conditions(world: ManifestMoment, given: Entry, state: str, age: str) -> list[Obj]:
    ready = state in ("ready", "terminating")
    since = given.get("since", age)
    unmet = {"status": "False", "reason": "ContainersNotReady", "age": since}
    met = {"status": "True", "age": given.get("since", age)}
    told: dict[str, Any] = {
        "PodScheduled": {"status": "True", "age": age},
        "Initialized": {"status": "True", "age": age},
        "ContainersReady": met if ready else unmet,
        "Ready": met if ready else unmet,
    }
    if state == "unschedulable":
        told = {
            "PodScheduled": {
                "status": "False",
                "reason": "Unschedulable",
                "message": given.get("message", "0/6 nodes are available: 6 Insufficient cpu."),
                "age": since,
            }
        }
    if state in ("succeeded", "failed"):
        told["Ready"] = {"status": "False", "reason": "PodCompleted", "age": since}
    return conditions(world, told | (given.get("conditions") or {}))


def container_status(
    world: ManifestMoment,
    container: Obj,
    told: Entry,
    state: str,
    age: str,
    init: bool,
    others: Entry,
) -> Obj:
    """The status of one container; without a word about it, it is as its pod's state says."""
    running = {"running": {"startedAt": world.at(told.get("running", age))}}
    ended = _ended(world, told) if "exit" in told else None
    status: Obj = {
        "name": container["name"],
        "image": container.get("image", ""),
        "ready": False,
        "restartCount": told.get("restarts", 0),
        "state": running,
        "lastState": {"terminated": ended} if ended else {},
    }
    if "waiting" in told:
        status["state"] = {
            "waiting": {"reason": told["waiting"], "message": told.get("message", "")}
        }
    elif ended and "running" not in told:
        status |= {"state": {"terminated": ended}, "lastState": {}}
    elif init and "running" not in told:
        done = {"exit": 0, "reason": "Completed", "ended": age, "ran": "2s"}
        status |= {"state": {"terminated": _ended(world, done)}, "ready": True}
    elif state in ("succeeded", "failed"):
        done = {"exit": 0, "reason": "Completed", "ended": "1m", "ran": "2s"}
        status["state"] = {"terminated": _ended(world, done)}
    else:
        status["ready"] = told.get("ready", _is_ready(state, told, others))
    return status


def _is_ready(state: str, told: Entry, others: Entry) -> bool:
    if state in ("ready", "terminating"):
        return True
    return state == "broken" and not told and bool(others)


def _ended(world: ManifestMoment, told: Entry) -> Obj:
    ended = seconds(told.get("ended", "30s"))
    ran = seconds(told.get("ran", "3s"))
    found = {
        "exitCode": told["exit"],
        "reason": told.get("reason", "Error" if told["exit"] else "Completed"),
        "startedAt": world.at(f"{ended + ran}s"),
        "finishedAt": world.at(f"{ended}s"),
    }
    return found | ({"message": told["endMessage"]} if "endMessage" in told else {})
