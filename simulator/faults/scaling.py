"""Faults of replica counts and Jobs."""

from datetime import datetime

from simulator.apimachinery.objects import Obj
from simulator.apiserver import registry
from simulator.apiserver.context import WriteContext
from simulator.cluster.container_behaviour import Image
from simulator.faults.base import Fault, fault


@fault
class ScaledToZero(Fault):
    """Somebody scaled to 0 while a Service still selects the pods."""

    name, code, cause = "scaled_to_zero", "F33", "SCALED_TO_ZERO"
    ends_by = ("restore_replicas",)
    default = "payments/deployment/gateway"

    def inject(self, now: datetime) -> None:
        self.before = self.obj()

        def mutate(obj: Obj) -> Obj:
            obj["spec"]["replicas"] = 0
            return obj

        self.update(mutate, now, manager="kubectl-scale")


def _job(namespace: str, name: str, image: str, backoff_limit: int) -> Obj:
    container = {
        "name": "job",
        "image": image,
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
    }
    pod = {"restartPolicy": "Never", "containers": [container]}
    spec = {
        "backoffLimit": backoff_limit,
        "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
    }
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": spec,
    }


class JobFault(Fault):
    """Creates a Job that ends as its image does."""

    default = "payments/job/settlement"
    backoff_limit = 2

    def create(self, image: str, now: datetime) -> None:
        obj = _job(self.target.namespace, self.target.name, image, self.backoff_limit)
        registry.create(
            self.cluster, self.cluster.resource("jobs.batch"), obj, WriteContext(now, "kubectl")
        )

    def tag(self, tag: str) -> str:
        return f"registry.example.com/{self.target.namespace}/{self.target.name}:{tag}"

    def clear(self, now: datetime) -> None:
        from simulator.apiserver.context import DeleteOptions
        from simulator.apiserver.deletion import delete

        options = DeleteOptions(propagation="Background")
        resource = self.cluster.resource("jobs.batch")
        if self.cluster.store.get("jobs.batch", self.target.namespace, self.target.name):
            delete(
                self.cluster,
                resource,
                self.target.namespace,
                self.target.name,
                options,
                WriteContext(now, "kubectl"),
            )


@fault
class JobFailed(JobFault):
    name, code, cause = "job_failed", "F36", "JOB_FAILED"
    ends_by = ("rerun_job",)

    def inject(self, now: datetime) -> None:
        log = ("INFO settlement started", "ERROR connection to ledger lost", "exit status 1")
        self.cluster.behaviour.add_image(self.tag("v1"), Image(exit_code=1, run_seconds=3, log=log))
        self.create(self.tag("v1"), now)


@fault
class FinishedJobWithFailures(JobFault):
    """Two pods failed, the third succeeded: the Job is Complete."""

    name, code = "finished_job_with_failures", "C02"
    default = "payments/job/import-rates"
    backoff_limit = 4

    def inject(self, now: datetime) -> None:
        self.image_name = self.tag("v1")
        self.cluster.behaviour.add_image(self.image_name, Image(exit_code=1, run_seconds=2))
        self.create(self.image_name, now)
        self._run_until_failed(now)
        self.cluster.behaviour.add_image(
            self.image_name, Image(run_seconds=3, log=("INFO imported 184 rates",))
        )

    def _run_until_failed(self, now: datetime) -> None:
        from datetime import timedelta

        for second in range(1, 120):
            self.simulator.engine.run_until(now + timedelta(seconds=second))
            if (self.obj().get("status") or {}).get("failed", 0) >= 2:
                return


@fault
class RetriedJob(JobFault):
    """Its pods fail until `mend`; the next one succeeds, and the Job is Complete."""

    name, code = "retried_job", "C02"
    default = "payments/job/import-rates"
    backoff_limit = 4

    def inject(self, now: datetime) -> None:
        self.cluster.behaviour.add_image(self.tag("v2"), Image(exit_code=1, run_seconds=2))
        self.create(self.tag("v2"), now)

    def mend(self) -> None:
        self.cluster.behaviour.add_image(self.tag("v2"), Image(run_seconds=3))
