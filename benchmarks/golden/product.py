"""The one place that names modules of the product: a move of modules touches this file alone.

Models are asked for by app label and name, tasks and commands by their names; these are behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.detection import diagnosis, scenarios
from kubewise_site.core.config.reading import BASE_DIR, SETTINGS

SETTINGS_MODULE = "kubewise_site.settings"
PACKAGES = ("kubewise_site", "detection", "remediation")
APPS = ("kubewise_site", "access", "detection", "remediation")
HOME: Path = BASE_DIR
TRAIN = "detection.tasks.train"

__all__ = [
    "APPS", "HOME", "PACKAGES", "SETTINGS", "SETTINGS_MODULE", "TRAIN", "celery_app",
    "current_cluster", "diagnosis", "faults", "forget_clients", "heartbeat", "remediation",
    "scenarios", "setting", "simulator", "simulator_with_a_past", "without_module",
]  # fmt: skip


def celery_app() -> Any:
    """With its tasks, as a worker has them."""
    from kubewise_site.celery import app

    app.loader.import_default_modules()
    return app


def setting(row: Any) -> dict[str, Any]:
    """What the table says of one setting of the environment."""
    told = {name: getattr(row, name) for name in ("name", "default", "why", "secret")}
    return told | {"allowed": row.kind.allowed}


def current_cluster() -> Any:
    from detection.clients import current_cluster as current

    return current()


def heartbeat(name: str, at: Any, **detail: Any) -> None:
    from detection.runtime.heartbeats import beat

    beat(name, at, **detail)


def forget_clients() -> None:
    """Connections are kept for a process's life; each simulator has another port."""
    from detection import clients
    from remediation import clients as acting

    kept: Iterable[Callable[..., Any]] = (clients.reader, clients.prometheus, acting._writer)
    for function in kept:
        function.cache_clear()  # type: ignore[attr-defined]


def simulator() -> Any:
    from simulator.simulator import Simulator

    return Simulator(controllers=False, background=False)


def simulator_with_a_past() -> Any:
    """A healthy cluster whose controllers move when its time is set."""
    from simulator import world
    from simulator.simulator import Simulator

    made = Simulator(background=False)
    world.build(made)
    return made


def faults() -> list[str]:
    from simulator.faults import FAULTS

    return sorted(FAULTS)


def remediation(only: str, folder: Path) -> Iterable[Any]:
    from benchmarks.remediation.run import results_of

    return results_of(only, folder)


def without_module(path: str) -> str:
    """A dotted path of ours as its last name: the class is behaviour, its module is not."""
    ours = any(path.startswith(f"{package}.") for package in PACKAGES)
    return path.rpartition(".")[2] if ours and " " not in path else path
