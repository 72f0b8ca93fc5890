"""Start a control plane on free ports of this machine, or use the disposable cluster of
KUBEWISE_TEST_KUBECONFIG.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.controlplane import build, kubeconfig, nodes
from tests.controlplane.certs import Authority, Pair, authority, service_account_keys
from tests.controlplane.processes import ControlPlaneError, Processes, free_ports
from tests.controlplane.rest import Api

ROOT = Path(__file__).resolve().parents[2]
versions: set[str] = set()  # of the API servers that this run's tests asked, for the summary


class Cluster:
    """A cluster that tests may do anything to: its admin kubeconfig, a raw client, and kubeconfigs
    of its ServiceAccounts.
    """

    def __init__(self, path: Path, directory: Path) -> None:
        self.kubeconfig = path
        self.directory = directory
        self.api = Api(path)

    @property
    def version(self) -> str:
        """The API server's version, with its leading `v`."""
        return str(self.api.get("/version").ok()["gitVersion"])

    def service_account_kubeconfig(
        self, namespace: str, name: str, expiration_seconds: int = 3600
    ) -> Path:
        """A kubeconfig with a token that the API server issued for the ServiceAccount by
        TokenRequest.
        """
        request = {"spec": {"expirationSeconds": expiration_seconds}}
        token = self.api.create(
            f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", request
        ).ok()["status"]["token"]
        path = self.directory / f"{namespace}-{name}.kubeconfig"
        return kubeconfig.with_token(
            path, kubeconfig.cluster_of(self.kubeconfig), f"{namespace}:{name}", token, namespace
        )

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as admin and return what it printed; an exit code other than 0 is a
        CalledProcessError.
        """
        command = ["kubectl", "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(
            command, input=stdin, stdout=subprocess.PIPE, text=True, check=True
        ).stdout


@dataclass
class ControlPlane:
    """etcd, API server, controller manager and scheduler with stand-ins for the kubelets; a context
    manager of `Cluster`.

    `pace_ratio` shortens what a kubelet waits for (crash and image-pull back-off): at 0.1, ten
    seconds pass in one.
    """

    node_count: int = 3
    pace_ratio: float = 0.1
    node_monitor_grace_seconds: float = 40
    not_ready_toleration_seconds: int = 300
    start_seconds: float = 120
    binaries: Path | None = None
    api_server_flags: tuple[str, ...] = ()
    controller_manager_flags: tuple[str, ...] = ()
    keep_directory: bool = False
    directory: Path = field(init=False)
    processes: Processes = field(init=False)

    def __enter__(self) -> Cluster:
        self._programs = self.binaries or _built()
        self.directory = Path(tempfile.mkdtemp(prefix="kubewise-controlplane-"))
        self.processes = Processes(self.directory)
        try:
            return self._start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self.processes.stop_all()
        if not self.keep_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self) -> Cluster:
        etcd, peers, secure = free_ports(3)
        ca = authority(self.directory)
        keys = service_account_keys(self.directory)
        self._start_etcd(etcd, peers)
        self._start_api_server(etcd, secure, ca, keys)
        server = f"https://127.0.0.1:{secure}"
        cluster = Cluster(_user(ca, server, "admin", "system:masters"), self.directory)
        self.processes.wait_until(
            lambda: nodes.answers_ready(cluster.api), "the API server is ready", self.start_seconds
        )
        self._start_controllers(ca, server, keys)
        start_kubelets(self.processes, cluster.kubeconfig, self._kubelet_flags(ca))
        self.processes.wait_until(
            lambda: nodes.is_usable(cluster.api, self.node_count),
            "every node takes pods",
            self.start_seconds,
        )
        return cluster

    def _start_etcd(self, port: int, peers: int) -> None:
        client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
        flags = [
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
        ]
        flags += [
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]
        self.processes.start("etcd", [self._programs / "etcd", "--unsafe-no-fsync", *flags])

    def _start_api_server(self, etcd: int, port: int, ca: Authority, keys: Pair) -> None:
        serving, kubelet_client = (
            ca.server("apiserver"),
            ca.user("kube-apiserver-kubelet-client", "system:masters"),
        )
        flags = [
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
        ]
        flags += [
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            f"--client-ca-file={ca.path}",
        ]
        flags += [
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--endpoint-reconciler-type=none",
            "--profiling=false",
        ]
        flags += [
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys.certificate}",
        ]
        flags += [
            f"--service-account-signing-key-file={keys.key}",
            f"--kubelet-certificate-authority={ca.path}",
        ]
        flags += [
            f"--kubelet-client-certificate={kubelet_client.certificate}",
            f"--kubelet-client-key={kubelet_client.key}",
        ]
        flags += ["--kubelet-preferred-address-types=InternalIP"]
        tolerations = self.not_ready_toleration_seconds
        flags += [
            f"--default-not-ready-toleration-seconds={tolerations}",
            f"--default-unreachable-toleration-seconds={tolerations}",
        ]
        self.processes.start(
            "kube-apiserver", [self._programs / "kube-apiserver", *flags, *self.api_server_flags]
        )

    def _start_controllers(self, ca: Authority, server: str, keys: Pair) -> None:
        manager, scheduler = (
            _user(ca, server, "system:kube-controller-manager"),
            _user(ca, server, "system:kube-scheduler"),
        )
        grace = self.node_monitor_grace_seconds
        flags = [
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={keys.key}",
            f"--root-ca-file={ca.path}",
        ]
        flags += [
            f"--node-monitor-grace-period={grace}s",
            f"--node-monitor-period={min(5, grace / 4)}s",
            *self.controller_manager_flags,
        ]
        for name, path, more in (
            ("kube-controller-manager", manager, flags),
            ("kube-scheduler", scheduler, []),
        ):
            self.processes.start(
                name,
                [
                    self._programs / name,
                    f"--kubeconfig={path}",
                    "--leader-elect=false",
                    *self._no_port(),
                    *more,
                ],
            )

    def _no_port(self) -> list[str]:
        """Nothing of ours asks these programs for anything; before 1.24 they had a second, insecure
        port.
        """
        version = build.reported_version(self._programs / "kube-apiserver") or "v1.99"
        return (
            ["--secure-port=0", "--port=0"]
            if int(version.split(".")[1]) < 24
            else ["--secure-port=0"]
        )

    def _kubelet_flags(self, ca: Authority) -> list[str]:
        serving = ca.server("kubelet")
        heartbeat = min(10.0, self.node_monitor_grace_seconds / 4)
        flags = [
            f"--nodes={self.node_count}",
            f"--pace-ratio={self.pace_ratio}",
            f"--heartbeat-seconds={heartbeat}",
        ]
        return [
            *flags,
            f"--certificate={serving.certificate}",
            f"--key={serving.key}",
            f"--client-authority={ca.path}",
        ]


def _built() -> Path:
    programs = build.find()
    if programs is None:
        raise ControlPlaneError(
            f"Kubernetes {build.pinned().kubernetes} is not built: `make controlplane` does it, "
            "once; or set KUBEWISE_TEST_KUBECONFIG to a disposable cluster"
        )
    return programs


def start_kubelets(processes: Processes, path: Path, flags: list[str]) -> None:
    processes.start(
        "kubelet",
        [sys.executable, "-m", "tests.controlplane.kubelet", f"--kubeconfig={path}", *flags],
        cwd=ROOT,
    )


@contextmanager
def external(path: Path, plan: ControlPlane) -> Iterator[Cluster]:
    """A disposable cluster of somebody else's: stand-in nodes are added, and its own nodes are
    cordoned meanwhile.

    KUBEWISE_TEST_NODE_ADDRESS is where its API server reaches this machine (for kind the gateway of
    its Docker network).
    """
    with tempfile.TemporaryDirectory(prefix="kubewise-cluster-") as temporary:
        cluster, processes = Cluster(path.resolve(), Path(temporary)), Processes(Path(temporary))
        address = os.environ.get("KUBEWISE_TEST_NODE_ADDRESS", "127.0.0.1")
        with nodes.others_cordoned(cluster.api):
            try:
                flags = [
                    f"--nodes={plan.node_count}",
                    f"--pace-ratio={plan.pace_ratio}",
                    f"--address={address}",
                ]
                start_kubelets(processes, cluster.kubeconfig, flags)
                processes.wait_until(
                    lambda: nodes.is_usable(cluster.api, plan.node_count),
                    "every node takes pods",
                    plan.start_seconds,
                )
                yield cluster
            finally:
                processes.stop_all()
                nodes.remove(cluster.api)


@contextmanager
def cluster(plan: ControlPlane | None = None) -> Iterator[Cluster]:
    """The cluster to test against: KUBEWISE_TEST_KUBECONFIG if set, else a control plane of our own
    as `plan` says.
    """
    chosen, given = plan or ControlPlane(), os.environ.get("KUBEWISE_TEST_KUBECONFIG")
    with external(Path(given), chosen) if given else chosen as running:
        versions.add(running.version)
        yield running


def _user(ca: Authority, server: str, name: str, *groups: str) -> Path:
    path = ca.directory / f"{name.replace(':', '-')}.kubeconfig"
    return kubeconfig.with_certificate(path, server, ca.path, name, ca.user(name, *groups))
