"""Readiness probes: by what the pod declares and by the faults on it."""

from datetime import datetime

from simulator.apimachinery.clock import seconds_since
from simulator.apimachinery.objects import Obj, namespace_of, uid_of
from simulator.cluster import Cluster
from simulator.cluster.container_behaviour import Image
from simulator.controllers.nodes.containers import workload_name

AFTER_START_SECONDS = 3.0
TIMEOUT = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
Answer = tuple[bool, float | None, str]


def probe_port(container: Obj) -> object:
    probe = container.get("readinessProbe") or {}
    return (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")


def _address(pod: Obj, container: Obj) -> str:
    port = probe_port(container) or 8080
    return f"{(pod.get('status') or {}).get('podIP', '10.244.0.1')}:{port}"


def _listens(container: Obj) -> bool:
    port, ports = probe_port(container), container.get("ports") or ()
    return (
        port is None
        or not ports
        or any(port in (p.get("containerPort"), p.get("name")) for p in ports)
    )


def _url(pod: Obj, container: Obj) -> str:
    path = ((container.get("readinessProbe") or {}).get("httpGet") or {}).get("path", "/")
    return f'Get "http://{_address(pod, container)}{path}"'


def readiness(cluster: Cluster, pod: Obj, container: Obj, status: Obj, now: datetime) -> Answer:
    """(ready, seconds until that may change, the failing probe's words) of a running container."""
    started = status["state"]["running"]["startedAt"]
    age, failing = seconds_since(started, now), "Readiness probe failed: "
    if _hangs(cluster, pod):
        return False, None, f"{failing}{_url(pod, container)}: {TIMEOUT}"
    if not (cluster.behaviour.image(container["image"]) or Image()).ready:
        return False, None, f"{failing}HTTP probe failed with statuscode: 503"
    if not _listens(container):
        refused = f"dial tcp {_address(pod, container)}: connect: connection refused"
        return False, None, f"{failing}{_url(pod, container)}: {refused}"
    probe = container.get("readinessProbe") or {}
    delay = float(probe.get("initialDelaySeconds", 0)) + AFTER_START_SECONDS
    if age < delay:
        return False, delay - age, ""
    period = cluster.behaviour.flapping.get((namespace_of(pod), workload_name(cluster, pod)))
    if period:
        left = period - age % period
        return int(age // period) % 2 == 0, left, f"{failing}HTTP probe failed with statuscode: 503"
    return True, None, ""


def _hangs(cluster: Cluster, pod: Obj) -> bool:
    """Its own process, or what all pods of its workload depend on."""
    if uid_of(pod) in cluster.behaviour.hung_pods:
        return True
    hung = cluster.behaviour.hung_workloads
    return bool(hung) and (namespace_of(pod), workload_name(cluster, pod)) in hung
