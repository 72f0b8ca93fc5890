"""The eviction of one pod. PodDisruptionBudgets are judged by the API server's dry run."""

from __future__ import annotations

from typing import Any

from detection.domain.findings import ObjectRef
from detection.domain.units import counted
from detection.kubernetes.client import NotFound
from remediation.actions.base import Object
from remediation.cluster import writer
from remediation.cluster.writer import ObjectChanged, Session
from remediation.execution.strategies.base import Rehearsal, Strategy, Task, before


class Evict(Strategy):
    name = "evict"

    def rehearse(self, task: Task, seen: dict[str, Any]) -> Rehearsal:
        target = task.candidate.target
        pod = writer.read(task.session, target)
        if pod["metadata"].get("deletionTimestamp"):
            raise ObjectChanged("the pod is already terminating")
        writer.evict(task.session, target, dry_run=True)
        phase = (pod.get("status") or {}).get("phase", "unknown")
        line = f"Pod {target.namespace}/{target.name}: {phase} → evicted"
        return Rehearsal(seen, (line, *budget_lines(task.session, pod)), before=before(seen))

    def carry_out(self, task: Task, seen: Object, rehearsal: Rehearsal) -> dict[str, Any]:
        writer.evict(task.session, task.candidate.target, dry_run=False)
        return {"evicted": task.candidate.target.as_dict()}

    def happened(
        self, session: Session, owner: ObjectRef, target: ObjectRef, attempt: str, before: Object
    ) -> bool:
        return is_ending(session, target)


def is_ending(session: Session, pod: ObjectRef) -> bool:
    try:
        found = writer.read(session, pod)
    except (NotFound, ObjectChanged):
        return True
    return bool(found["metadata"].get("deletionTimestamp"))


def budget_lines(session: Session, pod: Object) -> list[str]:
    """What the PodDisruptionBudgets of the pod leave."""
    labels = pod["metadata"].get("labels") or {}
    found = writer.budgets_over(session, pod["metadata"]["namespace"], labels)
    return [
        f"PodDisruptionBudget {item['metadata']['name']}: "
        f"{counted((item.get('status') or {}).get('disruptionsAllowed', 0), 'disruption')} allowed"
        for item in found
    ]
