"""Cordon a node, then evict its pods: those of the dry run, one by one, by UID, never by force.

Before each eviction mode, stop switch and lease are read again. What a PodDisruptionBudget holds
back stays and is named; nobody's budget is waited out beyond the attempt's own time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from detection.domain.findings import ObjectRef
from detection.domain.units import counted
from detection.kubernetes.client import Forbidden, NotFound, TooManyRequests
from detection.snapshot.pod_status import MIRROR
from remediation.actions.base import Object, Patch, put
from remediation.actions.nodes import UNSCHEDULABLE, is_cordoned
from remediation.actions.rollback import TEMPLATE_HASH
from remediation.cluster import writer
from remediation.cluster.writer import ObjectChanged, Session
from remediation.execution.strategies.base import Refusal, Rehearsal, Strategy, Task, before, ref_of
from remediation.execution.strategies.clean_failed import controlling_reference
from remediation.execution.strategies.evict import budget_lines

MOST_PODS = 110
PAUSE_SECONDS = 3.0
TERMINATING = "NamespaceTerminating"
SYSTEM_PRIORITIES = frozenset({"system-node-critical", "system-cluster-critical"})
OVER = frozenset({"Succeeded", "Failed"})


class Drain(Strategy):
    name = "drain"

    def rehearse(self, task: Task, seen: dict[str, Any]) -> Rehearsal:
        pods = _to_evict(task)
        if not is_cordoned(seen):
            writer.patch(task.session, task.owner, seen, _cordon(seen), dry_run=True)
        lines = [f"Node {task.owner.name}: cordoned"]
        pods = [item for item in pods if _may_be_evicted(task, ref_of("Pod", item))]
        for item in pods:
            pod = ref_of("Pod", item)
            lines += [f"Pod {pod.namespace}/{pod.name}: evicted", *budget_lines(task.session, item)]
        moved = [ref_of("Pod", item).as_dict() for item in pods]
        kept = before(seen) | {"pods": moved, "owners": _owners_of(pods)}
        inverse = task.candidate.entry.inverse(seen, {"name": task.owner.name})
        return Rehearsal(seen, tuple(dict.fromkeys(lines)), None, inverse, kept)

    def carry_out(self, task: Task, seen: Object, rehearsal: Rehearsal) -> dict[str, Any]:
        writer.write(task.session, task.owner, seen, _cordon, task.attempt)
        left = [ObjectRef(**item) for item in rehearsal.before["pods"]]
        count, deadline = len(left), time.monotonic() + _patience(task)
        while left := [pod for pod in left if not _evicted(task, pod)]:
            if time.monotonic() + PAUSE_SECONDS > min(deadline, task.session.until):
                break
            time.sleep(PAUSE_SECONDS)
        held = [f"{pod.namespace}/{pod.name}" for pod in left]
        return {"evicted": count - len(held), "held back by a budget": held}

    def happened(
        self, session: Session, owner: ObjectRef, target: ObjectRef, attempt: str, before: Object
    ) -> bool:
        try:
            return writer.attempt_of(writer.read(session, owner)) == attempt
        except (NotFound, ObjectChanged):
            return False


def _cordon(node: Object) -> Patch:
    return [] if is_cordoned(node) else put(node, UNSCHEDULABLE, True)


def _patience(task: Task) -> float:
    return float(task.candidate.parameters.get("timeout", 60))


def _may_be_evicted(task: Task, pod: ObjectRef) -> bool:
    """By the server's dry run, which raises its refusal; False for what ends without us."""
    try:
        writer.evict(task.session, pod, dry_run=True)
    except NotFound:
        return False
    except Forbidden as error:
        if not ends_with_its_namespace(error):
            raise
        return False
    return True


def ends_with_its_namespace(error: Forbidden) -> bool:
    """A terminating namespace takes no eviction: its pods are deleted with it."""
    details = (error.body or {}).get("details") or {}
    return any(one.get("reason") == TERMINATING for one in details.get("causes") or [])


def _evicted(task: Task, pod: ObjectRef) -> bool:
    """Gone or on its way; False where a PodDisruptionBudget holds it back."""
    grace = task.candidate.parameters.get("grace_period")
    try:
        writer.evict(task.session, pod, False, int(grace) if grace else None)
    except TooManyRequests:
        return False
    except NotFound:
        return True
    except Forbidden as error:
        if not ends_with_its_namespace(error):
            raise
    return True


def _to_evict(task: Task) -> list[dict[str, Any]]:
    """The node's pods that move; Refusal where one of them must not be evicted."""
    found = writer.list_of(task.session, "Pod", "", "", f"spec.nodeName={task.owner.name}")
    pods = [pod for pod in found if not _stays(pod)]
    if len(pods) > MOST_PODS:
        raise Refusal(f"{counted(len(pods), 'pod')} would be evicted; the limit is {MOST_PODS}")
    if reasons := [reason for pod in pods if (reason := why_not(pod))]:
        raise Refusal(f"{task.candidate.command}: " + "; ".join(reasons[:5]))
    return pods


def _owners_of(pods: Iterable[Object]) -> list[list[str]]:
    """(kind, namespace, name) of the workloads that lose pods, each once."""
    return [list(owner) for owner in sorted({_owner_of(pod) for pod in pods})]


def _owner_of(pod: Object) -> tuple[str, str, str]:
    """Its controller; of a ReplicaSet that a Deployment made, the Deployment."""
    meta, above = pod["metadata"], controlling_reference(pod)
    kind, name = above.get("kind", ""), above.get("name", "")
    made_with = (meta.get("labels") or {}).get(TEMPLATE_HASH)
    if kind == "ReplicaSet" and made_with and name.endswith(f"-{made_with}"):
        kind, name = "Deployment", name.removesuffix(f"-{made_with}")
    return kind, meta["namespace"], name


def _stays(pod: Object) -> bool:
    """What a drain leaves alone: DaemonSet pods, the node's own static pods, what is over."""
    meta = pod["metadata"]
    static = MIRROR in (meta.get("annotations") or {})
    over = (pod.get("status") or {}).get("phase") in OVER or bool(meta.get("deletionTimestamp"))
    return static or over or controlling_reference(pod).get("kind") == "DaemonSet"


def why_not(pod: Object) -> str:
    """Why this pod must not be evicted by a drain; '' where it may."""
    meta, spec = pod["metadata"], pod.get("spec") or {}
    name = f"{meta['namespace']}/{meta['name']}"
    if not controlling_reference(pod):
        return f"{name} has no controller, so nothing would recreate it"
    if meta["namespace"] in settings.PROTECTED_NAMESPACES:
        return f"{name} is in a protected namespace"
    if spec.get("priorityClassName") in SYSTEM_PRIORITIES:
        return f"{name} has a system priority class"
    local = [v["name"] for v in spec.get("volumes") or [] if "emptyDir" in v or "hostPath" in v]
    return f"{name} keeps data on the node (volume {local[0]})" if local else ""
