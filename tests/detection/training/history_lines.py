"""A day of metrics of some services, as a Prometheus would have them."""

from __future__ import annotations

import numpy as np

from tests.detection.metrics.dataset import NOW

STEP_SECONDS = 60
TARGET = {"job": "cadvisor", "instance": "10.1.0.1:10250"}
STATE = {"job": "kube-state-metrics", "instance": "10.0.0.0:8080"}


def openmetrics(services: int, hours: float) -> str:
    """Memory and CPU of `services` pods over the last `hours`, and who owns them."""
    at = np.arange(NOW.timestamp() - hours * 3600, NOW.timestamp() + 1, STEP_SECONDS)
    memory: list[str] = []
    cpu: list[str] = []
    for number in range(services):
        rng = np.random.default_rng(number)
        labels = _labels(TARGET | _pod(number) | {"container": "app", "image": "a:1"})
        day = 1 + 0.3 * np.sin(at * 2 * np.pi / 86400 + number)
        used = rng.uniform(1e8, 5e8) * day * rng.lognormal(0, 0.02, len(at))
        spent = np.cumsum(rng.uniform(0.1, 1) * day * rng.lognormal(0, 0.1, len(at)) * STEP_SECONDS)
        memory += [
            f"container_memory_working_set_bytes{labels} {v} {t}"
            for v, t in zip(used, at, strict=True)
        ]
        cpu += [
            f"container_cpu_usage_seconds_total{labels} {v} {t}"
            for v, t in zip(spent, at, strict=True)
        ]
    return "\n".join([
        "# TYPE container_memory_working_set_bytes gauge", *memory,
        "# TYPE container_cpu_usage_seconds counter", *cpu,
        *_ownership(services, at), "# EOF", "",
    ])  # fmt: skip


def _series(name: str, values: np.ndarray, at: np.ndarray) -> list[str]:
    return [f"{name} {value} {time}" for value, time in zip(values, at, strict=True)]


def _pod(number: int) -> dict[str, str]:
    return {"namespace": "shop", "pod": f"s{number}-7d9-x"}


def _ownership(services: int, at: np.ndarray) -> list[str]:
    lines = []
    for name in ("kube_pod_owner", "kube_replicaset_owner"):
        lines.append(f"# TYPE {name} gauge")
        for number in range(services):
            labels = _labels(STATE | _owned(name, number))
            lines += [f"{name}{labels} 1 {t}" for t in at]
    return lines


def _owned(name: str, number: int) -> dict[str, str]:
    if name == "kube_pod_owner":
        return _pod(number) | _owner("ReplicaSet", f"s{number}-7d9")
    replicaset = {"namespace": "shop", "replicaset": f"s{number}-7d9"}
    return replicaset | _owner("Deployment", f"s{number}")


def _owner(kind: str, name: str) -> dict[str, str]:
    return {"owner_kind": kind, "owner_name": name, "owner_is_controller": "true"}


def _labels(given: dict[str, str]) -> str:
    return "{" + ",".join(f'{key}="{value}"' for key, value in given.items()) + "}"
