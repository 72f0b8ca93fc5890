"""The scheduler: filters nodes, says why none fits, binds."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.objects import Obj, labels_of, name_of
from simulator.apimachinery.quantities import parse_quantity, requests_of
from simulator.apimachinery.store import Change, WorkKey
from simulator.cluster import Cluster
from simulator.cluster.fault_rules import affliction_of, suffering
from simulator.controllers.common import Base, own_key, with_condition

RETRY_SECONDS = 60.0
HELPLESS = "Preemption is not helpful for scheduling"
VICTIMLESS = "No preemption victims found for incoming pod"
RESOURCE_REASONS = ("Insufficient cpu", "Insufficient memory", "Too many pods")


class Scheduler(Base):
    table, kind = "pods", "Pod"
    watches = ("pods", "nodes")

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.pending: set[WorkKey] = set()
        self.used: dict[str, tuple[float, float, int]] = {}
        self.store.listeners.append(self._forget_usage)

    def remember_pending(self) -> None:
        """Pods that waited before this scheduler began."""
        pods = self.store.items("pods")
        self.pending |= {own_key(pod) for pod in pods if not pod["spec"].get("nodeName")}

    def _forget_usage(self, change: Change) -> None:
        if change.table == "pods":
            for obj in (change.old, change.new):
                if obj is not None:
                    self.used.pop((obj.get("spec") or {}).get("nodeName", ""), None)

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        if table == "nodes":
            return list(self.pending)
        if not obj["spec"].get("nodeName"):
            return [own_key(obj)]
        return list(self.pending) if self.pending and _frees(obj) else []

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        pod = self.held(key)
        if pod is None or pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
            self.pending.discard(key)
            return None
        ill = affliction_of(self.cluster, pod)
        if ill is not None and ill.unplaced:
            self.set_status("pods", pod, suffering(ill, pod, now))
            return None
        fits, reasons = self._filter(pod)
        if fits:
            self.pending.discard(key)
            self._bind(pod, min(fits, key=self._load), now)
            return None
        self.pending.add(key)
        self._refuse(pod, reasons, now)
        return RETRY_SECONDS

    def usage(self, node: str) -> tuple[float, float, int]:
        """(cores, bytes, pods) requested on a node."""
        found = self.used.get(node)
        if found is None:
            pods = [p for p in self.store.pods_on(node) if not _finished(p)]
            asked = [requests_of(p["spec"]) for p in pods]
            found = self.used[node] = (
                sum(a[0] for a in asked),
                sum(a[1] for a in asked),
                len(pods),
            )
        return found

    def _load(self, node: Obj) -> tuple[float, str]:
        memory = parse_quantity(node["status"]["allocatable"].get("memory", "1Gi"))
        name = name_of(node)
        return self.usage(name)[1] / memory + self.usage(name)[2] / 110, name

    def _filter(self, pod: Obj) -> tuple[list[Obj], Counter[str]]:
        fits, reasons = [], Counter[str]()
        for node in self.store.items("nodes"):
            why = self._why_not(pod, node)
            if why:
                reasons.update(why)
            else:
                fits.append(node)
        return fits, reasons

    def _why_not(self, pod: Obj, node: Obj) -> list[str]:
        if node["spec"].get("unschedulable") and not _tolerates(pod, UNSCHEDULABLE):
            return ["node(s) were unschedulable"]
        for taint in node["spec"].get("taints") or ():
            if taint["effect"] != "PreferNoSchedule" and not _tolerates(pod, taint):
                return [
                    f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
                ]
        if not matches_node(pod["spec"], node):
            return ["node(s) didn't match Pod's node affinity/selector"]
        return self._short_of(pod, node)

    def _short_of(self, pod: Obj, node: Obj) -> list[str]:
        allocatable, (cores, memory, count) = (
            node["status"]["allocatable"],
            self.usage(name_of(node)),
        )
        asked = requests_of(pod["spec"])
        found = (
            ["Insufficient memory"] if name_of(node) in self.cluster.behaviour.full_nodes else []
        )
        if count + 1 > parse_quantity(allocatable.get("pods", "110")):
            found.append("Too many pods")
        if asked[0] and cores + asked[0] > parse_quantity(allocatable.get("cpu", "0")):
            found.append("Insufficient cpu")
        if (
            not found
            and asked[1]
            and memory + asked[1] > parse_quantity(allocatable.get("memory", "0"))
        ):
            found.append("Insufficient memory")
        return found

    def _bind(self, pod: Obj, node: Obj, now: datetime) -> None:
        spec = {**pod["spec"], "nodeName": name_of(node)}
        conditions = [
            c for c in pod["status"].get("conditions") or () if c["type"] != "PodScheduled"
        ]
        conditions = with_condition(conditions, now, type="PodScheduled", status="True")
        new = {**pod, "metadata": dict(pod["metadata"]), "spec": spec}
        new["status"] = {**pod["status"], "conditions": conditions}
        self.store.put("pods", new)
        text = f"Successfully assigned {'/'.join(own_key(pod))} to {name_of(node)}"
        self.event(new, "Normal", "Scheduled", text, now, "default-scheduler")

    def _refuse(self, pod: Obj, reasons: Counter[str], now: datetime) -> None:
        text = refusal(len(self.store.items("nodes")), reasons)
        conditions = with_condition(
            pod["status"].get("conditions") or [],
            now,
            type="PodScheduled",
            status="False",
            reason="Unschedulable",
            message=text,
        )
        self.set_status(
            "pods", pod, {**pod["status"], "phase": "Pending", "conditions": conditions}
        )
        self.event(pod, "Warning", "FailedScheduling", text, now, "default-scheduler")


UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def refusal(total: int, reasons: Counter[str]) -> str:
    """As FitError writes it."""
    if not total:
        return "no nodes available to schedule pods"
    told = ", ".join(sorted(f"{count} {why}" for why, count in reasons.items()))
    short = min(total, max((reasons[r] for r in RESOURCE_REASONS), default=0))
    parts = [(total - short, HELPLESS), (short, VICTIMLESS)]
    preemption = ", ".join(f"{count} {why}" for count, why in parts if count)
    head = f"0/{total} nodes are available"
    return f"{head}: {told}. preemption: {head}: {preemption}."


def _finished(pod: Obj) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _frees(pod: Obj) -> bool:
    return _finished(pod) or bool(pod["metadata"].get("deletionTimestamp"))


def _tolerates(pod: Obj, taint: Obj) -> bool:
    return any(tolerates(t, taint) for t in pod["spec"].get("tolerations") or ())


def tolerates(toleration: Obj, taint: Obj) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("key") in (None, ""):
        return bool(toleration.get("operator") == "Exists")
    if toleration["key"] != taint["key"]:
        return False
    return bool(
        toleration.get("operator") == "Exists"
        or toleration.get("value", "") == taint.get("value", "")
    )


def matches_node(spec: Obj, node: Obj) -> bool:
    labels = labels_of(node)
    if any(labels.get(k) != v for k, v in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(
        _term(term, node) for term in required.get("nodeSelectorTerms") or ()
    )


def _term(term: Obj, node: Obj) -> bool:
    labels = labels_of(node)
    fields = {"metadata.name": name_of(node)}
    return all(_holds(labels, e) for e in term.get("matchExpressions") or ()) and all(
        _holds(fields, e) for e in term.get("matchFields") or ()
    )


def _holds(values: dict[str, str], expression: Obj) -> bool:
    held, wanted = values.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return held in wanted
        case "NotIn":
            return held not in wanted
        case "Exists":
            return held is not None
        case "DoesNotExist":
            return held is None
        case _:
            return False
