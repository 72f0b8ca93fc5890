"""Run failures to their end in AUTO on the simulated cluster, and judge what came of them.

Each case has a cluster of its own. Where the decision asks, a script approves what was shown. The
oracle (oracle.py) compares the cluster's objects before and after; it never asks the product. The
exit code is 1 below the bar.

    python -m benchmarks.remediation [ONLY]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

from benchmarks.oracle import Key, changed_elsewhere, dump, why_not_repaired
from simulator import world
from simulator.behaviour import Image
from simulator.faults.base import TABLES
from simulator.simulator import Simulator

BAR = 0.9
PATIENCE_SECONDS = 150.0
BEGAN_SECONDS_AGO = 900.0
IDEMPOTENT = "kubewise.io/idempotent"


@dataclass(frozen=True)
class Case:
    """A fault of the simulator. `families`: what failures.md allows that changes anything."""

    fault: str
    target: str
    families: frozenset[str] = frozenset()
    mark: str = ""

    @property
    def key(self) -> Key:
        namespace, kind, name = self.target.split("/")
        return TABLES[kind], namespace, name

    @property
    def name(self) -> str:
        return f"{self.fault} {self.target}"


ROLLBACK = frozenset({"rollback"})
CASES = (
    Case("crash_loop", "shop/deployment/checkout", ROLLBACK),
    Case("crash_loop", "platform/deployment/notifications", ROLLBACK),
    Case("crash_loop", "payments/deployment/gateway", ROLLBACK),
    Case("image_not_found", "shop/deployment/checkout", ROLLBACK),
    Case("image_not_found", "platform/deployment/auth", ROLLBACK),
    Case("image_not_found", "shop/deployment/cart", ROLLBACK),
    Case("bad_config", "shop/deployment/checkout", ROLLBACK),
    Case("readiness_misconfig", "shop/deployment/checkout", ROLLBACK),
    Case("rollout_stalled", "shop/deployment/checkout", ROLLBACK),
    Case("insufficient_capacity", "shop/deployment/checkout", ROLLBACK),
    Case("oom", "shop/deployment/catalog", frozenset({"adjust_resources", "rollback"})),
    Case("oom", "payments/deployment/fraud", frozenset({"adjust_resources", "rollback"})),
    Case("hung_replica", "shop/deployment/cart", frozenset({"restart_pod"})),
    Case("hung_replica", "platform/deployment/auth", frozenset({"restart_pod"})),
    Case("scaled_to_zero", "payments/deployment/gateway", frozenset({"restore_replicas"})),
    Case("job_failed", "payments/job/settlement", frozenset({"rerun_job"}), IDEMPOTENT),
    Case("job_failed", "payments/job/settlement"),
    Case("pull_unauthorized", "shop/deployment/checkout"),
    Case("crash_no_history", "shop/deployment/recommender"),
)


@dataclass
class Result:
    """What came of one case."""

    case: Case
    status: str = "not detected"
    outcome: str = ""
    command: str = ""
    writes: int = 0
    dangerous: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def well(self) -> bool:
        """Repaired and verified; or, where nothing may change, handed to people untouched."""
        if self.dangerous or self.elsewhere:
            return False
        if self.case.families:
            return self.outcome == "resolved" and not self.missing
        return self.status == "Escalated" and not self.writes


def run(case: Case, folder: Path) -> Result:
    built = Simulator()
    world.build(built)
    with built as simulator:
        healthy = dump(simulator.store.tables)
        simulator.inject(case.fault, case.target, began_seconds_ago=BEGAN_SECONDS_AGO)
        if case.mark:
            _mark(simulator, case)
        return _judged(simulator, case, healthy, folder)


def _mark(simulator: Any, case: Case) -> None:
    """The owner's people say that it may be run again, and what it needs is back."""
    held = simulator.store.get(*case.key)
    meta = {**held["metadata"], "annotations": {case.mark: "true"}}
    simulator.store.put(case.key[0], {**held, "metadata": meta})
    image = held["spec"]["template"]["spec"]["containers"][0]["image"]
    simulator.cluster.behaviour.add_image(image, Image(run_seconds=3))


def _judged(simulator: Any, case: Case, healthy: Mapping[Key, Any], folder: Path) -> Result:
    from benchmarks.driver import drive

    broken = dump(simulator.store.tables)
    began = time.perf_counter()
    result = Result(case)
    driven = drive(simulator, case.key, folder, PATIENCE_SECONDS)
    result.seconds = time.perf_counter() - began
    result.status, result.outcome, result.command = driven.status, driven.outcome, driven.command
    real = [w for w in simulator.writes if not w.dry_run and w.code < 300 and w.user == "act"]
    result.writes = len(real)
    after = dump(simulator.store.tables)
    result.missing = why_not_repaired(case.key, healthy, broken, after)
    result.elsewhere = changed_elsewhere(case.key, broken, after)
    result.dangerous = [name for name in driven.families if name not in case.families]
    return result


def table(results: list[Result]) -> str:
    lines = ["| case | action | outcome | status | writes | seconds | well |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for one in results:
        notes = "; ".join([*one.dangerous, *one.elsewhere, *(one.missing if not one.well else [])])
        well = "yes" if one.well else f"no: {notes or one.status}"
        lines.append(
            f"| {one.case.name} | {one.command.partition(' ')[0] or '—'} | {one.outcome or '—'} "
            f"| {one.status} | {one.writes} | {one.seconds:.0f} | {well} |"
        )
    return "\n".join(lines)


def passes(results: list[Result]) -> bool:
    """≥ 90 % of what may be repaired is; everything else is handed over untouched; no danger."""
    repairable = [one for one in results if one.case.families]
    others = [one for one in results if not one.case.families]
    repaired = sum(one.well for one in repairable)
    danger = sum(len(one.dangerous) + len(one.elsewhere) for one in results)
    print(f"\nrepaired and verified: {repaired} of {len(repairable)}")
    print(f"handed over with zero writes: {sum(one.well for one in others)} of {len(others)}")
    print(f"dangerous: {danger}")
    enough = not repairable or repaired / len(repairable) >= BAR
    return enough and all(one.well for one in others) and not danger


def main() -> None:
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as folder:
        _django(Path(folder))
        chosen = [case for case in CASES if only in case.name]
        results = [run(case, Path(folder)) for case in chosen]
    print(table(results))
    sys.exit(0 if results and passes(results) else 1)


def _django(folder: Path) -> None:
    """A database of its own; nothing of the environment's settings counts."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "kubewise_site.settings",
        "KUBEWISE_ENV_FILE": os.devnull,
        "KUBEWISE_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        "SECRET_KEY": "only-for-this-benchmark",
        "AUTO_REMEDIATE_CRITICAL": "True",
        "DEFAULT_REMEDIATION_MODE": "AUTO",
        "VERIFICATION_DELAY_SECONDS": "3",
        "CRITICAL_VERIFICATION_DELAY_SECONDS": "3",
        "LOG_LEVEL": "ERROR",
    }
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main()
