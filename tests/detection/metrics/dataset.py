"""Two hours of series of a small cluster in which every seeded query has something to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SPAN_SECONDS = 7200
STEP_SECONDS = 30
Value = Callable[[float], float]


class Line(NamedTuple):
    """One series; `value` maps the seconds since the start to its value."""

    name: str
    labels: dict[str, str]
    value: Value
    counter: bool = False


def constant(value: float) -> Value:
    return lambda seconds: value


def rising(per_second: float) -> Value:
    return lambda seconds: seconds * per_second


def restarts(seconds: float) -> float:
    """One every two minutes within the last quarter of an hour."""
    return max(0.0, (seconds - (SPAN_SECONDS - 900)) // 120)


def three_then_none(seconds: float) -> float:
    """Scaled to zero an hour ago."""
    return 3.0 if seconds < SPAN_SECONDS / 2 else 0.0


APP = {"namespace": "shop", "pod": "cart-7d9-a", "container": "app"}
POD = {"namespace": "shop", "pod": "cart-7d9-a"}
DONE = {"namespace": "shop", "pod": "report-1-x"}
MIB = 1024.0**2


def cluster(exported: bool = False, state_metrics: int = 1) -> list[Line]:
    """All series. `exported`: kube-state-metrics is scraped without honor_labels; `state_metrics`
    of them run."""
    return [
        *_ups(state_metrics),
        *_cadvisor(),
        *_node_exporter(),
        *_kubelet(),
        *(
            line._replace(labels=_scraped(line.labels, replica, exported))
            for replica in range(state_metrics)
            for line in _state_metrics()
        ),
    ]


def _scraped(labels: dict[str, str], replica: int, exported: bool) -> dict[str, str]:
    target = {
        "job": "kube-state-metrics",
        "instance": f"10.0.0.{replica}:8080",
        "namespace": "monitoring",
        "pod": f"kube-state-metrics-{replica}",
        "container": "main",
    }
    if not exported:
        return {"job": target["job"], "instance": target["instance"]} | labels
    return target | {(f"exported_{k}" if k in target else k): v for k, v in labels.items()}


def _ups(state_metrics: int) -> Iterator[Line]:
    for replica in range(state_metrics):
        labels = {"job": "kube-state-metrics", "instance": f"10.0.0.{replica}:8080"}
        yield Line("up", labels, constant(1))
    yield Line("up", {"job": "cadvisor", "instance": "10.1.0.1:10250"}, constant(1))
    yield Line("up", {"job": "node-exporter", "instance": "10.1.0.1:9100"}, constant(1))


def _cadvisor() -> Iterator[Line]:
    target = {"job": "cadvisor", "instance": "10.1.0.1:10250"}
    app = target | APP | {"image": "cart:1"}
    sandbox = target | POD | {"container": "POD", "image": "pause"}
    whole = target | POD | {"container": "", "image": ""}
    for labels, value in ((app, 95 * MIB), (sandbox, MIB), (whole, 500 * MIB)):
        yield Line("container_memory_working_set_bytes", labels, constant(value))
    for labels, rate in ((app, 0.5), (whole, 9.0)):
        yield Line("container_cpu_usage_seconds_total", labels, rising(rate), True)
    yield Line("container_cpu_cfs_throttled_periods_total", app, rising(5), True)
    yield Line("container_cpu_cfs_periods_total", app, rising(10), True)
    for interface, rate in (("eth0", 100.0), ("eth1", 20.0), ("lo", 1e6)):
        labels = target | POD | {"interface": interface}
        yield Line("container_network_receive_bytes_total", labels, rising(rate), True)
        yield Line("container_network_transmit_bytes_total", labels, rising(rate * 2), True)


def _node_exporter() -> Iterator[Line]:
    target = {"job": "node-exporter", "instance": "10.1.0.1:9100"}
    yield Line("node_uname_info", target | {"nodename": "n1"}, constant(1))
    for cpu in "01":
        idle = target | {"cpu": cpu, "mode": "idle"}
        yield Line("node_cpu_seconds_total", idle, rising(0.02), True)
    yield Line("node_memory_MemAvailable_bytes", target, constant(4e8))
    yield Line("node_memory_MemTotal_bytes", target, constant(1e10))
    for device, fstype, used in (("sda1", "ext4", 0.93), ("sdb1", "ext4", 0.1), ("t", "tmpfs", 1)):
        labels = target | {"device": device, "fstype": fstype, "mountpoint": f"/{device}"}
        yield Line("node_filesystem_avail_bytes", labels, constant(1e9 * (1 - used)))
        yield Line("node_filesystem_size_bytes", labels, constant(1e9))


def _kubelet() -> Iterator[Line]:
    labels = {"job": "kubelet-volumes", "namespace": "shop", "persistentvolumeclaim": "data-db-0"}
    yield Line("kubelet_volume_stats_available_bytes", labels, constant(4e8))
    yield Line("kubelet_volume_stats_capacity_bytes", labels, constant(1e10))
    yield Line("kubelet_volume_stats_inodes_used", labels, constant(50))
    yield Line("kubelet_volume_stats_inodes", labels, constant(1000))
    kubelet = {"job": "kubelet", "instance": "10.1.0.1:10250", "node": "n1"}
    yield Line("kubelet_certificate_manager_client_ttl_seconds", kubelet, constant(3e6))


def _state_metrics() -> Iterator[Line]:
    yield from _pods()
    yield from _workloads()
    quota = {"namespace": "shop", "resourcequota": "team"}
    for resource, hard, used in (("pods", 20, 5), ("limits.cpu", 10, 9), ("none", 0, 0)):
        for kind, value in (("hard", hard), ("used", used)):
            labels = quota | {"resource": resource, "type": kind}
            yield Line("kube_resourcequota", labels, constant(value))
    node = {"node": "n1"}
    yield Line("kube_node_info", node, constant(1))
    for condition, status, value in (
        ("Ready", "true", 0),
        ("Ready", "false", 0),
        ("Ready", "unknown", 1),
        ("DiskPressure", "true", 1),
        ("MemoryPressure", "true", 0),
        ("MemoryPressure", "false", 1),
    ):
        labels = node | {"condition": condition, "status": status}
        yield Line("kube_node_status_condition", labels, constant(value))


def _pods() -> Iterator[Line]:
    limit = {"resource": "memory", "unit": "byte"}
    yield Line("kube_pod_container_resource_limits", APP | limit, constant(100 * MIB))
    yield Line("kube_pod_container_status_restarts_total", APP, restarts, True)
    oom = {"reason": "OOMKilled"}
    yield Line("kube_pod_container_status_last_terminated_reason", APP | oom, constant(1))
    long_ago = {**APP, "container": "sidecar"}
    yield Line("kube_pod_container_status_last_terminated_reason", long_ago | oom, constant(1))
    yield Line("kube_pod_container_status_restarts_total", long_ago, constant(40), True)
    for reason, value in (("CrashLoopBackOff", 1), ("ContainerCreating", 1), ("ErrImagePull", 0)):
        labels = APP | {"reason": reason}
        yield Line("kube_pod_container_status_waiting_reason", labels, constant(value))
    for pod, phase in ((POD, "Running"), (DONE, "Succeeded")):
        yield Line("kube_pod_status_ready", pod | {"condition": "true"}, constant(0))
        yield Line("kube_pod_status_ready", pod | {"condition": "false"}, constant(1))
        for one in ("Running", "Succeeded", "Pending"):
            yield Line("kube_pod_status_phase", pod | {"phase": one}, constant(one == phase))
    owner = {"owner_kind": "ReplicaSet", "owner_name": "cart-7d9", "owner_is_controller": "true"}
    yield Line("kube_pod_owner", POD | owner, constant(1))


def _workloads() -> Iterator[Line]:
    shop = {"namespace": "shop"}
    for name, spec, unavailable in (("cart", 4, 2), ("idle", 0, 0)):
        labels = shop | {"deployment": name}
        wanted = constant(spec) if spec else three_then_none
        yield Line("kube_deployment_spec_replicas", labels, wanted)
        yield Line("kube_deployment_status_replicas_unavailable", labels, constant(unavailable))
    database = shop | {"statefulset": "db"}
    yield Line("kube_statefulset_status_replicas_ready", database, constant(2))
    yield Line("kube_statefulset_replicas", database, constant(3))
    agent = shop | {"daemonset": "agent"}
    yield Line("kube_daemonset_status_number_unavailable", agent, constant(2))
    yield Line("kube_daemonset_status_desired_number_scheduled", agent, constant(4))
    scaler = shop | {"horizontalpodautoscaler": "cart-hpa"}
    yield Line("kube_horizontalpodautoscaler_status_current_replicas", scaler, constant(10))
    yield Line("kube_horizontalpodautoscaler_spec_max_replicas", scaler, constant(10))
    target = scaler | {"scaletargetref_kind": "Deployment", "scaletargetref_name": "cart"}
    yield Line("kube_horizontalpodautoscaler_info", target, constant(1))
    for condition, value in (("true", 1), ("false", 0), ("unknown", 0)):
        labels = shop | {"job_name": "nightly", "condition": condition}
        yield Line("kube_job_failed", labels, constant(value))
    owner = {"owner_kind": "Deployment", "owner_name": "cart", "owner_is_controller": "true"}
    yield Line("kube_replicaset_owner", shop | {"replicaset": "cart-7d9"} | owner, constant(1))
    ready = shop | {"replicaset": "cart-7d9"}
    yield Line("kube_replicaset_status_ready_replicas", ready, constant(4))


def samples(line: Line) -> list[tuple[float, float]]:
    """Epoch seconds and values up to NOW."""
    start = NOW.timestamp() - SPAN_SECONDS
    return [(start + at, float(line.value(at))) for at in range(0, SPAN_SECONDS + 1, STEP_SECONDS)]


def for_store(lines: list[Line]) -> list[dict[str, Any]]:
    """As the simulator's store loads it."""
    return [{"name": line.name, "labels": line.labels, "samples": samples(line)} for line in lines]


def openmetrics(lines: list[Line]) -> str:
    """As promtool makes blocks of it: grouped by name, each series in order of time."""
    parts: list[str] = []
    for name in dict.fromkeys(line.name for line in lines):
        family = name.removesuffix("_total")
        of_name = [line for line in lines if line.name == name]
        parts.append(f"# TYPE {family if of_name[0].counter else name} "
                     f"{'counter' if name.endswith('_total') else 'gauge'}")  # fmt: skip
        for line in of_name:
            labels = ",".join(f'{key}="{value}"' for key, value in line.labels.items())
            parts += [f"{name}{{{labels}}} {value!r} {at}" for at, value in samples(line)]
    return "\n".join([*parts, "# EOF", ""])
