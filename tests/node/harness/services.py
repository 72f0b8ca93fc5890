"""What runs beside the nodes: registries, kube-state-metrics and Prometheus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.controlplane.certs import Authority
from tests.controlplane.processes import Processes
from tests.node.harness import network
from tests.node.harness.build import directory

USER, PASSWORD = "kubewise", "right"
# bcrypt of PASSWORD: the only form that the registry takes.
HTPASSWD = f"{USER}:$2b$05$POmkQganh4F20X7a9HdQw.YTyC7n0YfRlfDMdVjdswQqoFclrzyk.\n"
KUBELET_METRICS = {
    "kubelet": "/metrics",
    "cadvisor": "/metrics/cadvisor",
    "resource": "/metrics/resource",
    "probes": "/metrics/probes",
}


def start_registries(processes: Processes, folder: Path) -> None:
    """One store: open to everybody on one port, to who has the password on the other."""
    passwords = folder / "htpasswd"
    passwords.write_text(HTPASSWD)
    lock = {"htpasswd": {"realm": "private", "path": str(passwords)}}
    ports = ("open", network.OPEN_REGISTRY, None), ("private", network.PRIVATE_REGISTRY, lock)
    for name, port, auth in ports:
        settings = folder / f"registry-{name}.yml"
        settings.write_text(json.dumps(_registry(folder / "registry", port, auth)))
        processes.start(f"registry-{name}", ["docker-registry", "serve", settings])


def _registry(store: Path, port: int, auth: Any) -> dict[str, Any]:
    return {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(store)}},
        "http": {"addr": f"{network.GATEWAY}:{port}"},
    } | ({"auth": auth} if auth else {})


def start_state_metrics(processes: Processes, kubeconfig: Path) -> None:
    listen = [f"--port={network.STATE_METRICS}", "--host=127.0.0.1"]
    own = ["--telemetry-host=127.0.0.1", f"--telemetry-port={network.STATE_METRICS + 1}"]
    program = directory() / "kube-state-metrics"
    processes.start(program.name, [program, f"--kubeconfig={kubeconfig}", *listen, *own])


def start_prometheus(processes: Processes, folder: Path, ca: Authority, nodes: int) -> None:
    """Debian's is built without discovery in Kubernetes: the nodes are listed."""
    settings = folder / "prometheus.yml"
    settings.write_text(
        json.dumps({"global": {"scrape_interval": "5s"}, "scrape_configs": _jobs(ca, nodes)})
    )
    store, listen = f"--storage.tsdb.path={folder / 'tsdb'}", f"127.0.0.1:{network.PROMETHEUS}"
    processes.start(
        "prometheus",
        ["prometheus", f"--config.file={settings}", store, f"--web.listen-address={listen}"],
    )


def _jobs(ca: Authority, nodes: int) -> list[dict[str, Any]]:
    pair = ca.user("prometheus", "system:masters")
    files = {"cert_file": str(pair.certificate), "key_file": str(pair.key)}
    secure = {"scheme": "https", "tls_config": {"ca_file": str(ca.path)} | files}
    state = {"targets": [f"127.0.0.1:{network.STATE_METRICS}"]}
    api = {"targets": [f"{network.GATEWAY}:{network.API}"]}
    kubelets = [
        {"targets": [f"{network.node_address(n)}:10250"], "labels": {"node": network.node_name(n)}}
        for n in range(nodes)
    ]
    jobs = [_job("kube-state-metrics", [state]), _job("apiserver", [api]) | secure]
    return jobs + [
        _job(name, kubelets) | secure | {"metrics_path": path}
        for name, path in KUBELET_METRICS.items()
    ]


def _job(name: str, targets: list[Any]) -> dict[str, Any]:
    return {"job_name": name, "honor_labels": True, "static_configs": targets}
