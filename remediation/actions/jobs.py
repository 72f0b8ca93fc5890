"""Job actions."""

from __future__ import annotations

from collections.abc import Iterable

from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from remediation.actions.base import Action, IncidentRecord, Line, Object, Parameters, Right, Risk
from remediation.actions.parameters import NAME, NAMESPACE

IDEMPOTENT = "kubewise.io/idempotent"


class RerunJob(Action):
    """Only where the Job is annotated `kubewise.io/idempotent: "true"`."""

    name = "rerun_job"
    family = "rerun_job"
    kinds = ("Job", "CronJob")
    parameters = (NAME, NAMESPACE)
    description = "Run a failed Job once more, as a new Job."
    impact = "The Job's work is done a second time."
    estimated_duration = "as long as the Job"
    risk = Risk.MEDIUM
    strategy = "create"
    traits = frozenset()
    recognised_by = "a Job whose name ends in the attempt's number, with its annotation, exists"
    rights = (Right("batch", "jobs", "create"),)

    def bounds(self, target: Object, parameters: Parameters) -> str:
        """Read anew at execution: the mark of intent may have been taken away."""
        if not is_idempotent(target):
            return f'it is not annotated {IDEMPOTENT}: "true"'
        if (target.get("spec") or {}).get("suspend"):
            return "it is suspended"
        if (target.get("status") or {}).get("active"):
            return "a run of it is active"
        return ""

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return ()

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        """Nothing that stands is changed; the dry run names the new Job."""
        return []

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        name, namespace = parameters["name"], parameters["namespace"]
        if kind == "CronJob":
            return f"kubectl create job {name}-rerun -n {namespace} --from=cronjob/{name}"
        strip = "jq 'del(.spec.selector,.spec.template.metadata.labels,.status)"
        strip += f' | .metadata={{name:"{name}-rerun",namespace:"{namespace}"}}\''
        return f"kubectl get job {name} -n {namespace} -o json | {strip} | kubectl create -f -"


def is_idempotent(target: Object) -> bool:
    """On the object itself, or on the template of a CronJob's Jobs."""
    template = ((target.get("spec") or {}).get("jobTemplate") or {}).get("metadata") or {}
    marks = [target["metadata"].get("annotations") or {}, template.get("annotations") or {}]
    return any(found.get(IDEMPOTENT) == "true" for found in marks)
