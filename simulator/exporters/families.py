"""Current samples from the cluster's state, named and labelled as the real exporters do."""

from collections.abc import Iterator
from datetime import datetime

from simulator.apimachinery.clock import parse, seconds_since
from simulator.apimachinery.objects import (
    Obj,
    condition_of,
    controller_of,
    name_of,
    namespace_of,
    uid_of,
)
from simulator.apimachinery.quantities import parse_quantity
from simulator.cluster import Cluster
from simulator.controllers.nodes.containers import workload_name

Sample = tuple[str, dict[str, str], float]
KSM = {"job": "kube-state-metrics", "instance": "10.244.0.7:8080"}
PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
DEFAULT_CORES = 0.05


def _kube(name: str, value: float, **labels: str) -> Sample:
    return name, {**KSM, **labels}, value


def pod_samples(pod: Obj) -> Iterator[Sample]:
    """kube-state-metrics' pod families."""
    base = {"namespace": namespace_of(pod), "pod": name_of(pod), "uid": uid_of(pod)}
    status, owner = pod.get("status") or {}, controller_of(pod) or {}
    node = pod["spec"].get("nodeName", "")
    names = {"created_by_kind": owner.get("kind", ""), "created_by_name": owner.get("name", "")}
    addresses = {
        "node": node,
        "pod_ip": status.get("podIP", ""),
        "host_ip": status.get("hostIP", ""),
    }
    yield _kube("kube_pod_info", 1, **base, **addresses, **names)
    controlled = {"owner_kind": owner.get("kind", ""), "owner_name": owner.get("name", "")}
    yield _kube(
        "kube_pod_owner", 1, **base, **controlled, owner_is_controller="true" if owner else ""
    )
    for phase in PHASES:
        yield _kube(
            "kube_pod_status_phase", float(status.get("phase") == phase), **base, phase=phase
        )
    ready = condition_of(pod, "Ready").get("status", "False").lower()
    for value in ("true", "false", "unknown"):
        yield _kube("kube_pod_status_ready", float(ready == value), **base, condition=value)
    for container in status.get("containerStatuses") or ():
        yield from _container_state(container, base)
    for spec in pod["spec"]["containers"]:
        yield from _container_resources(spec, {**base, "node": node})


def _container_state(status: Obj, base: dict[str, str]) -> Iterator[Sample]:
    labels = {**base, "container": status["name"]}
    yield _kube("kube_pod_container_status_restarts_total", status["restartCount"], **labels)
    yield _kube("kube_pod_container_status_ready", float(status["ready"]), **labels)
    state = status["state"]
    yield _kube("kube_pod_container_status_running", float("running" in state), **labels)
    waiting = state.get("waiting")
    if waiting:
        reason = waiting.get("reason", "")
        yield _kube("kube_pod_container_status_waiting_reason", 1, **labels, reason=reason)
    last = (status.get("lastState") or {}).get("terminated")
    if last:
        family = "kube_pod_container_status_last_terminated_reason"
        yield _kube(family, 1, **labels, reason=last.get("reason", ""))
        yield _kube(
            "kube_pod_container_status_last_terminated_exitcode", last.get("exitCode", 0), **labels
        )


def _container_resources(spec: Obj, base: dict[str, str]) -> Iterator[Sample]:
    for kind in ("limits", "requests"):
        for name, value in ((spec.get("resources") or {}).get(kind) or {}).items():
            unit = {"cpu": "core", "memory": "byte"}.get(name, "integer")
            labels = {**base, "container": spec["name"], "resource": name, "unit": unit}
            yield _kube(f"kube_pod_container_resource_{kind}", parse_quantity(value), **labels)


def usage_samples(cluster: Cluster, pod: Obj, now: datetime) -> Iterator[Sample]:
    """cadvisor's families of running containers.

    With the pod's cgroup (container="") and the pause.
    """
    workload = workload_name(cluster, pod)
    base = {
        "job": "kubelet",
        "metrics_path": "/metrics/cadvisor",
        "namespace": namespace_of(pod),
        "pod": name_of(pod),
        "node": pod["spec"].get("nodeName", ""),
    }
    base["instance"] = base["node"]
    specs = {c["name"]: c for c in pod["spec"]["containers"]}
    total_memory = total_cpu = 0.0
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        running = status["state"].get("running")
        if not running or status["name"] not in specs:
            continue
        spec, age = specs[status["name"]], max(0.0, seconds_since(running["startedAt"], now))
        memory, cores = _usage(
            cluster, (namespace_of(pod), workload, spec["name"]), spec, uid_of(pod), age, now
        )
        spent, throttled = _counters(cluster, pod, spec, running["startedAt"], cores, now)
        total_memory, total_cpu = total_memory + memory, total_cpu + spent
        labels = {**base, "container": spec["name"], "image": spec["image"]}
        yield "container_memory_working_set_bytes", labels, memory
        yield "container_cpu_usage_seconds_total", {**labels, "cpu": "total"}, spent
        yield from _periods(spec, labels, age * 10, throttled)
    if total_memory:
        yield "container_memory_working_set_bytes", {**base, "container": ""}, total_memory + 5e5
        yield (
            "container_cpu_usage_seconds_total",
            {**base, "container": "", "cpu": "total"},
            total_cpu,
        )
        pause = {**base, "container": "POD", "image": "registry.k8s.io/pause:3.10"}
        yield "container_memory_working_set_bytes", pause, 5e5


def _usage(
    cluster: Cluster, workload: tuple[str, str, str], spec: Obj, uid: str, age: float, now: datetime
) -> tuple[float, float]:
    """(bytes, cores): the need with a little noise of the pod's own, never above the limit."""
    limits = (spec.get("resources") or {}).get("limits") or {}
    need, load = cluster.behaviour.memory_of(workload), cluster.behaviour.load
    noise = (load.of_pod(uid, now) - 1) / load.noise_ratio if load else _noise(uid, now)
    memory = (need.base_bytes + need.per_second_bytes * age) * (1 + 0.02 * noise)
    if "memory" in limits:
        memory = min(memory, parse_quantity(limits["memory"]) * 0.995)
    cores = cluster.behaviour.cores_of(workload, now, DEFAULT_CORES)
    cores *= load.of_pod(uid, now) if load else 1
    if "cpu" in limits:
        cores = min(cores, parse_quantity(limits["cpu"]))
    return memory * min(1.0, 0.6 + age / 10), cores


def _noise(uid: str, now: datetime) -> float:
    """In -1..1, changing each 15 s, the same at every call."""
    return (hash((uid, int(now.timestamp()) // 15)) % 2001 - 1000) / 1000


def _counters(
    cluster: Cluster, pod: Obj, spec: Obj, started: str, cores: float, now: datetime
) -> tuple[float, float]:
    """(CPU seconds, throttled periods) since its start."""
    age, share = max(0.0, seconds_since(started, now)), _throttled_ratio(spec, cores)
    load = cluster.behaviour.load
    if load is None:
        return cores * age, age * 10 * share
    counter = load.counted((uid_of(pod), spec["name"]), started, age, now, cores, share)
    return counter.seconds, counter.throttled


def _periods(spec: Obj, labels: dict[str, str], periods: float, cut: float) -> Iterator[Sample]:
    if _cpu_limit(spec) is not None:
        yield "container_cpu_cfs_periods_total", labels, periods
        yield "container_cpu_cfs_throttled_periods_total", labels, cut


def _cpu_limit(spec: Obj) -> str | None:
    found: str | None = ((spec.get("resources") or {}).get("limits") or {}).get("cpu")
    return found


def _throttled_ratio(spec: Obj, cores: float) -> float:
    """Share of the CFS periods in which it was throttled."""
    limit = _cpu_limit(spec)
    return 0.6 if limit is not None and cores >= parse_quantity(limit) else 0.01


def _simple(obj: Obj, key: str, families: dict[str, tuple[str, str]]) -> Iterator[Sample]:
    """Families of one object: name → (part, field); a missing field is 0."""
    labels = {"namespace": namespace_of(obj), key: name_of(obj)}
    for family, (part, field) in families.items():
        yield _kube(family, float((obj.get(part) or {}).get(field) or 0), **labels)


DEPLOYMENT = {
    "kube_deployment_spec_replicas": ("spec", "replicas"),
    "kube_deployment_spec_paused": ("spec", "paused"),
    "kube_deployment_status_replicas": ("status", "replicas"),
    "kube_deployment_status_replicas_available": ("status", "availableReplicas"),
    "kube_deployment_status_replicas_unavailable": ("status", "unavailableReplicas"),
    "kube_deployment_status_replicas_updated": ("status", "updatedReplicas"),
    "kube_deployment_status_replicas_ready": ("status", "readyReplicas"),
    "kube_deployment_status_observed_generation": ("status", "observedGeneration"),
    "kube_deployment_metadata_generation": ("metadata", "generation"),
}
STATEFULSET = {
    "kube_statefulset_replicas": ("spec", "replicas"),
    "kube_statefulset_status_replicas": ("status", "replicas"),
    "kube_statefulset_status_replicas_ready": ("status", "readyReplicas"),
    "kube_statefulset_status_replicas_updated": ("status", "updatedReplicas"),
}
DAEMONSET = {
    "kube_daemonset_status_desired_number_scheduled": ("status", "desiredNumberScheduled"),
    "kube_daemonset_status_number_ready": ("status", "numberReady"),
    "kube_daemonset_status_number_available": ("status", "numberAvailable"),
    "kube_daemonset_status_number_unavailable": ("status", "numberUnavailable"),
}
AUTOSCALER = {
    "kube_horizontalpodautoscaler_spec_min_replicas": ("spec", "minReplicas"),
    "kube_horizontalpodautoscaler_spec_max_replicas": ("spec", "maxReplicas"),
    "kube_horizontalpodautoscaler_status_current_replicas": ("status", "currentReplicas"),
    "kube_horizontalpodautoscaler_status_desired_replicas": ("status", "desiredReplicas"),
}
JOB = {
    "kube_job_status_failed": ("status", "failed"),
    "kube_job_status_succeeded": ("status", "succeeded"),
    "kube_job_status_active": ("status", "active"),
}
SIMPLE = (
    ("deployments.apps", "deployment", DEPLOYMENT),
    ("statefulsets.apps", "statefulset", STATEFULSET),
    ("daemonsets.apps", "daemonset", DAEMONSET),
    ("horizontalpodautoscalers.autoscaling", "horizontalpodautoscaler", AUTOSCALER),
    ("jobs.batch", "job_name", JOB),
)


def workload_samples(cluster: Cluster) -> Iterator[Sample]:
    for table, key, families in SIMPLE:
        for obj in cluster.store.items(table):
            yield from _simple(obj, key, families)
    for replicaset in cluster.store.items("replicasets.apps"):
        owner = controller_of(replicaset) or {}
        labels = {"namespace": namespace_of(replicaset), "replicaset": name_of(replicaset)}
        kinds = {"owner_kind": owner.get("kind", ""), "owner_name": owner.get("name", "")}
        yield _kube("kube_replicaset_owner", 1, **labels, **kinds, owner_is_controller="true")
        yield _kube(
            "kube_replicaset_spec_replicas", replicaset["spec"].get("replicas", 0), **labels
        )
        ready = (replicaset.get("status") or {}).get("readyReplicas", 0)
        yield _kube("kube_replicaset_status_ready_replicas", ready, **labels)


def node_samples(cluster: Cluster, node: Obj, now: datetime) -> Iterator[Sample]:
    name, status = name_of(node), node.get("status") or {}
    for condition in status.get("conditions") or ():
        for value in ("true", "false", "unknown"):
            held = float(condition["status"].lower() == value)
            yield _kube(
                "kube_node_status_condition",
                held,
                node=name,
                condition=condition["type"],
                status=value,
            )
    for resource, amount in (status.get("allocatable") or {}).items():
        unit = {"cpu": "core", "memory": "byte"}.get(resource, "integer")
        yield _kube(
            "kube_node_status_allocatable",
            parse_quantity(amount),
            node=name,
            resource=resource,
            unit=unit,
        )
    yield _kube(
        "kube_node_spec_unschedulable", float(bool(node["spec"].get("unschedulable"))), node=name
    )
    if name not in cluster.behaviour.dead_nodes:
        yield from _exporter(cluster, node, now)


def _exporter(cluster: Cluster, node: Obj, now: datetime) -> Iterator[Sample]:
    """node-exporter's: usage follows the number of pods."""
    name, allocatable = name_of(node), (node.get("status") or {}).get("allocatable") or {}
    labels = {"job": "node-exporter", "instance": f"{name}:9100", "node": name}
    total = parse_quantity(allocatable.get("memory", "16Gi"))
    used = min(0.85, 0.2 + len(cluster.store.on_node.get(name, ())) * 0.01)
    yield "node_memory_MemTotal_bytes", labels, total
    yield (
        "node_memory_MemAvailable_bytes",
        labels,
        total * (1 - used) * (1 + 0.01 * _noise(name, now)),
    )
    age = max(0.0, (now - parse(node["metadata"]["creationTimestamp"])).total_seconds())
    for cpu in range(min(4, int(parse_quantity(allocatable.get("cpu", "4"))))):
        for mode, share in (("idle", 1 - used), ("user", used * 0.8), ("system", used * 0.2)):
            yield "node_cpu_seconds_total", {**labels, "cpu": str(cpu), "mode": mode}, age * share
    disk = {**labels, "device": "/dev/sda1", "mountpoint": "/", "fstype": "ext4"}
    yield "node_filesystem_size_bytes", disk, 100e9
    yield "node_filesystem_avail_bytes", disk, 62e9


def claim_samples(cluster: Cluster) -> Iterator[Sample]:
    for claim in cluster.store.items("persistentvolumeclaims"):
        labels = {"namespace": namespace_of(claim), "persistentvolumeclaim": name_of(claim)}
        spec, status = claim["spec"], claim.get("status") or {}
        more = {
            "storageclass": spec.get("storageClassName", ""),
            "volumename": spec.get("volumeName", ""),
        }
        yield _kube("kube_persistentvolumeclaim_info", 1, **labels, **more)
        for phase in ("Pending", "Bound", "Lost"):
            held = float(status.get("phase") == phase)
            yield _kube("kube_persistentvolumeclaim_status_phase", held, **labels, phase=phase)
        if status.get("phase") == "Bound":
            size = parse_quantity((status.get("capacity") or {}).get("storage", "1Gi"))
            kubelet = {"job": "kubelet", "metrics_path": "/metrics", **labels}
            yield "kubelet_volume_stats_capacity_bytes", kubelet, size
            yield "kubelet_volume_stats_available_bytes", kubelet, size * 0.58


def up_samples(cluster: Cluster) -> Iterator[Sample]:
    yield "up", dict(KSM), 1
    for node in cluster.store.items("nodes"):
        alive = float(name_of(node) not in cluster.behaviour.dead_nodes)
        yield "up", {"job": "node-exporter", "instance": f"{name_of(node)}:9100"}, alive
        for path in ("/metrics", "/metrics/cadvisor"):
            yield "up", {"job": "kubelet", "instance": name_of(node), "metrics_path": path}, alive


def all_samples(cluster: Cluster, now: datetime) -> Iterator[Sample]:
    """Everything that a Prometheus would scrape now."""
    for pod in cluster.store.items("pods"):
        yield from pod_samples(pod)
        if pod["spec"].get("nodeName") not in cluster.behaviour.dead_nodes:
            yield from usage_samples(cluster, pod, now)
    yield from workload_samples(cluster)
    for node in cluster.store.items("nodes"):
        yield from node_samples(cluster, node, now)
    yield from claim_samples(cluster)
    yield from up_samples(cluster)
