"""Whether a failure was truly repaired, judged from the cluster's objects alone.

It knows nothing of the product. `Dump` is the cluster by (table, namespace, name); `healthy` was
taken before the failure, `broken` before the remediation, `after` at the end. A repair that
deletes the object, scales it away or takes its probes off is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
    if target[0] in WORKLOADS:
        return list(_workload(target, healthy.get(target, found), found))
    return [f"no judgement for {target[0]}"]


def _job(found: Object, after: Dump) -> Iterator[str]:
    """It, or a run of it that it controls, is Complete."""
    uid = found["metadata"]["uid"]
    runs = [obj for key, obj in after.items() if key[0] == "jobs.batch" and _is_of(obj, uid)]
    if not any(_is_true(obj, "Complete") for obj in (found, *runs)):
        yield "neither the Job nor a run of it is Complete"


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


def changed_elsewhere(target: Key, broken: Dump, after: Dump) -> list[str]:
    """Every other object that differs: made, removed, or with another spec, label, annotation."""
    uid = (broken.get(target) or {"metadata": {}})["metadata"].get("uid", "-")
    keys = {key for key in (*broken, *after) if key[0] not in MADE_BY_CONTROLLERS} - {target}
    found = []
    for key in sorted(keys):
        old, new = broken.get(key), after.get(key)
        if _belongs(new or old or {}, uid) or _is_a_cronjobs(new or old or {}):
            continue
        if old is None or new is None:
            found.append(f"{key} was {'made' if old is None else 'removed'}")
        elif _content(old) != _content(new):
            found.append(f"{key} was changed")
    return found


def _content(obj: Object) -> dict[str, Any]:
    meta = obj["metadata"]
    marks = {k: v for k, v in (meta.get("annotations") or {}).items() if k not in OURS}
    left = {k: v for k, v in obj.items() if k not in ("metadata", "status")}
    return left | {"labels": meta.get("labels") or {}, "annotations": marks}


def _belongs(obj: Object, uid: str) -> bool:
    """Made by the target, so part of its repair: a run of its Job."""
    return bool(obj) and _is_of(obj, uid)


def _is_a_cronjobs(obj: Object) -> bool:
    """A Job that is due comes and goes by the clock."""
    refs = (obj.get("metadata") or {}).get("ownerReferences") or []
    return any(ref.get("controller") and ref.get("kind") == "CronJob" for ref in refs)


def _is_of(obj: Object, uid: str) -> bool:
    return any(ref.get("uid") == uid for ref in obj["metadata"].get("ownerReferences") or [])


def _is_true(obj: Object, kind: str) -> bool:
    conditions = (obj.get("status") or {}).get("conditions") or []
    return any(one["type"] == kind and one["status"] == "True" for one in conditions)
