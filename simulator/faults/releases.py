"""Faults that a release brings."""

from copy import deepcopy
from datetime import datetime

from simulator.apimachinery.objects import Obj
from simulator.apiserver import registry
from simulator.apiserver.context import WriteContext
from simulator.cluster.container_behaviour import Image
from simulator.faults.base import Fault, fault

CRASH_LOG = (
    "INFO starting application",
    "INFO loading configuration from /etc/app/config.yaml",
    "ERROR could not parse setting 'payment.retries': invalid literal for int() with"
    " base 10: 'three'",
    "Traceback (most recent call last):",
    '  File "/app/main.py", line 42, in <module>',
    "ValueError: invalid literal for int() with base 10: 'three'",
)


@fault
class ImageNotFound(Fault):
    name, code, cause = "image_not_found", "F05", "IMAGE_NOT_FOUND"
    ends_by = ("rollback",)

    def inject(self, now: datetime) -> None:
        image = self.image("v9.9.9-missing")
        self.cluster.behaviour.remove_image(image)
        self.release(now, image=image)


@fault
class PullUnauthorized(Fault):
    """The registry refuses the new tag's pull."""

    name, code, cause = "pull_unauthorized", "F06", "PULL_UNAUTHORIZED"
    ends_by = ("renew the Secret",)

    def inject(self, now: datetime) -> None:
        self.new = self.image("v2.4.0")
        host = self.new.split("/", 1)[0]
        why = (
            f"unexpected status from HEAD request to https://{host}/v2/app/manifests/v2.4.0:"
            " 401 Unauthorized"
        )
        self.cluster.behaviour.add_image(self.new, Image(pull_error=why))
        self.release(now, image=self.new)

    def clear(self, now: datetime) -> None:
        self.cluster.behaviour.add_image(self.new)


@fault
class CrashLoop(Fault):
    name, code, cause = "crash_loop", "F01", "BAD_RELEASE"
    ends_by = ("rollback",)

    def inject(self, now: datetime) -> None:
        image = self.image("v2.4.0-broken")
        self.cluster.behaviour.add_image(image, Image(exit_code=1, run_seconds=2, log=CRASH_LOG))
        self.release(now, image=image)


@fault
class CrashNoHistory(Fault):
    """A workload that is new and never ran."""

    name, code, cause = "crash_no_history", "F02", "CRASH_NO_HISTORY"
    default = "shop/deployment/recommender"

    def inject(self, now: datetime) -> None:
        image = f"registry.example.com/{self.target.namespace}/{self.target.name}:v0.1.0"
        self.cluster.behaviour.add_image(image, Image(exit_code=1, run_seconds=2, log=CRASH_LOG))
        from simulator.world.manifests import deployment

        obj = deployment(self.target.namespace, self.target.name, image, 2)
        table = self.cluster.resource("deployments.apps")
        if (
            self.cluster.store.get("deployments.apps", self.target.namespace, self.target.name)
            is None
        ):
            registry.create(self.cluster, table, obj, WriteContext(now, "kubectl"))

    def clear(self, now: datetime) -> None:
        self.simulator.cluster.behaviour.add_image(str(self.container()["image"]))


@fault
class BadConfig(Fault):
    """The new revision names a ConfigMap that isn't there."""

    name, code, cause = "bad_config", "F08", "CONFIGMAP_MISSING"
    ends_by = ("rollback", "create the ConfigMap")

    def inject(self, now: datetime) -> None:
        reference = {"configMapRef": {"name": f"{self.target.name}-settings-v2"}}
        self.release(now, envFrom=[reference])


@fault
class ReadinessMisconfig(Fault):
    """The new revision's probe asks a port that nothing listens on."""

    name, code, cause = "readiness_misconfig", "F15", "READINESS_MISCONFIG"
    ends_by = ("rollback",)

    def inject(self, now: datetime) -> None:
        probe = deepcopy(
            self.container().get("readinessProbe")
            or {"httpGet": {"path": "/healthz", "port": 8080}}
        )
        probe["httpGet"]["port"] = 9999
        self.release(now, readinessProbe=probe)


@fault
class RolloutStalled(Fault):
    """The new revision runs and never gets ready: its progress deadline passes."""

    name, code, cause = "rollout_stalled", "F32", "ROLLOUT_STALLED"
    ends_by = ("rollback",)

    def inject(self, now: datetime) -> None:
        image = self.image("v2.4.0-slow")
        self.cluster.behaviour.add_image(image, Image(ready=False))
        self.before = self.obj()

        def mutate(obj: Obj) -> Obj:
            obj["spec"]["progressDeadlineSeconds"] = 120
            obj["spec"]["template"]["spec"]["containers"][0]["image"] = image
            return obj

        self.update(mutate, now)


@fault
class InsufficientCapacity(Fault):
    """The new revision asks for more memory than any node has."""

    name, code, cause = "insufficient_capacity", "F20", "INSUFFICIENT_CAPACITY"
    ends_by = ("rollback",)

    def inject(self, now: datetime) -> None:
        resources = deepcopy(self.container().get("resources") or {})
        resources["requests"] = {**(resources.get("requests") or {}), "memory": "512Gi"}
        resources["limits"] = {**(resources.get("limits") or {}), "memory": "512Gi"}
        self.release(now, resources=resources)


@fault
class ExecFormatError(Fault):
    """The new image is of another architecture: it ends at once, whatever is tried."""

    name, code, cause = "exec_format_error", "F04", "WRONG_ARCH"
    ends_by = ("rollback",)

    def inject(self, now: datetime) -> None:
        image = self.image("v2.4.0-arm")
        log = ("exec /app/main: exec format error",)
        self.cluster.behaviour.add_image(image, Image(exit_code=255, run_seconds=0.2, log=log))
        self.release(now, image=image)
