"""A scenario's metrics as time goes on: each series as it went, while its object is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from simulator.apimachinery.quantities import parse_quantity

Series = Mapping[str, Any]
LIVE_SECONDS = 300.0
USED_RATIO, USED_BYTES = 0.5, 64 * 1024**2  # of a container made anew, with and without a limit
AVAILABLE, USED, CAPACITY = (f"kubelet_volume_stats_{w}_bytes" for w in
                             ("available", "used", "capacity"))  # fmt: skip
WORKING_SET = "container_memory_working_set_bytes"
REPLICAS = {
    "kube_deployment_spec_replicas": ("deployments.apps", "deployment"),
    "kube_statefulset_replicas": ("statefulsets.apps", "statefulset"),
}


class Continued:
    """`step` appends one sample to each series that was live at the start.

    A counter and what fills keep their pace. What the cluster itself tells (replicas, a volume's
    capacity) is read from it; what a volume holds stays, so that its free space follows its size.
    """

    def __init__(self, simulator: Any, series: Sequence[Series]) -> None:
        self.simulator = simulator
        self.began = simulator.cluster.clock.now().timestamp()
        self.series = [one for one in series if _is_live(one, self.began)]

    def step(self) -> None:
        now = self.simulator.cluster.clock.now().timestamp()
        for one in self.series:
            labels = dict(one.get("labels") or {})
            if self._is_there(labels):
                value: float = self._value(one, labels, now)
                self.simulator.metric_store.append(one["name"], labels, now, value)
        if any(one["name"] == WORKING_SET for one in self.series):
            self._measure_new_pods(now)

    def _measure_new_pods(self, now: float) -> None:
        """A kubelet that measured containers measures those of pods made since, too."""
        for pod in list(self.simulator.store.tables["pods"].objects.values()):
            meta = pod["metadata"]
            if stamp_seconds(meta.get("creationTimestamp")) <= self.began:
                continue
            for one in pod["spec"]["containers"]:
                labels = {"namespace": meta["namespace"], "pod": meta["name"],
                          "container": one["name"], "image": one["image"]}  # fmt: skip
                limit = ((one.get("resources") or {}).get("limits") or {}).get("memory")
                used = parse_quantity(limit) * USED_RATIO if limit else USED_BYTES
                self.simulator.metric_store.append(WORKING_SET, labels, now, float(used))

    def _is_there(self, labels: Mapping[str, str]) -> bool:
        pod = labels.get("pod")
        held = self.simulator.store.get("pods", labels.get("namespace", ""), pod) if pod else True
        return held is not None

    def _value(self, one: Series, labels: Mapping[str, str], now: float) -> float:
        last = float(one["samples"][-1][1]) + _pace(one) * (now - self.began)
        if one["name"] in REPLICAS:
            return self._replicas(one["name"], labels, last)
        if one["name"] in (AVAILABLE, CAPACITY) and (grown := self._grown(labels)):
            return float(max(last, 0.0) + grown)
        return float(max(last, 0.0))

    def _replicas(self, name: str, labels: Mapping[str, str], last: float) -> float:
        table, key = REPLICAS[name]
        found = self.simulator.store.get(table, labels.get("namespace", ""), labels.get(key, ""))
        return float(found["spec"].get("replicas", 1)) if found else last

    def _grown(self, labels: Mapping[str, str]) -> float:
        """Bytes by which the claim's file system is larger than at the start."""
        where, name = labels.get("namespace", ""), labels.get("persistentvolumeclaim", "")
        claim = self.simulator.store.get("persistentvolumeclaims", where, name)
        size = ((claim or {}).get("status") or {}).get("capacity", {}).get("storage")
        told = [s for s in self.series if s["name"] == CAPACITY and s["labels"] == labels]
        if size is None or not told:
            return 0.0
        return max(parse_quantity(size) - float(told[0]["samples"][-1][1]), 0.0)


def stamp_seconds(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def _is_live(one: Series, now: float) -> bool:
    samples = sorted(one["samples"])
    return bool(samples) and now - float(samples[-1][0]) < LIVE_SECONDS


def _pace(one: Series) -> float:
    """Per second: a counter's, a volume's and a process's that fill; everything else stays."""
    samples = sorted(one["samples"])[-2:]
    moves = one["name"].endswith("_total") or one["name"] in (AVAILABLE, USED, WORKING_SET)
    if len(samples) < 2 or not moves:
        return 0.0
    (before, first), (after, second) = samples
    return (float(second) - float(first)) / (float(after) - float(before))
