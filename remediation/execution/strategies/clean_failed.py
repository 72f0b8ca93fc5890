"""Removing the owner's pods that are over, by eviction with their UIDs."""

from __future__ import annotations

from typing import Any

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import NotFound
from remediation.actions.base import Object
from remediation.cluster import writer
from remediation.cluster.writer import ObjectChanged, Session
from remediation.execution.strategies.base import (
    NothingToChange,
    Rehearsal,
    Strategy,
    Task,
    before,
    ref_of,
)
from remediation.execution.strategies.evict import is_ending

MOST_PODS = 50


class Clean(Strategy):
    name = "clean"

    def rehearse(self, task: Task, seen: dict[str, Any]) -> Rehearsal:
        pods = [ref_of("Pod", item) for item in _leftovers(task)][:MOST_PODS]
        if not pods:
            raise NothingToChange("no pod is in phase Failed")
        for pod in pods:
            writer.evict(task.session, pod, dry_run=True)
        lines = tuple(f"Pod {pod.namespace}/{pod.name}: Failed → (removed)" for pod in pods)
        kept = before(seen) | {"pods": [pod.as_dict() for pod in pods]}
        return Rehearsal(seen, lines, before=kept)

    def carry_out(self, task: Task, seen: Object, rehearsal: Rehearsal) -> dict[str, Any]:
        """Each is read again first: what is over stays over, so this only guards the name."""
        removed = []
        for item in rehearsal.before["pods"]:
            pod = ObjectRef(**item)
            if _is_over(task.session, pod):
                writer.evict(task.session, pod, dry_run=False)
                removed.append(item)
        return {"removed": removed}

    def happened(
        self, session: Session, owner: ObjectRef, target: ObjectRef, attempt: str, before: Object
    ) -> bool:
        pods = [ObjectRef(**item) for item in before.get("pods") or []]
        return any(is_ending(session, pod) for pod in pods)


def _leftovers(task: Task) -> list[dict[str, Any]]:
    """Failed pods of the owner in the named namespace; those of Jobs are evidence and stay."""
    namespace = str(task.candidate.parameters["namespace"])
    pods = writer.list_of(task.session, "Pod", namespace, "", "status.phase=Failed")
    owners = _sets_of(task, namespace)
    return [pod for pod in pods if _is_leftover(pod, task.owner, owners)]


def _sets_of(task: Task, namespace: str) -> set[str]:
    """UIDs whose pods are the owner's: itself, and a Deployment's ReplicaSets."""
    found = {task.owner.uid}
    if task.owner.kind == "Deployment":
        sets = writer.list_of(task.session, "ReplicaSet", namespace, "")
        found |= {
            i["metadata"]["uid"] for i in sets if controlling_reference(i).get("uid") in found
        }
    return found


def _is_leftover(pod: Object, owner: ObjectRef, owners: set[str]) -> bool:
    above = controlling_reference(pod)
    if not above or above.get("kind") == "Job" or pod["metadata"].get("deletionTimestamp"):
        return False
    if (pod.get("status") or {}).get("phase") != "Failed":
        return False
    if owner.kind == "Node":
        return bool((pod.get("spec") or {}).get("nodeName") == owner.name)
    return above.get("uid") in owners


def controlling_reference(item: Object) -> dict[str, Any]:
    """The controlling ownerReference; {} where there is none."""
    refs = item["metadata"].get("ownerReferences") or []
    return next((dict(ref) for ref in refs if ref.get("controller")), {})


def _is_over(session: Session, pod: ObjectRef) -> bool:
    try:
        found = writer.read(session, pod)
    except (NotFound, ObjectChanged):
        return False
    return (found.get("status") or {}).get("phase") == "Failed"
