"""A node whose kubelet is frozen costs a look seconds, not seconds for each of its logs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from detection.kubernetes.client import KubernetesError, Unreachable
from detection.snapshot.logs import THREADS, with_logs
from tests.detection.builders import crash, snapshot_of

FROZEN = (
    'GET log: 500 Get "https://10.250.0.11:10250/containerLogs": net/http: TLS handshake timeout'
)
STOPPED = "GET log: 500 Get: dial tcp 10.250.0.11:10250: connect: connection refused"
PODS = [
    {"deployment": f"a{n}", "replicas": 1, "age": "1h",
     "pods": [{"name": f"a{n}", "node": "node-a" if n % 3 else "node-b", "age": "10m",
               "containers": crash()}]}
    for n in range(60)
]  # fmt: skip


class Nodes:
    """Pods on node-a fail as its kubelet makes them fail; those on node-b have a log."""

    def __init__(self, error: KubernetesError) -> None:
        self.error, self.asked = error, {"node-a": 0, "node-b": 0}

    def within(self, seconds: float) -> Nodes:
        return self

    def get(self, path: str, params: Mapping[str, str], accept: str = "") -> bytes:
        number = int(path.split("/")[-2].removeprefix("a"))
        node = "node-a" if number % 3 else "node-b"
        self.asked[node] += 1
        if node == "node-b":
            return b"panic: no configuration\n"
        time.sleep(0.05)
        raise self.error


@pytest.mark.parametrize(
    "error",
    [Unreachable("GET log: timed out"), KubernetesError(FROZEN), KubernetesError(STOPPED)],
)
def test_a_node_that_does_not_answer_is_asked_once_a_thread(error: KubernetesError) -> None:
    nodes: Any = Nodes(error)
    found = with_logs(nodes, snapshot_of(*PODS), most=200)
    assert nodes.asked["node-a"] <= THREADS
    assert len(found.logs) == nodes.asked["node-b"] == 20
    assert list(found.unread) == ["kubernetes/pods/log of node node-a"]
    assert not found.blind, "everything else was seen"


def test_an_error_of_one_container_is_no_silence_of_its_node() -> None:
    nodes: Any = Nodes(KubernetesError("GET log: 400 container is waiting to start"))
    found = with_logs(nodes, snapshot_of(*PODS), most=200)
    assert nodes.asked["node-a"] >= 40
    assert found.unread == {}
