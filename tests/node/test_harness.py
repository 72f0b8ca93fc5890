"""What real nodes are: their network, their registries, their metrics; and that nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.contract.target import eventually
from tests.controlplane.up import Cluster
from tests.node.conftest import kernel_settings
from tests.node.harness import images, network, runs, services
from tests.node.shop import opened
from tests.node.workloads import container, pod_spec, workload

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]
PROMETHEUS = f"http://127.0.0.1:{network.PROMETHEUS}"
SECRET = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson"}


def series(query: str) -> list[dict[str, str]]:
    said = requests.get(f"{PROMETHEUS}/api/v1/query", params={"query": query}, timeout=10).json()
    return [one["metric"] for one in said["data"]["result"]]


@pytest.mark.parametrize("job", ["kube-state-metrics", "apiserver", *services.KUBELET_METRICS])
def test_prometheus_scrapes(cluster: Cluster, job: str) -> None:
    eventually(lambda: series(f'up{{job="{job}"}} == 1'), f"{job} is up")


def test_each_node_tells_of_its_containers(cluster: Cluster) -> None:
    query = 'container_memory_working_set_bytes{namespace="kube-system",container="coredns"}'
    found = eventually(lambda: series(query), "cAdvisor's figures", 120)
    assert {one["node"] for one in found} <= {"node-0", "node-1"}


def test_pods_of_both_nodes_reach_a_service_by_name(cluster: Cluster) -> None:
    shop = opened(cluster.api, "names")
    asks = "nslookup kubernetes.default.svc.cluster.local && exec /app serve"
    calls = ["/bin/sh", "-c", f"until {asks}; do sleep 1; done"]
    ready = {"exec": {"command": ["/bin/sh", "-c", "wget -qO- http://127.0.0.1:8080/"]}}
    spec = pod_spec(container(command=calls, readinessProbe=ready))
    shop.apply(workload("DaemonSet", "names", spec))
    assert {pod["spec"]["nodeName"] for pod in shop.serves()} == {"node-0", "node-1"}


def test_the_locked_registry_gives_the_image_to_who_has_the_password(cluster: Cluster) -> None:
    shop = opened(cluster.api, "locked")
    account = f'{{"username":"{services.USER}","password":"{services.PASSWORD}"}}'
    body = {".dockerconfigjson": f'{{"auths":{{"{images.PRIVATE}":{account}}}}}'}
    secret = SECRET | {"metadata": {"name": "password"}, "stringData": body}
    cluster.api.create("/api/v1/namespaces/locked/secrets", secret).ok()
    spec = pod_spec(container(image=images.LOCKED), imagePullSecrets=[{"name": "password"}])
    shop.apply(workload("Deployment", "locked", spec, replicas=1))
    shop.serves(1)


def test_the_open_registry_gives_an_image_that_no_node_had(cluster: Cluster) -> None:
    shop = opened(cluster.api, "uploaded")
    spec = pod_spec(container(image=images.UPLOADED))
    shop.apply(workload("Deployment", "uploaded", spec, replicas=1))
    shop.serves(1)


@pytest.fixture
def other(cluster: Cluster) -> subprocess.Popen[str]:
    """A second run beside this one, with nodes that are ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.node", "up"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("KUBECONFIG="):
            return process
    raise AssertionError("the second run did not come up")


def run_of(process: subprocess.Popen[str], ours: str) -> str:
    """The only other run's name."""
    (name,) = {path.name for path in runs.RUNS.glob(f"{runs.PREFIX}*")} - {ours}
    return name


def processes_of(name: str) -> list[int]:
    """Whatever was started with the run's name in its environment, or is in its cgroups."""
    mark = f"KUBEWISE_NODE_RUN={name}".encode()
    found = set(runs.members(name))
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
        except OSError:
            continue
    return sorted(found)


def namespaces_of(pids: list[int]) -> set[str]:
    return {os.readlink(f"/proc/{pid}/ns/net") for pid in pids}


def mounts_of(name: str) -> list[str]:
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if name in line]


def check_nothing_stayed(name: str) -> None:
    eventually(lambda: not processes_of(name), "its processes are gone", 20)
    eventually(lambda: not runs.groups_of(name), "its cgroups are gone", 20)
    eventually(lambda: not (runs.RUNS / name).exists(), "its folder is gone", 20)
    assert mounts_of(name) == []


def test_a_run_that_is_killed_leaves_nothing(other: subprocess.Popen[str]) -> None:
    name = run_of(other, os.environ["KUBEWISE_NODE_RUN"])
    pids = processes_of(name)
    assert len(namespaces_of(pids)) >= 3, "its own network, and one of each node"
    assert runs.groups_of(name)
    other.send_signal(signal.SIGKILL)
    other.wait()
    check_nothing_stayed(name)
    assert runs.groups_of(os.environ["KUBEWISE_NODE_RUN"]), "this run goes on"


def test_what_a_killed_guard_left_is_swept_at_the_next_start(
    other: subprocess.Popen[str],
) -> None:
    name = run_of(other, os.environ["KUBEWISE_NODE_RUN"])
    subprocess.run(["pkill", "-KILL", "-f", f"tests.node.harness.runs {name}"], check=True)
    other.send_signal(signal.SIGKILL)
    other.wait()
    eventually(lambda: not processes_of(name), "its processes are gone", 20)
    assert (runs.RUNS / name).is_dir()
    assert runs.groups_of(name)
    assert runs.sweep_ended() == [name]
    check_nothing_stayed(name)


def test_the_machines_settings_are_as_they_were(
    settings_before: dict[str, str], cluster: Cluster
) -> None:
    assert kernel_settings() == settings_before
