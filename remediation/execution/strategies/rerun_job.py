"""A failed Job once more: a new Job of the same template, named after the attempt."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import Conflict, NotFound
from remediation.actions.base import ATTEMPT, Object
from remediation.cluster import writer
from remediation.cluster.writer import ObjectChanged, Session
from remediation.execution.strategies.base import Refusal, Rehearsal, Strategy, Task, before

LONGEST_NAME = 63
API_VERSION = "batch/v1"
OF_THE_CONTROLLER = frozenset(
    {
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
    }
)


class Create(Strategy):
    name = "create"

    def rehearse(self, task: Task, seen: dict[str, Any]) -> Rehearsal:
        if reason := task.candidate.entry.bounds(seen, task.candidate.parameters):
            raise Refusal(f"{task.candidate.command}: {reason}")
        job = job_of(task.owner, seen, task.attempt)
        writer.create(task.session, "Job", job, dry_run=True)
        line = f"Job {task.owner.namespace}/{job['metadata']['name']}: (none) → created"
        return Rehearsal(seen, (line,), before=before(seen))

    def carry_out(self, task: Task, seen: Object, rehearsal: Rehearsal) -> dict[str, Any]:
        """The name is the attempt's own: a Job that has it already was made by this attempt."""
        if reason := task.candidate.entry.bounds(seen, task.candidate.parameters):
            raise ObjectChanged(reason)
        job = job_of(task.owner, seen, task.attempt)
        try:
            made = writer.create(task.session, "Job", job, dry_run=False)
        except Conflict:
            made = writer.read(task.session, _ref(task.owner, task.attempt))
            if writer.attempt_of(made) != task.attempt:
                raise
        return {"created": job["metadata"]["name"], "uid": made["metadata"].get("uid")}

    def happened(
        self, session: Session, owner: ObjectRef, target: ObjectRef, attempt: str, before: Object
    ) -> bool:
        try:
            return writer.attempt_of(writer.read(session, _ref(owner, attempt))) == attempt
        except (NotFound, ObjectChanged):
            return False


def rerun_name(owner: str, attempt: str) -> str:
    """A Job's name that only this attempt has; at most 63 characters, as its pods' label is."""
    suffix = f"-rerun-{attempt}"
    return owner[: LONGEST_NAME - len(suffix)].rstrip("-.") + suffix


def _ref(owner: ObjectRef, attempt: str) -> ObjectRef:
    return ObjectRef("Job", owner.namespace, rerun_name(owner.name, attempt), "")


def job_of(owner: ObjectRef, seen: Object, attempt: str) -> dict[str, Any]:
    """The new Job, controlled by the object that is run again, so that its end counts for it."""
    source = seen["spec"]["jobTemplate"] if owner.kind == "CronJob" else seen
    spec = deepcopy(dict(source["spec"]))
    spec.pop("selector", None)
    spec.pop("manualSelector", None)
    template = spec["template"].get("metadata") or {}
    labels = template.get("labels") or {}
    spec["template"]["metadata"] = {
        "labels": {key: value for key, value in labels.items() if key not in OF_THE_CONTROLLER},
        "annotations": dict(template.get("annotations") or {}),
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "Job",
        "metadata": {
            "name": rerun_name(owner.name, attempt),
            "namespace": owner.namespace,
            "annotations": {ATTEMPT: attempt, "cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": owner.kind,
                    "name": owner.name,
                    "uid": owner.uid,
                    "controller": True,
                }
            ],
        },
        "spec": spec,
    }
