"""What real nodes are: their network, their registries, their metrics; and that nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.contract.target import eventually
from tests.controlplane.up import Cluster
from tests.node.conftest import kernel_settings
from tests.node.harness import images, network, runs, services
from tests.node.harness.enter import RUN
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


@dataclass(frozen=True)
class Run:
    """A second run beside this one: who started it, and its name."""

    starter: subprocess.Popen[str]
    name: str

    def kill(self) -> None:
        self.starter.send_signal(signal.SIGKILL)
        self.starter.wait()


@pytest.fixture
def other(cluster: Cluster) -> Iterator[Run]:
    """Its nodes are ready."""
    command = [sys.executable, "-m", "tests.node", "up"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        said = next(line for line in starter.stdout if line.startswith("KUBECONFIG="))
        (name,) = [part for part in Path(said).parts if part.startswith(runs.PREFIX)]
        run = Run(starter, name)
        yield run
        run.kill()
    runs.sweep_ended()


def processes_of(name: str) -> list[int]:
    """Whatever was started with the run's name in its environment, or is in its cgroups."""
    mark = f"{RUN}={name}".encode()
    found = set(runs.members(name))
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
        except OSError:
            continue
    return sorted(found)


def guard_of(name: str) -> int:
    """The process of `runs.main` for this run."""
    words = f"tests.node.harness.runs\0{name}\0".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "cmdline").read_bytes().endswith(words):
                return int(folder.name)
    raise AssertionError(f"{name} has no guard")


def namespaces_of(pids: list[int]) -> set[str]:
    return {os.readlink(f"/proc/{pid}/ns/net") for pid in pids}


def mounts_of(name: str) -> list[str]:
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if name in line]


def check_nothing_stayed(name: str) -> None:
    eventually(lambda: not processes_of(name), "its processes are gone", 20)
    eventually(lambda: not runs.groups_of(name), "its cgroups are gone", 20)
    eventually(lambda: not (runs.RUNS / name).exists(), "its folder is gone", 20)
    assert mounts_of(name) == []


def test_a_run_that_is_killed_leaves_nothing(other: Run) -> None:
    pids = processes_of(other.name)
    assert len(namespaces_of(pids)) >= 3, "its own network, and one of each node"
    assert runs.groups_of(other.name)
    other.kill()
    check_nothing_stayed(other.name)
    assert runs.groups_of(os.environ[RUN]), "this run goes on"


def test_what_a_killed_guard_left_is_swept_at_the_next_start(other: Run) -> None:
    os.kill(guard_of(other.name), signal.SIGKILL)
    other.kill()
    eventually(lambda: not processes_of(other.name), "its processes are gone", 20)
    assert (runs.RUNS / other.name).is_dir()
    assert runs.groups_of(other.name)
    assert other.name in runs.sweep_ended()
    check_nothing_stayed(other.name)


def test_the_machines_settings_are_as_they_were(
    settings_before: dict[str, str], cluster: Cluster
) -> None:
    assert kernel_settings() == settings_before
