"""JSON Patches of the owner, or of the autoscaler that scales it."""

from __future__ import annotations

from typing import Any

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import NotFound
from remediation.actions.base import Object, Patch, Trait, Wish
from remediation.cluster import writer
from remediation.cluster.diff import diff
from remediation.cluster.writer import ObjectChanged, Session
from remediation.digests import spec_hash
from remediation.execution.strategies.base import (
    NothingToChange,
    Refusal,
    Rehearsal,
    Strategy,
    Task,
    before,
)
from remediation.execution.strategies.capacity import shortage
from remediation.execution.strategies.rollback_template import older_template


class Patching(Strategy):
    name = "patch"

    def rehearse(self, task: Task, seen: dict[str, Any]) -> Rehearsal:
        subject = _subject(task, seen)
        _require_bounds(task, subject)
        template = older_template(
            task.session, seen, task.owner, task.candidate.parameters.get("revision")
        )
        wish = Wish(task.candidate.parameters, task.stamp, template)
        change = task.candidate.entry.change(subject, wish)
        after = subject
        if change:
            after = writer.patch(task.session, _ref(task), subject, change, dry_run=True)
        lines = tuple(diff(subject, after))
        if not lines:
            raise NothingToChange("nothing would change: the object already has these values")
        inverse = task.candidate.entry.inverse(subject, task.candidate.parameters)
        return Rehearsal(seen, lines, template, inverse, before(seen), subject)

    def carry_out(self, task: Task, seen: Object, rehearsal: Rehearsal) -> dict[str, Any]:
        wish = Wish(task.candidate.parameters, task.stamp, rehearsal.template)

        def change_of(found: Object) -> Patch:
            return task.candidate.entry.change(found, wish)

        subject = _unchanged(task, seen, rehearsal)
        after = writer.write(task.session, _ref(task), subject, change_of, task.attempt)
        return {name: after["metadata"].get(name) for name in KEPT}

    def happened(
        self, session: Session, owner: ObjectRef, target: ObjectRef, attempt: str, before: Object
    ) -> bool:
        try:
            found = writer.read(session, target if _is_other(owner, target) else owner)
        except (NotFound, ObjectChanged):
            return False
        return writer.attempt_of(found) == attempt


KEPT = ("uid", "resourceVersion", "generation")


def _is_other(owner: ObjectRef, target: ObjectRef) -> bool:
    return target.uid != owner.uid


def _ref(task: Task) -> ObjectRef:
    return task.candidate.target if _is_other(task.owner, task.candidate.target) else task.owner


def _subject(task: Task, seen: dict[str, Any]) -> dict[str, Any]:
    """What is written: the owner, or an autoscaler that is proven to scale it."""
    target = task.candidate.target
    if not _is_other(task.owner, target):
        return seen
    found = writer.read(task.session, target)
    scaled = (found.get("spec") or {}).get("scaleTargetRef") or {}
    if (scaled.get("kind"), scaled.get("name")) != (task.owner.kind, task.owner.name):
        raise Refusal(f"{target} does not scale {task.owner}")
    return found


def _require_bounds(task: Task, subject: dict[str, Any]) -> None:
    entry, parameters = task.candidate.entry, task.candidate.parameters
    reason = entry.bounds(subject, parameters)
    if not reason and Trait.SETS_RESOURCES in entry.traits:
        reason = shortage(task.session, subject, parameters)
    if reason:
        raise Refusal(f"{task.candidate.command}: {reason}")


def _unchanged(task: Task, seen: Object, rehearsal: Rehearsal) -> Object:
    """The subject read once more; ObjectChanged where its spec is not the rehearsed one."""
    if not _is_other(task.owner, task.candidate.target):
        return seen
    fresh = writer.read(task.session, task.candidate.target)
    if spec_hash(fresh) != spec_hash(rehearsal.subject or {}):
        raise ObjectChanged(f"the spec of {task.candidate.target} changed since the dry run")
    return fresh
