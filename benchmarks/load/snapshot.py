"""CPU and memory from HTTP bytes to findings, beside the official client's typed pod list.

Both sides read the same pods from the same HTTP server, which runs as a process of its own. CPU
is user and system time of the reading process; memory is its peak, each side in a fresh process.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PODS, WORKLOADS, NODES, EVENTS = 10_000, 500, 200, 5_000
TIMES_LESS, MOST_MIB = 10.0, 400.0
WHEN = "2026-01-02T03:04:05Z"
POD_CONDITIONS = (
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
)
RUNNING: dict[str, Any] = {
    "ready": True,
    "started": True,
    "restartCount": 0,
    "state": {"running": {"startedAt": WHEN}},
    "lastState": {},
}
CRASHING: dict[str, Any] = {
    "ready": False,
    "started": True,
    "restartCount": 9,
    "state": {
        "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting"},
    },
    "lastState": {
        "terminated": {"exitCode": 1, "reason": "Error", "startedAt": WHEN, "finishedAt": WHEN},
    },
}


def pod(number: int) -> dict[str, Any]:
    """A pod as large as real ones are: about 5 KB with environment, probes and managedFields."""
    owner = number % WORKLOADS
    return {
        "metadata": _pod_metadata(number, owner),
        "spec": {
            "containers": [_container(owner)],
            "nodeName": f"node-{number % NODES}",
            "restartPolicy": "Always",
            "serviceAccountName": "default",
            "tolerations": [{"key": f"key-{i}", "operator": "Exists"} for i in range(2)],
            "volumes": [{"name": f"volume-{i}", "emptyDir": {}} for i in range(3)],
        },
        "status": _pod_status(owner, crashing=number % 1000 == 0),
    }


def _pod_metadata(number: int, owner: int) -> dict[str, Any]:
    return {
        "name": f"service-{owner}-5d8f7c9b6d-{number:05d}",
        "generateName": f"service-{owner}-5d8f7c9b6d-",
        "namespace": f"team-{owner % 40}",
        "uid": f"00000000-0000-4000-8000-{number:012d}",
        "resourceVersion": str(1_000_000 + number),
        "creationTimestamp": WHEN,
        "labels": {"app": f"service-{owner}", "pod-template-hash": "5d8f7c9b6d", "tier": "web"},
        "annotations": {"prometheus.io/scrape": "true", "checksum/config": "0" * 64},
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": f"service-{owner}-5d8f7c9b6d",
                "uid": f"00000000-0000-4000-9000-{owner:012d}",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
        "managedFields": [_managed_fields(it) for it in ("kube-controller-manager", "kubelet")],
    }


def _managed_fields(manager: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": WHEN,
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {f"f:field-{i}": {} for i in range(30)}},
    }


def _container(owner: int) -> dict[str, Any]:
    return {
        "name": "app",
        "image": _image(owner),
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"VARIABLE_{i}", "value": f"value-{i}"} for i in range(12)],
        "resources": {
            "limits": {"cpu": "1", "memory": "1Gi"},
            "requests": {"cpu": "250m", "memory": "512Mi"},
        },
        "volumeMounts": [{"name": f"volume-{i}", "mountPath": f"/mnt/{i}"} for i in range(3)],
        "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 10},
        "terminationMessagePath": "/dev/termination-log",
        "imagePullPolicy": "IfNotPresent",
    }


def _image(owner: int) -> str:
    return f"registry.example/team/service-{owner}:1.4.{owner}"


def _pod_status(owner: int, crashing: bool) -> dict[str, Any]:
    return {
        "phase": "Running",
        "startTime": WHEN,
        "podIP": "10.1.2.3",
        "podIPs": [{"ip": "10.1.2.3"}],
        "hostIP": "192.168.1.1",
        "qosClass": "Burstable",
        "conditions": [_pod_condition(kind, crashing) for kind in POD_CONDITIONS],
        "containerStatuses": [
            {
                "name": "app",
                "image": _image(owner),
                "imageID": f"registry.example/team/service@sha256:{'a' * 64}",
                "containerID": f"containerd://{'b' * 64}",
                **(CRASHING if crashing else RUNNING),
            }
        ],
    }


def _pod_condition(kind: str, crashing: bool) -> dict[str, Any]:
    return {
        "type": kind,
        "status": "False" if crashing and kind.endswith("Ready") else "True",
        "lastProbeTime": None,
        "lastTransitionTime": WHEN,
    }


def workload(kind: str, number: int) -> dict[str, Any]:
    uid = f"00000000-0000-4000-{'9' if kind == 'ReplicaSet' else 'a'}000-{number:012d}"
    meta: dict[str, Any] = {
        "name": f"service-{number}" + ("-5d8f7c9b6d" if kind == "ReplicaSet" else ""),
        "namespace": f"team-{number % 40}",
        "uid": uid,
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "annotations": {"deployment.kubernetes.io/revision": "1"},
        "generation": 1,
    }
    if kind == "ReplicaSet":
        above = f"00000000-0000-4000-a000-{number:012d}"
        ref = {"kind": "Deployment", "name": f"service-{number}", "uid": above, "controller": True}
        meta["ownerReferences"] = [ref]
    replicas = PODS // WORKLOADS
    counts = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
    return {
        "metadata": meta,
        "spec": {"replicas": replicas, "template": pod(number)},
        "status": dict.fromkeys(counts, replicas) | {"observedGeneration": 1},
    }


def node(number: int) -> dict[str, Any]:
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    images = [{"names": [f"image-{i}@sha256:{'c' * 64}"], "sizeBytes": 1} for i in range(50)]
    return {
        "metadata": {"name": f"node-{number}", "uid": f"node-{number}"},
        "status": {"conditions": [ready], "images": images},
    }


def event(number: int) -> dict[str, Any]:
    about = pod(number)["metadata"]
    return {
        "metadata": {"name": f"event-{number}", "namespace": about["namespace"]},
        "involvedObject": {"kind": "Pod", "name": about["name"], "uid": about["uid"]},
        "reason": "Pulled",
        "message": "Container image already present on machine",
        "type": "Normal",
        "count": 3,
        "firstTimestamp": "2026-01-02T03:04:05Z",
        "lastTimestamp": "2026-01-02T03:04:05Z",
        "eventTime": None,
    }


def claim(number: int) -> dict[str, Any]:
    return {
        "metadata": about("claim", number),
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast"},
        "status": {"phase": "Bound", "capacity": {"storage": "10Gi"}},
    }


def service(number: int) -> dict[str, Any]:
    return {
        "metadata": about("service", number),
        "spec": {
            "clusterIP": f"10.96.{number // 250}.{number % 250}",
            "selector": {"app": f"service-{number}"},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
        },
    }


def endpoints(number: int) -> dict[str, Any]:
    """A slice with all the pods behind one Service."""
    ready = {"ready": True, "serving": True, "terminating": False}
    named = range(number, PODS, WORKLOADS)
    return {
        "metadata": about("service", number)
        | {"labels": {"kubernetes.io/service-name": f"service-{number}"}},
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": ["10.1.2.3"], "conditions": ready, "targetRef": pod_ref(i)} for i in named
        ],
        "ports": [{"port": 8080, "protocol": "TCP"}],
    }


def pod_ref(number: int) -> dict[str, Any]:
    meta = pod(number)["metadata"]
    return {"kind": "Pod"} | {key: meta[key] for key in ("name", "namespace", "uid")}


def about(what: str, number: int) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:data": {f"f:key-{i}": {} for i in range(10)}}
    field = {"manager": "helm", "operation": "Update", "time": "2026-01-02T03:04:05Z"}
    return {
        "name": f"{what}-{number}",
        "namespace": f"team-{number % 40}",
        "uid": f"{what}-{number}",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "managedFields": [field | {"fieldsType": "FieldsV1", "fieldsV1": fields}],
    }


def namespace(number: int) -> dict[str, Any]:
    meta = {"name": f"team-{number}", "uid": f"namespace-{number}"}
    return {"metadata": meta, "status": {"phase": "Active"}}


def configmap(number: int) -> dict[str, Any]:
    return {"metadata": about("configmap", number)}


SERVED: dict[str, tuple[Callable[[int], dict[str, Any]], int]] = {
    "/api/v1/pods": (pod, PODS),
    "/api/v1/nodes": (node, NODES),
    "/api/v1/events": (event, EVENTS),
    "/api/v1/namespaces": (namespace, 40),
    "/api/v1/services": (service, WORKLOADS),
    "/api/v1/configmaps": (configmap, 2 * WORKLOADS),
    "/api/v1/persistentvolumeclaims": (claim, NODES),
    "/apis/discovery.k8s.io/v1/endpointslices": (endpoints, WORKLOADS),
    "/apis/apps/v1/deployments": (partial(workload, "Deployment"), WORKLOADS),
    "/apis/apps/v1/replicasets": (partial(workload, "ReplicaSet"), WORKLOADS),
}


def answers() -> dict[str, bytes]:
    """Path → the list that is served there; empty ones for whatever else the scan reads."""
    from detection.kubernetes.resources import RESOURCES

    lists = {path: list(map(make, range(count))) for path, (make, count) in SERVED.items()}
    for one in RESOURCES:
        lists.setdefault(one.path(""), [])
    return {
        path: json.dumps({"kind": "List", "metadata": {}, "items": items}).encode()
        for path, items in lists.items()
    }


LOG = b"".join(
    b'2026-01-02T03:04:%02dZ INFO "GET /healthz HTTP/1.1" 200 2\n' % (i % 60) for i in range(60)
)


def serve() -> None:
    """The server process: prints its port, then answers until it is killed."""
    found = answers()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = LOG if path.endswith("/log") else found.get(path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def measured(work: Any) -> dict[str, float]:
    before, began = time.process_time(), time.perf_counter()
    counted = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "cpu_seconds": time.process_time() - before,
        "wall_seconds": time.perf_counter() - began,
        "peak_mib": peak,
        "counted": counted,
    }


def ours(host: str) -> dict[str, float]:
    import django
    from kubernetes import client

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    django.setup()

    from detection.kubernetes.client import Account, Connection
    from detection.pipeline.inputs import Inputs
    from detection.pipeline.observe import observe
    from detection.snapshot.scope import EVERYTHING

    api_client = client.ApiClient(client.Configuration(host=host))
    connection = Connection(api_client, Account(host, "", ""))

    def work() -> int:
        now = datetime.now(UTC)
        seen = observe(connection, EVERYTHING, now, Inputs())
        if seen.blind or len(seen.snapshot.pods) != PODS:
            raise SystemExit(f"blind: {seen.blind}")
        return len(seen.opened)

    return measured(work)


def official(host: str) -> dict[str, float]:
    from kubernetes import client

    api = client.CoreV1Api(client.ApiClient(client.Configuration(host=host)))
    return measured(lambda: len(api.list_pod_for_all_namespaces().items))


def child(name: str, host: str = "") -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.load.snapshot", name, host]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


def main() -> int:
    """Print the figures side by side; 1 where a bar is missed."""
    command = [sys.executable, "-m", "benchmarks.load.snapshot", "serve"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip() if server.stdout else ""
        found = {name: child(name, f"http://127.0.0.1:{port}") for name in ("ours", "official")}
    finally:
        server.kill()
        server.wait()
    size = f"{PODS} pods, {WORKLOADS} workloads, {NODES} nodes, {EVENTS} events"
    print(f"{size}: from HTTP bytes to findings, {os.cpu_count()} CPUs")
    for name, row in found.items():
        print(
            f"  {name:9} CPU {row['cpu_seconds']:7.2f} s  wall {row['wall_seconds']:7.2f} s  "
            f"peak {row['peak_mib']:6.0f} MiB  {row['counted']:.0f} "
            f"{'findings' if name == 'ours' else 'typed pods'}"
        )
    times = found["official"]["cpu_seconds"] / found["ours"]["cpu_seconds"]
    print(
        f"  {times:.1f} times less CPU (bar {TIMES_LESS:.0f}), "
        f"peak {found['ours']['peak_mib']:.0f} MiB (bar {MOST_MIB:.0f})"
    )
    return 0 if times >= TIMES_LESS and found["ours"]["peak_mib"] <= MOST_MIB else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve()
    elif sys.argv[1:2] in (["ours"], ["official"]):
        print(json.dumps({"ours": ours, "official": official}[sys.argv[1]](sys.argv[2])))
    else:
        sys.exit(main())
