"""Job actions: text for people until they have their own guards."""

from __future__ import annotations

from remediation.actions.base import Action, Effect, Parameters, Right, Risk
from remediation.actions.parameters import NAME, NAMESPACE


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
    effect = Effect.TEXT
    rights = (Right("batch", "jobs", "create"),)

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        name, namespace = parameters["name"], parameters["namespace"]
        if kind == "CronJob":
            return f"kubectl create job {name}-rerun -n {namespace} --from=cronjob/{name}"
        strip = "jq 'del(.spec.selector,.spec.template.metadata.labels,.status)"
        strip += f' | .metadata={{name:"{name}-rerun",namespace:"{namespace}"}}\''
        return f"kubectl get job {name} -n {namespace} -o json | {strip} | kubectl create -f -"
