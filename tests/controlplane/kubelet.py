"""A process in the place of kubelets: `python -m tests.controlplane.kubelet --kubeconfig PATH
--nodes 3`.

It registers nodes, keeps their leases, runs every pod bound to them as `behaviours` says, and
serves their logs. One loop owns the state; watches only put what they see into its queue.
"""

import argparse
import ipaddress
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from tests.controlplane.behaviours import Json
from tests.controlplane.build import say
from tests.controlplane.certs import authority
from tests.controlplane.logs import KubeletStopped, LogServer, tls
from tests.controlplane.node import Machine, Node
from tests.controlplane.nodes import NODES, STAND_IN
from tests.controlplane.pod import Pod
from tests.controlplane.recorder import Recorder
from tests.controlplane.rest import Api

PODS = "/api/v1/pods"
RETRY_SECONDS = 0.5
Seen = tuple[str, str, Json]


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Kubelets:
    """All stand-in nodes and the pods on them."""

    api: Api
    pace_ratio: float
    clock: Callable[[], datetime] = wall_clock
    nodes: dict[str, Node] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    seen: "queue.Queue[Seen]" = field(default_factory=queue.Queue)
    _unwritten: set[str] = field(default_factory=set)
    _addresses: int = 0

    def __post_init__(self) -> None:
        self._recorder = Recorder(self.api, self.clock)

    def register(self, count: int, machine: Machine) -> None:
        for number in range(count):
            node = Node(f"stand-in-{number}", machine, self.api)
            node.register(self.clock())
            self.nodes[node.name] = node

    def run(self) -> None:
        """Watch and act for ever; an API server that is away is asked again."""
        for path, selector in (
            (NODES, {"labelSelector": STAND_IN}),
            (PODS, {"fieldSelector": "spec.nodeName!="}),
        ):
            threading.Thread(target=self._watch, args=(path, selector), daemon=True).start()
        while True:
            try:
                self.step()
            except requests.RequestException as error:
                say(f"the API server is away: {error}")
                time.sleep(RETRY_SECONDS)

    def step(self) -> None:
        """Wait for the next thing seen or due, then do everything that is due."""
        try:
            self._observe(self.seen.get(timeout=self._idle_seconds()))
            while True:
                self._observe(self.seen.get_nowait())
        except queue.Empty:
            pass
        for node in self.nodes.values():
            node.advance(self.clock())
        for pod in list(self.pods.values()):
            self._advance(pod)

    def find(self, namespace: str, name: str) -> Pod | None:
        """The pod by its names; KubeletStopped when its node's kubelet is."""
        found = next(
            (pod for pod in list(self.pods.values()) if pod.key == (namespace, name)), None
        )
        if found is not None and self._node_of(found.object).is_stopped:
            raise KubeletStopped
        return found

    def _watch(self, path: str, selector: dict[str, Any]) -> None:
        while True:
            try:
                self._list_and_watch(path, selector)
            except requests.RequestException:
                time.sleep(RETRY_SECONDS)

    def _list_and_watch(self, path: str, selector: dict[str, Any]) -> None:
        listed = self.api.get(path, **selector).ok()
        for one in listed["items"]:
            self.seen.put((path, "MODIFIED", one))
        self.seen.put((path, "LISTED", listed))
        version = listed["metadata"]["resourceVersion"]
        for event in self.api.watch(path, resourceVersion=version, **selector):
            if event["type"] == "ERROR":
                return
            self.seen.put((path, event["type"], event["object"]))

    def _observe(self, seen: Seen) -> None:
        path, kind, what = seen
        if path == PODS:
            self._observe_pod(kind, what)
        elif kind == "DELETED":
            self.nodes.pop(what["metadata"]["name"], None)
        elif kind != "LISTED" and (node := self.nodes.get(what["metadata"]["name"])):
            node.observe(what, self.clock())

    def _observe_pod(self, kind: str, what: Json) -> None:
        if kind == "LISTED":
            known = {one["metadata"]["uid"] for one in what["items"]}
            self.pods = {uid: pod for uid, pod in self.pods.items() if uid in known}
        elif kind == "DELETED":
            self.pods.pop(what["metadata"]["uid"], None)
        elif what["spec"].get("nodeName") in self.nodes:
            self._keep(what)

    def _keep(self, fresh: Json) -> None:
        uid, now = fresh["metadata"]["uid"], self.clock()
        if uid not in self.pods:
            if fresh.get("status", {}).get("phase") in ("Succeeded", "Failed") and not fresh[
                "metadata"
            ].get("deletionTimestamp"):
                return
            self.pods[uid] = Pod(
                fresh,
                self._next_addresses(fresh),
                self.pace_ratio,
                self._recorder.of_container,
                now,
            )
            self._unwritten.add(uid)
        if self.pods[uid].observe(fresh, now):
            self._unwritten.add(uid)

    def _advance(self, pod: Pod) -> None:
        if self._node_of(pod.object).is_stopped:
            return
        if pod.advance(self.clock()):
            self._unwritten.add(pod.uid)
        if pod.uid in self._unwritten:
            self._write(pod)
            self._unwritten.discard(pod.uid)

    def _write(self, pod: Pod) -> None:
        namespace, name = pod.key
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        answer = self.api.patch(
            f"{path}/status", {"metadata": {"uid": pod.uid}, "status": pod.status(self.clock())}
        )
        if pod.is_ended:
            self.api.delete(path, {"gracePeriodSeconds": 0, "preconditions": {"uid": pod.uid}})
            self.pods.pop(pod.uid, None)
        elif answer.status not in (
            requests.codes.ok,
            requests.codes.not_found,
            requests.codes.conflict,
        ):
            say(f"the status of {namespace}/{name} was refused: {answer.status} {answer.message}")

    def _node_of(self, pod: Json) -> Node:
        return self.nodes.get(pod["spec"]["nodeName"]) or Node(
            "gone", Machine("", 0, "", 0), self.api
        )

    def _next_addresses(self, pod: Json) -> tuple[str, str]:
        self._addresses += 1
        host = self._node_of(pod).machine.address
        return host, str(ipaddress.ip_address("10.244.0.0") + self._addresses)

    def _idle_seconds(self) -> float:
        """Until something is due; what waits on a stopped node does not count."""
        live = [pod for pod in self.pods.values() if not self._node_of(pod.object).is_stopped]
        if any(pod.uid in self._unwritten for pod in live):
            return 0.001
        moments = [*(pod.due for pod in live), *(node.due for node in self.nodes.values())]
        dues = [due for due in moments if due is not None]
        if not dues:
            return RETRY_SECONDS
        return max(0.001, (min(dues) - self.clock()).total_seconds())


def main() -> None:
    wanted = _arguments().parse_args()
    api = Api(wanted.kubeconfig)
    kubelets = Kubelets(api, wanted.pace_ratio)
    with tempfile.TemporaryDirectory() as temporary:
        own = (
            None
            if wanted.certificate
            else authority(Path(temporary)).server("kubelet", ipaddress.ip_address(wanted.address))
        )
        certificate, key = (own.certificate, own.key) if own else (wanted.certificate, wanted.key)
        server = LogServer(
            wanted.address,
            kubelets.find,
            kubelets.clock,
            tls(certificate, key, wanted.client_authority),
        )
    version = api.get("/version").ok()["gitVersion"]
    kubelets.register(
        wanted.nodes, Machine(wanted.address, server.start(), version, wanted.heartbeat_seconds)
    )
    kubelets.run()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Nodes and pods without kubelets.")
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument(
        "--pace-ratio", type=float, default=0.1, help="1 waits as long as a real kubelet"
    )
    parser.add_argument("--heartbeat-seconds", type=float, default=10)
    parser.add_argument(
        "--address", default="127.0.0.1", help="where the API server reaches the log endpoint"
    )
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument(
        "--client-authority",
        type=Path,
        help="who must have signed the API server's client certificate",
    )
    return parser


if __name__ == "__main__":
    main()
