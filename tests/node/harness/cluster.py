"""The control plane of tests/controlplane with real nodes in place of its stand-ins."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from tests.controlplane import nodes
from tests.controlplane.certs import Authority, authority, service_account_keys
from tests.controlplane.kubeconfig import with_certificate
from tests.controlplane.up import Cluster, ControlPlane
from tests.node.harness import audit, images, network, services
from tests.node.harness.build import directory
from tests.node.harness.enter import RUN
from tests.node.harness.node_files import Node, write

SCRIPT = Path(__file__).with_name("node.sh")
COREDNS = Path(__file__).with_name("coredns.yaml")
OWN = ["--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"]
PROXIES = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "kube-proxy"},
    "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": "system:node-proxier",
    },
    "subjects": [{"kind": "User", "name": "system:kube-proxy"}],
}


@dataclass
class RealNodes(ControlPlane):
    """As ControlPlane; to be started within a run of `enter.inside`."""

    node_count: int = 2

    def __exit__(self, *_: object) -> None:
        """Nodes end at once: nothing in them is worth a farewell."""
        for number in range(self.node_count):
            if self.processes.is_started(network.node_name(number)):
                self.processes.stop(network.node_name(number), signal.SIGKILL)
        super().__exit__()

    def _start(self) -> Cluster:
        network.make_bridge()
        ca = authority(self.directory)
        cluster = self._start_control_plane(ca)
        self._save_images()
        services.start_registries(self.processes, self.directory)
        for number in range(self.node_count):
            self._start_node(number, ca)
        services.start_state_metrics(self.processes, cluster.kubeconfig)
        services.start_prometheus(self.processes, self.directory, ca, self.node_count)
        self._wait("every node takes pods", lambda: are_ready(cluster, self.node_count))
        for name in (images.LOCKED, images.UPLOADED):
            images.of(name, directory()).push(f"http://{network.GATEWAY}:{network.OPEN_REGISTRY}")
        cluster.kubectl("apply", "-f", str(COREDNS))
        return cluster

    def _start_control_plane(self, ca: Authority) -> Cluster:
        keys = service_account_keys(self.directory)
        self.api_server_flags = (*self._flags(ca), *self.api_server_flags)
        self._start_etcd(network.ETCD, network.ETCD + 1)
        self._start_api_server(network.ETCD, network.API, ca, keys)
        admin = ca.user("admin", "system:masters")
        path = self.directory / "admin.kubeconfig"
        cluster = Cluster(
            with_certificate(path, network.SERVER, ca.path, "admin", admin), self.directory
        )
        self._wait("the API server is ready", lambda: nodes.answers_ready(cluster.api))
        self._start_controllers(ca, network.SERVER, keys)
        cluster.api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", PROXIES).ok()
        return cluster

    def _flags(self, ca: Authority) -> tuple[str, ...]:
        """Nodes and pods reach the API server through the bridge. A kubelet may read what its own
        pods name, and no more. Of a flag that is given twice the later one counts.
        """
        serving = ca.server("apiserver-nodes", *network.ADDRESSES)
        return (
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            "--bind-address=0.0.0.0",
            f"--advertise-address={network.GATEWAY}",
            "--endpoint-reconciler-type=lease",
            "--authorization-mode=Node",
            "--enable-admission-plugins=NodeRestriction",
            *audit.flags(self.directory),
        )

    def _save_images(self) -> None:
        folder = self.directory / "images"
        folder.mkdir()
        for number, name in enumerate((images.PAUSE, images.DNS, images.APP)):
            images.of(name, directory()).save(folder / f"{number}.tar")

    def _start_node(self, number: int, ca: Authority) -> None:
        name, run = network.node_name(number), os.environ[RUN]
        serving = ca.server(f"kubelet-{name}", ip_address(network.node_address(number)))
        folder = self.directory / name
        folder.mkdir()
        node = Node(number, folder, f"/{run}/{name}", ca.path, serving)
        write(node)
        user, proxy = f"system:node:{name}", "system:kube-proxy"
        for file, who, pair in (
            ("kubeconfig", user, ca.user(user, "system:nodes")),
            ("kube-proxy.kubeconfig", proxy, ca.user(proxy)),
        ):
            with_certificate(folder / file, network.SERVER, ca.path, who, pair)
        command = ["unshare", *OWN, "--propagation", "private", "bash", SCRIPT]
        self.processes.start(name, command, os.environ | self._said(node))
        network.connect(number, first_process(self.processes.pid(name)))

    def _said(self, node: Node) -> dict[str, str]:
        others = [n for n in range(self.node_count) if n != node.number]
        routes = [f"{network.pods_of(n)}={network.node_address(n)}" for n in others]
        return {
            "NODE_NAME": node.name,
            "NODE_ADDRESS": node.address,
            "NODE_FOLDER": str(node.folder),
            "NODE_GROUP": node.group,
            "GATEWAY": network.GATEWAY,
            "ROUTES": " ".join(routes),
            "PROGRAMS": str(directory()),
            "IMAGES": str(self.directory / "images"),
        }

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        self.processes.wait_until(ready, what, self.start_seconds)


def first_process(holder: int) -> int:
    """The process that `unshare` started, once it is in its own network."""
    ours, children = (
        os.readlink("/proc/self/ns/net"),
        Path(f"/proc/{holder}/task/{holder}/children"),
    )
    while True:
        for pid in children.read_text().split():
            if os.readlink(f"/proc/{pid}/ns/net") != ours:
                return int(pid)
        time.sleep(0.02)


def are_ready(cluster: Cluster, count: int) -> bool:
    found = cluster.api.get(nodes.NODES).ok()["items"]
    account = cluster.api.get("/api/v1/namespaces/default/serviceaccounts/default")
    return account.status == nodes.OK and sum(map(nodes.takes_pods, found)) >= count
