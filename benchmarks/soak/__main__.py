"""`make soak-day`: days lived in minutes, and what KubeWise made of them.

    python -m benchmarks.soak [--hours 24] [--seed 1 --seed 2] [--faults 60] [--json PATH]

Exit code 1 where a task of the product raised and, with --bars, where a figure is not as wanted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

from benchmarks.soak.stage import BEGIN, inbox, settings_of, stage

EVERY_PASSES = 20


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, action="append", help="several: one day each")
    parser.add_argument("--faults", type=int, help="default: 60 a day")
    parser.add_argument("--database", default="", help="a PostgreSQL URL; default: SQLite")
    parser.add_argument("--json", type=Path, help="where the whole report is written")
    parser.add_argument(
        "--bars", action="store_true", help="exit 1 where a figure is not as wanted"
    )
    return parser.parse_args(argv)


def main() -> None:
    options = arguments()
    faults = round(60 * options.hours / 24) if options.faults is None else options.faults
    from benchmarks.soak import report

    seeds = options.seed or [1]
    runs = [_of_seed(seed, options, faults, alone=len(seeds) == 1) for seed in seeds]
    for run in runs:
        print(f"\n## Seed {run['seed']}, {run['hours']:g} h\n\n{report.table(run)}\n")
    if options.json:
        report.save(options.json, runs)
    sys.exit(0 if _all_well(runs, options.bars) else 1)


def _all_well(runs: Sequence[dict[str, Any]], with_bars: bool) -> bool:
    from benchmarks.soak.bars import broken

    said = [f"seed {run['seed']}: {text}" for run in runs for text in broken(run)]
    print("\n".join(["What is not as wanted:", *said] if said else ["All is as wanted."]))
    failures = any(run["task_failures"] for run in runs)
    return not failures and not (with_bars and said)


def _of_seed(seed: int, options: argparse.Namespace, faults: int, alone: bool) -> dict[str, Any]:
    """Each of several seeds in a process of its own, so that each begins anew."""
    with tempfile.TemporaryDirectory() as folder:
        if alone:
            return day(seed, options.hours, faults, Path(folder), options.database)
        path = Path(folder) / "run.json"
        command = [
            sys.executable, "-m", "benchmarks.soak", "--hours", str(options.hours), "--seed",
            str(seed), "--faults", str(faults), "--database", options.database, "--json", str(path),
        ]  # fmt: skip
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        found: list[dict[str, Any]] = json.loads(path.read_text())
        return found[0]


def day(seed: int, hours: float, faults: int, folder: Path, database: str = "") -> dict[str, Any]:
    """One day of that seed on an empty database; the figures of report.figures."""
    _django(folder, database)
    from benchmarks.soak.life import born
    from benchmarks.soak.plan import plan

    planned = plan(seed, BEGIN, hours, faults)
    with (
        stage(seed) as simulator,
        inbox() as box,
        born(simulator, planned, folder, box.target) as life,
    ):
        costs = _lived(life, hours, folder)
        return _judged(life, costs, box.received) | {"seed": seed, "hours": hours}


def _lived(life: Any, hours: float, folder: Path) -> Any:
    from benchmarks.soak.report import Costs

    costs, wall, cpu = Costs(), time.perf_counter(), time.process_time()
    with _writes_counted(costs):
        for _ in life.live(BEGIN + timedelta(hours=hours)):
            if life.passes % EVERY_PASSES == 0:
                _note(life, costs, time.perf_counter() - wall)
    costs.cpu_seconds = round(time.process_time() - cpu, 1)
    costs.wall_seconds = round(time.perf_counter() - wall, 1)
    costs.database_bytes = sum(one.stat().st_size for one in folder.glob("soak.sqlite3*"))
    return costs


def _note(life: Any, costs: Any, wall: float) -> None:
    hours = (life.now - BEGIN).total_seconds() / 3600
    held = sum(len(one.times_ms) * 16 for one in life.simulator.metric_store._series.values())
    costs.memory_mib.append((round(hours, 3), round(_resident_mib() - held / 2**20, 1)))
    print(f"\r{hours:5.2f} h lived in {wall:.0f} s", end="", file=sys.stderr, flush=True)


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _writes_counted(costs: Any) -> Any:
    """Rows and bytes of what is inserted, updated and deleted."""
    from django.db import connection

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        if sql[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            costs.rows_written += max(context["cursor"].rowcount, 0)
            costs.bytes_written += sum(len(str(one)) for one in params or ())
        return done

    return connection.execute_wrapper(count)


def _judged(life: Any, costs: Any, messages: int) -> dict[str, Any]:
    from benchmarks.soak import judge, records, report

    costs.passes = life.passes
    costs.pass_p95_seconds = judge.percentile(life.pass_seconds, 0.95)
    told = records.incidents(life.watcher)
    judged = judge.judge(told, life.spans, life.owners.aliases)
    seen = life.watcher.watched
    made = report.figures(judged, costs, life.watcher.suspended_seconds, seen, messages)
    return made | {
        "task_failures": dict(life.failures), "happened": dict(life.happened),
        "rows": records.row_counts(),
    }  # fmt: skip


def _django(folder: Path, database: str) -> None:
    os.environ |= settings_of(folder, database)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main()
