"""The kubelets of all nodes: statuses, phases, conditions, graceful ends."""

from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.clock import parse, seconds_since, stamp
from simulator.apimachinery.objects import Obj, uid_of
from simulator.apimachinery.store import WorkKey
from simulator.cluster import Cluster
from simulator.cluster.fault_rules import affliction_of, inherit_logs, suffering
from simulator.controllers.common import Base, own_key, record_event, with_condition
from simulator.controllers.nodes.containers import ContainerRun, Pulls
from simulator.controllers.nodes.readiness import readiness

STOP_SECONDS = 1.0


class Kubelet(Base):
    table, kind = "pods", "Pod"
    watches = ("pods", "configmaps", "secrets")

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.pulls = Pulls()
        self.addresses = 10

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        return [own_key(obj)] if table == "pods" and obj["spec"].get("nodeName") else []

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        pod = self.held(key)
        node = pod["spec"].get("nodeName") if pod else None
        if pod is None or node is None or node in self.cluster.behaviour.dead_nodes:
            return None
        if pod["metadata"].get("deletionTimestamp"):
            return self._terminate(pod, now)
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return None
        if (ill := affliction_of(self.cluster, pod)) is not None:
            inherit_logs(self.cluster, ill, pod)
            self.set_status("pods", pod, suffering(ill, pod, now))
            return None
        status, again = self._sync(pod, now)
        self.set_status("pods", pod, status)
        return again

    def _address(self, pod: Obj, status: Obj) -> Obj:
        if status.get("podIP"):
            return {}
        node = self.store.get("nodes", "", pod["spec"]["nodeName"]) or {}
        host = next(
            (a["address"] for a in (node.get("status") or {}).get("addresses") or ()), "10.0.0.1"
        )
        self.addresses += 1
        ip = (
            host
            if pod["spec"].get("hostNetwork")
            else f"10.244.{self.addresses // 250}.{self.addresses % 250 + 1}"
        )
        return {"podIP": ip, "podIPs": [{"ip": ip}], "hostIP": host, "hostIPs": [{"ip": host}]}

    def _sync(self, pod: Obj, now: datetime) -> tuple[Obj, float | None]:
        status: Obj = dict(pod.get("status") or {})
        status.setdefault("startTime", stamp(now))
        status |= self._address(pod, status)
        view = {**pod, "status": status}
        waits: list[float | None] = []
        inits, initialized = self._inits(view, now, waits)
        if inits:
            status["initContainerStatuses"] = inits
        if initialized:
            mains = self._mains(view, now, waits)
        else:
            mains = [_not_yet(c) for c in pod["spec"]["containers"]]
        status["containerStatuses"] = mains
        status["phase"] = _phase(pod, mains, inits, initialized)
        status["conditions"] = _conditions(pod, status, initialized, now)
        known = [w for w in waits if w is not None]
        return status, min(known) if known else None

    def _inits(self, pod: Obj, now: datetime, waits: list[float | None]) -> tuple[list[Obj], bool]:
        """New statuses of init containers, and whether all are through: they run one by one."""
        held = _by_name(pod, "initContainerStatuses")
        found: list[Obj] = []
        through = True
        for spec in pod["spec"].get("initContainers") or ():
            if not through:
                found.append(_not_yet(spec))
                continue
            old = held.get(spec["name"]) or {}
            status, wait = ContainerRun(self.cluster, self.pulls, pod, spec, old, now, True).step()
            waits.append(wait)
            through = (status["state"].get("terminated") or {}).get("exitCode") == 0
            found.append({**status, "ready": True} if through else status)
        return found, through

    def _mains(self, pod: Obj, now: datetime, waits: list[float | None]) -> list[Obj]:
        """New statuses of the containers, which run beside each other."""
        held = _by_name(pod, "containerStatuses")
        found: list[Obj] = []
        for spec in pod["spec"].get("containers") or ():
            old = held.get(spec["name"]) or {}
            status, wait = ContainerRun(self.cluster, self.pulls, pod, spec, old, now, False).step()
            waits.append(wait)
            found.append(self._ready(pod, spec, status, now, waits))
        return found

    def _ready(
        self, pod: Obj, spec: Obj, status: Obj, now: datetime, waits: list[float | None]
    ) -> Obj:
        if "running" not in status["state"]:
            return status
        ready, wait, why = readiness(self.cluster, pod, spec, status, now)
        waits.append(wait)
        if why and not ready:
            path = f"spec.containers{{{spec['name']}}}"
            node = pod["spec"]["nodeName"]
            record_event(
                self.cluster, pod, "Warning", "Unhealthy", why, now, "kubelet", host=node, path=path
            )
            waits.append(60.0)
        return status if status["ready"] is ready else {**status, "ready": ready}

    def _terminate(self, pod: Obj, now: datetime) -> float | None:
        metadata = pod["metadata"]
        due = parse(metadata["deletionTimestamp"])
        grace = float(metadata.get("deletionGracePeriodSeconds") or 0)
        if uid_of(pod) not in self.cluster.behaviour.slow_termination:
            stopped = seconds_since(metadata["deletionTimestamp"], now) + grace
            left = min(STOP_SECONDS, grace) - stopped
        else:
            left = (due - now).total_seconds()
        if left > 0:
            self._killing(pod, now)
            return left
        return self._gone(pod)

    def _killing(self, pod: Obj, now: datetime) -> None:
        for container in pod["spec"]["containers"]:
            text, path = (
                f"Stopping container {container['name']}",
                f"spec.containers{{{container['name']}}}",
            )
            node = pod["spec"]["nodeName"]
            record_event(
                self.cluster, pod, "Normal", "Killing", text, now, "kubelet", host=node, path=path
            )

    def _gone(self, pod: Obj) -> float | None:
        if pod["metadata"].get("finalizers"):
            if pod["metadata"].get("deletionGracePeriodSeconds"):
                metadata = {**pod["metadata"], "deletionGracePeriodSeconds": 0}
                self.store.put("pods", {**pod, "metadata": metadata})
            return None
        self.store.remove("pods", *own_key(pod))
        return None


def _not_yet(spec: Obj) -> Obj:
    return {
        "name": spec["name"],
        "state": {"waiting": {"reason": "PodInitializing"}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": spec["image"],
        "imageID": "",
        "started": False,
    }


def _by_name(pod: Obj, field: str) -> dict[str, Obj]:
    return {status["name"]: status for status in pod["status"].get(field) or ()}


def _phase(pod: Obj, mains: list[Obj], inits: list[Obj], initialized: bool) -> str:
    policy = pod["spec"].get("restartPolicy", "Always")
    if not initialized:
        return "Failed" if policy == "Never" and any(map(_exit_code, inits)) else "Pending"
    ended = [c for c in mains if "terminated" in c["state"]]
    if len(ended) == len(mains) and policy != "Always":
        return "Failed" if any(map(_exit_code, ended)) else "Succeeded"
    return "Running" if any(map(_has_run, mains)) else "Pending"


def _exit_code(status: Obj) -> int:
    """0 where it has not ended, too."""
    code: int = (status["state"].get("terminated") or {}).get("exitCode", 0)
    return code


def _has_run(status: Obj) -> bool:
    state = status["state"]
    return "running" in state or "terminated" in state or bool(status.get("lastState"))


def _conditions(pod: Obj, status: Obj, initialized: bool, now: datetime) -> list[Obj]:
    found: list[Obj] = status.get("conditions") or []
    mains = status["containerStatuses"]
    unready = [c["name"] for c in mains if not c["ready"]]
    over = status["phase"] == "Succeeded"
    found = with_condition(found, now, type="PodReadyToStartContainers", status=str(not over))
    found = _initialized(found, status, initialized, now)
    reason = {"reason": "PodCompleted"} if over else {"reason": "ContainersNotReady"}
    text = {} if over else {"message": f"containers with unready status: [{' '.join(unready)}]"}
    for kind in ("Ready", "ContainersReady"):
        more = {**reason, **text} if unready else {}
        found = _set(found, now, kind, not unready, more)
    if not any(c["type"] == "PodScheduled" for c in found):
        found = with_condition(found, now, type="PodScheduled", status="True")
    return found


def _initialized(found: list[Obj], status: Obj, initialized: bool, now: datetime) -> list[Obj]:
    if initialized:
        return _set(found, now, "Initialized", True, {})
    waiting = [c["name"] for c in status.get("initContainerStatuses") or () if not c["ready"]]
    text = f"containers with incomplete status: [{' '.join(waiting)}]"
    return _set(
        found, now, "Initialized", False, {"reason": "ContainersNotInitialized", "message": text}
    )


def _set(found: list[Obj], now: datetime, kind: str, good: bool, more: dict[str, str]) -> list[Obj]:
    """Like with_condition, but reason and message go when there is nothing to say."""
    if good:
        found = [_bare(c) if c["type"] == kind else c for c in found]
    return with_condition(found, now, type=kind, status=str(good), **more)


def _bare(condition: Obj) -> Obj:
    if not condition.get("reason") and not condition.get("message"):
        return condition
    return {k: v for k, v in condition.items() if k not in ("reason", "message")}
