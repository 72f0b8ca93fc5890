"""One container's life as the kubelet writes it: pull, start, run, end, back off."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.apimachinery.clock import parse, seconds_since, stamp
from simulator.apimachinery.objects import Obj, controller_of, name_of, namespace_of, uid_of
from simulator.apimachinery.quantities import parse_quantity
from simulator.cluster import Cluster
from simulator.cluster.container_behaviour import Image, canonical
from simulator.controllers.common import record_event, short_hash

LONGEST_BACKOFF, FIRST_BACKOFF = 300.0, 10.0
RESET_SECONDS = 600.0
OOM_SECONDS = 2.0
CONFIG_RETRY_SECONDS = 20.0
ERR_SECONDS = 12.0


@dataclass
class Pulls:
    """Attempts per (pod uid, container): how many, and when the last was. Images per node."""

    attempts: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict)
    started: dict[tuple[str, str], datetime] = field(default_factory=dict)
    present: set[tuple[str, str]] = field(default_factory=set)


def backoff_seconds(times: int) -> float:
    """10 s, doubling, at most 5 min; none before the first restart."""
    return 0.0 if times < 1 else min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (min(times, 10) - 1))


def go_duration(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 60}m{whole % 60}s" if whole >= 60 else f"{whole}s"


def workload_name(cluster: Cluster, pod: Obj) -> str:
    """The top controller's name; the pod's own without one."""
    owner = controller_of(pod)
    if owner is None:
        return name_of(pod)
    tables = {"ReplicaSet": "replicasets.apps", "Job": "jobs.batch"}
    if owner["kind"] in tables:
        held = cluster.store.get(tables[owner["kind"]], namespace_of(pod), owner["name"])
        above = controller_of(held) if held else None
        return str(above["name"] if above else owner["name"])
    return str(owner["name"])


class ContainerRun:
    """`step` returns the container's new status and the seconds until the next look."""

    def __init__(
        self,
        cluster: Cluster,
        pulls: Pulls,
        pod: Obj,
        spec: Obj,
        old: Obj,
        now: datetime,
        init: bool,
    ) -> None:
        self.cluster, self.pulls, self.pod, self.spec = cluster, pulls, pod, spec
        self.now, self.init, self.old = now, init, old
        self.id = (uid_of(pod), spec["name"])
        self.policy = pod["spec"].get("restartPolicy", "Always")
        if init and self.policy == "Always":
            self.policy = "OnFailure"

    def step(self) -> tuple[Obj, float | None]:
        state = self.old.get("state") or {}
        if "running" in state:
            return self._running()
        if "terminated" in state:
            return self._ended(self.old)
        reason = (state.get("waiting") or {}).get("reason", "")
        if reason == "CrashLoopBackOff":
            return self._crash_loop()
        if reason in ("ErrImagePull", "ImagePullBackOff"):
            return self._image_error(reason)
        return self._prepare()

    def _event(self, kind: str, reason: str, message: str) -> None:
        group = "initContainers" if self.init else "containers"
        path = f"spec.{group}{{{self.spec['name']}}}"
        node = self.pod["spec"]["nodeName"]
        record_event(
            self.cluster, self.pod, kind, reason, message, self.now, "kubelet", host=node, path=path
        )

    def _status(self, state: Obj, **more: object) -> Obj:
        base: Obj = {
            "name": self.spec["name"],
            "state": state,
            "lastState": self.old.get("lastState") or {},
            "ready": False,
            "restartCount": self.old.get("restartCount", 0),
            "started": False,
            "image": self.spec["image"],
            "imageID": self.old.get("imageID", ""),
        }
        if self.old.get("containerID"):
            base["containerID"] = self.old["containerID"]
        return {**base, **more}

    def _waiting(self, reason: str, message: str = "") -> Obj:
        return self._status(
            {"waiting": {"reason": reason} | ({"message": message} if message else {})}
        )

    # -- before the first start ------------------------------------------------------------

    def _prepare(self) -> tuple[Obj, float | None]:
        if missing := missing_volume(self.cluster, self.pod):
            text = f'MountVolume.SetUp failed for volume "{missing[0]}" : {missing[1]}'
            self._event("Warning", "FailedMount", text)
            return self._waiting("ContainerCreating"), CONFIG_RETRY_SECONDS
        if not self._present():
            return self._pull()
        return self._start()

    def _present(self) -> bool:
        node = self.pod["spec"]["nodeName"]
        cached = (node, canonical(self.spec["image"])) in self.pulls.present
        return cached and self.spec.get("imagePullPolicy") != "Always"

    def _pull(self) -> tuple[Obj, float | None]:
        if self.id not in self.pulls.started:
            self.pulls.started[self.id] = self.now
            self._event("Normal", "Pulling", f'Pulling image "{self.spec["image"]}"')
        error = self.cluster.behaviour.pull_error(self.spec["image"])
        if error:
            return self._pull_failed(error)
        profile = self.cluster.behaviour.image(self.spec["image"]) or Image()
        left = profile.pull_seconds - (self.now - self.pulls.started[self.id]).total_seconds()
        if left > 0:
            return self._waiting(
                "PodInitializing" if self._has_inits() else "ContainerCreating"
            ), left
        return self._pulled(profile)

    def _has_inits(self) -> bool:
        return bool(self.pod["spec"].get("initContainers"))

    def _pulled(self, profile: Image) -> tuple[Obj, float | None]:
        self.pulls.started.pop(self.id, None)
        self.pulls.attempts.pop(self.id, None)
        self.pulls.present.add((self.pod["spec"]["nodeName"], canonical(self.spec["image"])))
        took = f"{profile.pull_seconds:.3f}s"
        text = (
            f'Successfully pulled image "{self.spec["image"]}" in {took} ({took} including'
            " waiting)."
        )
        self._event("Normal", "Pulled", f"{text} Image size: 52428800 bytes.")
        return self._start()

    def _pull_failed(self, error: str) -> tuple[Obj, float | None]:
        count, _ = self.pulls.attempts.get(self.id, (0, self.now))
        self.pulls.attempts[self.id] = (count + 1, self.now)
        self.pulls.started.pop(self.id, None)
        self._event("Warning", "Failed", f'Failed to pull image "{self.spec["image"]}": {error}')
        self._event("Warning", "Failed", "Error: ErrImagePull")
        return self._waiting("ErrImagePull", error), ERR_SECONDS if count else 1.0

    def _image_error(self, reason: str) -> tuple[Obj, float | None]:
        count, last = self.pulls.attempts.setdefault(self.id, (6, self.now))
        spent, pause = (self.now - last).total_seconds(), backoff_seconds(count)
        if spent >= pause:
            return self._pull()
        if reason == "ImagePullBackOff":
            return self.old, pause - spent
        image, why = self.spec["image"], self.cluster.behaviour.pull_error(self.spec["image"])
        self._event("Normal", "BackOff", f'Back-off pulling image "{image}"')
        self._event("Warning", "Failed", "Error: ImagePullBackOff")
        text = f'Back-off pulling image "{image}": ErrImagePull: {why}'
        return self._waiting("ImagePullBackOff", text), pause - spent

    # -- starting and running --------------------------------------------------------------

    def _start(self) -> tuple[Obj, float | None]:
        if why := missing_config(self.cluster, self.pod, self.spec):
            self._event("Warning", "Failed", f"Error: {why}")
            return self._waiting("CreateContainerConfigError", why), CONFIG_RETRY_SECONDS
        if self.old.get("containerID"):
            text = f'Container image "{self.spec["image"]}" already present on machine'
            self._event("Normal", "Pulled", text)
        self._event("Normal", "Created", f"Created container: {self.spec['name']}")
        self._event("Normal", "Started", f"Started container {self.spec['name']}")
        identity = self.cluster.random.getrandbits(256)
        digest = short_hash(canonical(self.spec["image"]), 12)
        image_id = (
            f"{canonical(self.spec['image']).rsplit(':', 1)[0]}@sha256:{digest.encode().hex():0>64}"
        )
        status = self._status(
            {"running": {"startedAt": stamp(self.now)}},
            started=True,
            imageID=image_id,
            containerID=f"containerd://{identity:064x}",
        )
        self.old = status
        return self._running()

    def _workload(self) -> tuple[str, str, str]:
        return namespace_of(self.pod), workload_name(self.cluster, self.pod), self.spec["name"]

    def _memory_end(self) -> float | None:
        """Seconds from the start until the container exceeds its limit."""
        limit = ((self.spec.get("resources") or {}).get("limits") or {}).get("memory")
        if limit is None:
            return None
        need = self.cluster.behaviour.memory_of(self._workload())
        room = parse_quantity(limit) - need.base_bytes
        if room <= 0:
            return OOM_SECONDS
        return room / need.per_second_bytes if need.per_second_bytes else None

    def _end(self) -> tuple[float, int, str] | None:
        """(seconds after the start, exit code, reason) of the coming end, if there is one."""
        profile, oom = (
            self.cluster.behaviour.image(self.spec["image"]) or Image(),
            self._memory_end(),
        )
        seconds = profile.run_seconds
        if self.init and seconds is None:
            seconds = 1.0
        if oom is not None and (seconds is None or oom < seconds):
            return oom, 137, "OOMKilled"
        if seconds is None:
            return None
        return seconds, profile.exit_code, "Error" if profile.exit_code else "Completed"

    def _running(self) -> tuple[Obj, float | None]:
        started = self.old["state"]["running"]["startedAt"]
        end, age = self._end(), seconds_since(started, self.now)
        if end is None:
            return self.old, None
        if age < end[0]:
            return self.old, end[0] - age
        terminated = {
            "exitCode": end[1],
            "reason": end[2],
            "startedAt": started,
            "finishedAt": stamp(parse(started) + timedelta(seconds=max(end[0], 0))),
            "containerID": self.old.get("containerID", ""),
        }
        return self._ended(
            {**self.old, "ready": False, "started": False, "state": {"terminated": terminated}}
        )

    def _ended(self, status: Obj) -> tuple[Obj, float | None]:
        self.old = status
        terminated = status["state"]["terminated"]
        again = self.policy == "Always" or (
            self.policy == "OnFailure" and terminated["exitCode"] != 0
        )
        if not again:
            return status, None
        self.old = {**status, "lastState": {"terminated": terminated}}
        pause = self._pause(terminated)
        if pause <= 0:
            return self._restart()
        where = f"{name_of(self.pod)}_{namespace_of(self.pod)}({uid_of(self.pod)})"
        short = f"restarting failed container {self.spec['name']} in pod {where}"
        self._event("Warning", "BackOff", f"Back-off {short}")
        text = (
            f"back-off {go_duration(pause)} restarting failed container={self.spec['name']}"
            f" pod={where}"
        )
        left = pause - seconds_since(terminated["finishedAt"], self.now)
        return self._waiting("CrashLoopBackOff", text), max(left, 0.5)

    def _pause(self, terminated: Obj) -> float:
        ran = seconds_since(terminated["startedAt"], parse(terminated["finishedAt"]))
        return 0.0 if ran >= RESET_SECONDS else backoff_seconds(self.old.get("restartCount", 0))

    def _crash_loop(self) -> tuple[Obj, float | None]:
        terminated = self.old["lastState"]["terminated"]
        left = self._pause(terminated) - seconds_since(terminated["finishedAt"], self.now)
        return (self.old, left) if left > 0 else self._restart()

    def _restart(self) -> tuple[Obj, float | None]:
        self.old = {**self.old, "restartCount": self.old.get("restartCount", 0) + 1}
        return self._start()


def _exists(cluster: Cluster, table: str, namespace: str, name: str) -> bool:
    return cluster.store.get(table, namespace, name) is not None


def missing_volume(cluster: Cluster, pod: Obj) -> tuple[str, str] | None:
    """(volume, why) of the first volume whose ConfigMap, Secret or claim isn't there."""
    namespace = namespace_of(pod)
    for volume in pod["spec"].get("volumes") or ():
        config, secret = volume.get("configMap"), volume.get("secret")
        if (
            config
            and not config.get("optional")
            and not _exists(cluster, "configmaps", namespace, config["name"])
        ):
            return volume["name"], f'configmap "{config["name"]}" not found'
        if (
            secret
            and not secret.get("optional")
            and not _exists(cluster, "secrets", namespace, secret["secretName"])
        ):
            return volume["name"], f'secret "{secret["secretName"]}" not found'
    return None


def missing_config(cluster: Cluster, pod: Obj, container: Obj) -> str:
    """What the kubelet says of a ConfigMap or Secret that env names, or nothing."""
    namespace, tables = namespace_of(pod), {"configMap": "configmaps", "secret": "secrets"}
    for kind, table in tables.items():
        for source in container.get("envFrom") or ():
            if why := _absent(cluster, table, namespace, source.get(f"{kind}Ref"), whole=True):
                return why
        for variable in container.get("env") or ():
            source = (variable.get("valueFrom") or {}).get(f"{kind}KeyRef")
            if why := _absent(cluster, table, namespace, source, whole=False):
                return why
    return ""


def _absent(cluster: Cluster, table: str, namespace: str, source: Obj | None, whole: bool) -> str:
    if not source or source.get("optional"):
        return ""
    held = cluster.store.get(table, namespace, source["name"])
    kind = {"configmaps": "configmap", "secrets": "secret"}[table]
    if held is None:
        return f'{kind} "{source["name"]}" not found'
    data = {**(held.get("data") or {}), **(held.get("stringData") or {})}
    if whole or source["key"] in data:
        return ""
    name = {"configmaps": "ConfigMap", "secrets": "Secret"}[table]
    return f"couldn't find key {source['key']} in {name} {namespace}/{source['name']}"
