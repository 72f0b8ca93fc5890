"""Which cluster `make run` watches: the simulated one, or the context that KUBE_CONTEXT names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from detection.kubernetes.client import connect
from kubewise_site.core.config.reading import given

HARMLESS = {"DRY_RUN": "True", "DEFAULT_REMEDIATION_MODE": "MANUAL"}
# Simulated pods are ready in seconds, and whoever tries KubeWise wants to see the end.
IMPATIENT = {
    "VERIFICATION_DELAY_SECONDS": "15",
    "CRITICAL_VERIFICATION_DELAY_SECONDS": "15",
    "AUTO_WARM_UP_SECONDS": "60",
}


@dataclass(frozen=True)
class Watched:
    """`environment` is for all processes; `reading` and `acting` for those with such rights."""

    title: str
    simulator_port: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    reading: dict[str, str] = field(default_factory=dict)
    acting: dict[str, str] = field(default_factory=dict)


def watched_cluster(data_dir: Path, context: str, kubeconfig: str, port: int) -> Watched:
    """Never a kubeconfig that happens to lie around: only what KUBE_CONTEXT names.

    `port` is where the simulated cluster is to listen. Raises NotConfigured where that context
    does not exist.
    """
    return _real(context, kubeconfig) if context else _simulated(data_dir, port)


def _simulated(data_dir: Path, port: int) -> Watched:
    here = f"http://127.0.0.1:{port}"
    prometheus = given("PROMETHEUS_URL", f"{here}/prometheus")
    return Watched(
        title=f"the built-in simulated cluster at {here}",
        simulator_port=port,
        environment={"PROMETHEUS_URL": prometheus, "KUBECONFIG": "", "CLUSTER_NAME": "simulated"}
        | _unless_set(IMPATIENT),
        reading={"KUBE_READ_KUBECONFIG": str(data_dir / "simulator-read.kubeconfig")},
        acting={"KUBE_ACT_KUBECONFIG": str(data_dir / "simulator-act.kubeconfig")},
    )


def _real(context: str, kubeconfig: str) -> Watched:
    """A real cluster starts harmless: DRY_RUN and MANUAL, until told otherwise."""
    account = connect(context, kubeconfig).account
    return Watched(
        title=f"context {context} at {account.server}", environment=_unless_set(HARMLESS)
    )


def _unless_set(defaults: dict[str, str]) -> dict[str, str]:
    return {name: given(name, value) for name, value in defaults.items()}
