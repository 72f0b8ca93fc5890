"""Which cluster `make run` watches: the simulated one, or the context that KUBE_CONTEXT names."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from detection.kubernetes import connect

SIMULATOR_PORT = 8001


@dataclass(frozen=True)
class Watched:
    """`environment` is for all processes; `reading` and `acting` for those with such rights."""

    title: str
    simulated: bool
    environment: dict[str, str] = field(default_factory=dict)
    reading: dict[str, str] = field(default_factory=dict)
    acting: dict[str, str] = field(default_factory=dict)


def watched_cluster(data_dir: Path, context: str, kubeconfig: str) -> Watched:
    """Never a kubeconfig that happens to lie around: only what KUBE_CONTEXT names.

    Raises NotConfigured where that context does not exist.
    """
    return _real(context, kubeconfig) if context else _simulated(data_dir)


def _simulated(data_dir: Path) -> Watched:
    here = f"http://127.0.0.1:{SIMULATOR_PORT}"
    return Watched(
        title=f"the built-in simulated cluster at {here}",
        simulated=True,
        environment={"PROMETHEUS_URL": f"{here}/prometheus", "KUBECONFIG": ""},
        reading={"KUBE_READ_KUBECONFIG": str(data_dir / "simulator-read.kubeconfig")},
        acting={"KUBE_ACT_KUBECONFIG": str(data_dir / "simulator-act.kubeconfig")},
    )


def _real(context: str, kubeconfig: str) -> Watched:
    """A real cluster starts harmless: DRY_RUN and MANUAL, until told otherwise."""
    account = connect(context, kubeconfig).account
    harmless = {"DRY_RUN": "True", "DEFAULT_REMEDIATION_MODE": "MANUAL"}
    return Watched(
        title=f"context {context} at {account.server}",
        simulated=False,
        environment={name: os.environ.get(name, value) for name, value in harmless.items()},
    )
