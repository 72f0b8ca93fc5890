"""Whether a failure was truly repaired, judged from the cluster's objects alone.

It knows nothing of the product. `Dump` is the cluster by (table, namespace, name); `healthy` was
taken before the failure, `broken` before the remediation, `after` at the end. A repair that
deletes the object, scales it away or takes its probes off is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from simulator.apimachinery.quantities import parse_quantity

Key = tuple[str, str, str]
Object = Mapping[str, Any]
Dump = Mapping[Key, Object]
WORKLOADS = frozenset({"deployments.apps", "statefulsets.apps", "daemonsets.apps"})
# What controllers write by themselves, whatever is wrong or right.
MADE_BY_CONTROLLERS = frozenset(
    {
        "events",
        "events.events.k8s.io",
        "endpoints",
        "endpointslices.discovery.k8s.io",
        "leases.coordination.k8s.io",
        "replicasets.apps",
        "controllerrevisions.apps",
        "pods",
        "persistentvolumes",
    }
)
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
SCALERS = "horizontalpodautoscalers.autoscaling"
FAULTS = ("KernelDeadlock", "ReadonlyFilesystem", "FrequentKubeletRestart")
OURS = frozenset({"kubewise.io/attempt", "deployment.kubernetes.io/revision"})


def dump(tables: Mapping[str, Any]) -> dict[Key, Object]:
    """Copies of all objects of a simulator's store."""
    return {
        (name, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]): obj
        for name, table in list(tables.items())
        for obj in list(table.objects.values())
    }


def why_not_repaired(target: Key, healthy: Dump, broken: Dump, after: Dump) -> list[str]:
    """[] where the target is well, in the full sense; else what is missing."""
    found = after.get(target)
    if found is None:
        return [f"{target} is gone"]
    before = broken.get(target) or healthy.get(target) or found
    if before["metadata"]["uid"] != found["metadata"]["uid"]:
        return [f"{target} is another object now"]
    if target[0] == "jobs.batch":
        return list(_job(found, after))
    if target[0] == "cronjobs.batch":
        return list(_cronjob(found, before, after, broken))
    if target[0] in WORKLOADS:
        was = healthy.get(target, found)
        return [*_workload(target, was, found), *_scaler(target, broken, after)]
    if target[0] == "nodes":
        return list(_node(found, broken, after))
    if target[0] == "persistentvolumeclaims":
        return list(_claim(before, found))
    return [f"no judgement for {target[0]}"]


def _job(found: Object, after: Dump) -> Iterator[str]:
    """It, or a run of it that it controls, is Complete."""
    uid = found["metadata"]["uid"]
    runs = [obj for key, obj in after.items() if key[0] == "jobs.batch" and _is_of(obj, uid)]
    if not any(_is_true(obj, "Complete") for obj in (found, *runs)):
        yield "neither the Job nor a run of it is Complete"


def _cronjob(found: Object, before: Object, after: Dump, broken: Dump) -> Iterator[str]:
    """A Job of it that was not there before is Complete, and it is as it was."""
    uid = found["metadata"]["uid"]
    jobs = [key for key, obj in after.items() if key[0] == "jobs.batch" and _is_of(obj, uid)]
    if not any(_is_true(after[key], "Complete") for key in jobs if key not in broken):
        yield "no new Job of it is Complete"
    if found["spec"] != before["spec"]:
        yield "the CronJob itself was changed"


def _scaler(target: Key, broken: Dump, after: Dump) -> Iterator[str]:
    """Its autoscaler is there, bounded as before or wider, and not at its end."""
    for key, old in broken.items():
        if key[0] == SCALERS and _scales(old, target):
            yield from _of_scaler(f"its autoscaler {key[2]}", old, after.get(key))


def _of_scaler(named: str, old: Object, new: Object | None) -> Iterator[str]:
    if new is None:
        yield f"{named} is gone"
        return
    if _is_narrower(new, old):
        yield f"{named} has narrower bounds"
    if any(map(_says_maximum, _conditions(new))):
        yield f"{named} is still at its maximum"


def _is_narrower(new: Object, old: Object) -> bool:
    least, most = (new["spec"].get(name) or 1 for name in ("minReplicas", "maxReplicas"))
    return bool(least < (old["spec"].get("minReplicas") or 1) or most < old["spec"]["maxReplicas"])


def _says_maximum(condition: Mapping[str, Any]) -> bool:
    limited = condition["type"] == "ScalingLimited" and condition["status"] == "True"
    return limited and condition.get("reason") == "TooManyReplicas"


def _node(found: Object, broken: Dump, after: Dump) -> Iterator[str]:
    """Ready without pressure, open for pods, and nothing waits for room that it had before."""
    if not _is_true(found, "Ready"):
        yield "the node is not Ready"
    for kind in ("DiskPressure", "MemoryPressure", "PIDPressure", *FAULTS):
        if _is_true(found, kind):
            yield f"the node has {kind}"
    if found["spec"].get("unschedulable"):
        yield "the node takes no pods"
    waiting = [key for key, obj in after.items() if key[0] == "pods" and _waits_for_room(obj)]
    if waiting:
        yield f"{len(waiting)} pods wait for room"


def _claim(before: Object, found: Object) -> Iterator[str]:
    """The same claim on the same volume, Bound, and its file system is larger than it was."""
    if (found.get("status") or {}).get("phase") != "Bound":
        yield "the claim is not Bound"
    if found["spec"].get("volumeName") != before["spec"].get("volumeName"):
        yield "the claim has another volume"
    was, now = (_size(one) for one in (before, found))
    if now <= was:
        yield f"its capacity is {now:g}, it was {was:g}"


def _size(claim: Object) -> float:
    capacity = ((claim.get("status") or {}).get("capacity") or {}).get("storage", "0")
    return parse_quantity(capacity)


def _waits_for_room(pod: Object) -> bool:
    return any(one["type"] == "PodScheduled" and one["status"] == "False"
               for one in _conditions(pod))  # fmt: skip


def _scales(scaler: Object, target: Key) -> bool:
    wanted = (scaler.get("spec") or {}).get("scaleTargetRef") or {}
    table = f"{wanted.get('kind', '').lower()}s.apps"
    here = scaler["metadata"].get("namespace", "") == target[1]
    return here and (table, wanted.get("name")) == (target[0], target[2])


def _workload(target: Key, healthy: Object, found: Object) -> Iterator[str]:
    status, wanted = found.get("status") or {}, _wanted(healthy)
    if _wanted(found) < max(wanted, 1):
        yield f"{_wanted(found)} replicas are asked for, {wanted} were"
    ready = status.get("readyReplicas", status.get("numberReady", 0)) or 0
    if ready < max(_wanted(found), 1):
        yield f"{ready} of {_wanted(found)} are ready"
    if status.get("observedGeneration", 0) < found["metadata"].get("generation", 0):
        yield "its controller has not seen the newest spec"
    yield from _template(_containers(healthy), _containers(found))
    if found["spec"].get("selector") != healthy["spec"].get("selector"):
        yield "its selector was changed"


def _wanted(obj: Object) -> int:
    status = obj.get("status") or {}
    return int(obj["spec"].get("replicas", status.get("desiredNumberScheduled", 1)))


def _template(healthy: Mapping[str, Object], found: Mapping[str, Object]) -> Iterator[str]:
    """The same containers, each with its probes, and with limits where there were some."""
    for name, container in healthy.items():
        now = found.get(name)
        if now is None:
            yield f"container {name} is gone"
            continue
        for probe in PROBES:
            if probe in container and probe not in now:
                yield f"the {probe} of {name} was removed"
        if _limits(container) - _limits(now):
            yield f"a limit of {name} was removed"


def _containers(obj: Object) -> dict[str, Object]:
    return {c["name"]: c for c in obj["spec"]["template"]["spec"]["containers"]}


def _limits(container: Object) -> set[str]:
    return set((container.get("resources") or {}).get("limits") or {})


def changed_elsewhere(
    target: Key,
    broken: Dump,
    after: Dump,
    families: Iterable[str] = (),
    others: Collection[Key] = (),
) -> list[str]:
    """Every other object that differs: made, removed, or with another spec, label, annotation.

    With raise_hpa_max among the row's families, its own autoscaler's maximum may differ. `others`
    are targets that are judged by themselves.
    """
    raises = "raise_hpa_max" in families
    uid = broken[target]["metadata"].get("uid", "-") if target in broken else "-"
    found = []
    for key in sorted(_made_by_people(broken, after) - {target, *others}):
        old, new = broken.get(key), after.get(key)
        by_itself = _comes_by_itself(after.get(key) or broken[key], uid)
        if by_itself or (raises and _is_raised(target, old, new)):
            continue
        if said := _difference(old, new):
            found.append(f"{key} was {said}")
    return found


def _made_by_people(*dumps: Dump) -> set[Key]:
    return {key for held in dumps for key in held if key[0] not in MADE_BY_CONTROLLERS}


def _difference(old: Object | None, new: Object | None) -> str:
    if old is None or new is None:
        return "made" if old is None else "removed"
    return "changed" if _content(old) != _content(new) else ""


def _is_raised(target: Key, old: Object | None, new: Object | None) -> bool:
    """The target's own autoscaler, with nothing but its maximum changed."""
    if old is None or new is None or not _scales(old, target):
        return False
    return _but_most(old) == _but_most(new)


def _but_most(scaler: Object) -> dict[str, Any]:
    content = _content(scaler)
    return content | {"spec": {k: v for k, v in content["spec"].items() if k != "maxReplicas"}}


def _content(obj: Object) -> dict[str, Any]:
    meta = obj["metadata"]
    marks = {k: v for k, v in (meta.get("annotations") or {}).items() if k not in OURS}
    left = {k: v for k, v in obj.items() if k not in ("metadata", "status")}
    return left | {"labels": meta.get("labels") or {}, "annotations": marks}


def _comes_by_itself(obj: Object, uid: str) -> bool:
    """A run of the target's Job, which is part of its repair; or a CronJob's, by the clock."""
    return _is_of(obj, uid) or _is_a_cronjobs(obj)


def _is_a_cronjobs(obj: Object) -> bool:
    return any(ref.get("controller") and ref.get("kind") == "CronJob" for ref in _owners(obj))


def _is_of(obj: Object, uid: str) -> bool:
    return any(ref.get("uid") == uid for ref in _owners(obj))


def _is_true(obj: Object, kind: str) -> bool:
    return any(one["type"] == kind and one["status"] == "True" for one in _conditions(obj))


def _conditions(obj: Object) -> list[dict[str, Any]]:
    return list((obj.get("status") or {}).get("conditions") or [])


def pods_taken(target: Key, broken: Dump, after: Dump, others: Collection[Key] = ()) -> list[str]:
    """Pods of others that are gone or on their way: what controllers make anew was still killed.

    Dead pods are no loss, and from a dead node the control plane takes them by itself.
    """
    mine: set[str] = set().union(*(tree(one, broken) for one in (target, *others)))
    dead = _dead_nodes(broken)
    pods = [(key, pod) for key, pod in broken.items() if key[0] == "pods" and _lives(pod, dead)]
    return [
        f"pod {key[1]}/{key[2]} was taken"
        for key, pod in pods
        if mine.isdisjoint(ref["uid"] for ref in _owners(pod)) and _is_lost(pod, after.get(key))
    ]


def _dead_nodes(found: Dump) -> set[str]:
    nodes = [(key, obj) for key, obj in found.items() if key[0] == "nodes"]
    return {key[2] for key, obj in nodes if not _is_true(obj, "Ready")}


def _lives(pod: Object, dead: Collection[str]) -> bool:
    over = (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded")
    return not over and not _is_going(pod) and pod["spec"].get("nodeName") not in dead


def _is_lost(pod: Object, now: Object | None) -> bool:
    return now is None or now["metadata"]["uid"] != pod["metadata"]["uid"] or _is_going(now)


def tree(target: Key, broken: Dump) -> set[str]:
    """UIDs of the target, and of the ReplicaSets and Jobs below it."""
    found = {broken[target]["metadata"]["uid"]} if target in broken else set()
    for key, obj in broken.items():
        if key[0] in ("replicasets.apps", "jobs.batch"):
            found |= {obj["metadata"]["uid"]} if any(_is_of(obj, uid) for uid in found) else set()
    return found


def _owners(obj: Object) -> list[dict[str, Any]]:
    return list(obj["metadata"].get("ownerReferences") or [])


def _is_going(obj: Object) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))
