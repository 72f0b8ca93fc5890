"""`make soak`: real time and real processes; the same report, with memory and CPU by process.

    python -m benchmarks.soak.hour [--minutes 60] [--pair sqlite --pair postgres] [--seed 1]

Each pair has its own cluster, Prometheus and time. The truth and the judge are those of a day.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.soak import report
from benchmarks.soak.hour.processes import Processes
from benchmarks.soak.hour.servers import Prometheus, answers, pair, product, wait_for
from benchmarks.soak.plan import plan
from benchmarks.soak.stage import Inbox, inbox, settings_of, stage
from simulator.simulator import Simulator

PAIRS = ("sqlite", "postgres")
STEP_SECONDS, LOOK_SECONDS = 5.0, 15.0
SETTLED_HOURS = 0.5


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.hour", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--pair", choices=PAIRS, action="append", help="default: both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, help="default: one in four minutes")
    parser.add_argument("--json", type=Path, help="where the whole report is written")
    return parser.parse_args(argv)


def main() -> None:
    """Each of two pairs in a process of its own: Django reads its settings once."""
    options = arguments()
    pairs = options.pair or list(PAIRS)
    faults = round(options.minutes / 4) if options.faults is None else options.faults
    runs = [_run(name, options, faults, alone=len(pairs) == 1) for name in pairs]
    for run in runs:
        print(f"\n## {run['pair']}, {options.minutes:g} minutes\n\n{report.table(run)}\n")
        print(_by_process(run))
    if options.json:
        report.save(options.json, runs)


def _run(name: str, options: argparse.Namespace, faults: int, alone: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        if alone:
            return lived(name, options.minutes, faults, options.seed, Path(folder))
        path = Path(folder) / "run.json"
        command = [
            sys.executable, "-m", "benchmarks.soak.hour", "--pair", name, "--minutes",
            str(options.minutes), "--faults", str(faults), "--seed", str(options.seed),
            "--json", str(path),
        ]  # fmt: skip
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        found: list[dict[str, Any]] = json.loads(path.read_text())
        return found[0]


def lived(name: str, minutes: float, faults: int, seed: int, folder: Path) -> dict[str, Any]:
    """One pair's time; the figures of report.figures, and `processes`."""
    with ExitStack() as stack:
        chosen = stack.enter_context(pair(name, folder))
        simulator = _cluster(stack, seed)
        server = Prometheus(folder / "prometheus", simulator.url.removeprefix("http://"))
        server.start()
        stack.callback(server.stop)
        wait_for("Prometheus", lambda: answers(f"{server.url}/-/ready"))
        box = stack.enter_context(inbox())
        environment = _environment(folder, simulator, server, box) | chosen
        _django(environment)
        root = stack.enter_context(product(environment, folder / "console.txt"))
        life = _life(simulator, seed, minutes, faults)
        processes = _live(life, server, Processes(root), minutes)
        return _figures(life, processes, box) | {
            "pair": name, "seed": seed, "hours": round(minutes / 60, 3),
        }  # fmt: skip


def _cluster(stack: ExitStack, seed: int) -> Simulator:
    """It goes with the wall clock, and leaves the metrics to the real Prometheus."""
    simulator = stage(seed, datetime.now(UTC).replace(microsecond=0), background=True)
    simulator.sampler.enabled = False
    simulator.cluster.clock.release()
    return stack.enter_context(simulator)


def _environment(
    folder: Path, simulator: Simulator, server: Prometheus, box: Inbox
) -> dict[str, str]:
    accounts = {user: simulator.kubeconfig(folder / f"{user}.yaml", user)
                for user in ("admin", "read", "act")}  # fmt: skip
    return {
        **os.environ,
        **settings_of(folder),
        "KUBE_CONTEXT": "simulator",
        "KUBECONFIG": str(accounts["admin"]),
        "KUBE_READ_KUBECONFIG": str(accounts["read"]),
        "KUBE_ACT_KUBECONFIG": str(accounts["act"]),
        "PROMETHEUS_URL": server.url,
        "NOTIFY_URLS": box.target,
        "DRY_RUN": "False",
    }


def _django(environment: dict[str, str]) -> None:
    import django

    os.environ |= environment
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _life(simulator: Simulator, seed: int, minutes: float, faults: int) -> Any:
    from benchmarks.soak.life import Life
    from benchmarks.soak.truth import Owners

    planned = plan(seed, simulator.cluster.clock.now(), minutes / 60, faults)
    return Life(simulator, planned, Owners(simulator.store))


def _live(life: Any, server: Prometheus, processes: Processes, minutes: float) -> Processes:
    began, looked = time.monotonic(), 0.0
    until = life.now + timedelta(minutes=minutes)
    while life.now < until:
        time.sleep(STEP_SECONDS)
        with life.simulator.store.lock:
            life.advance(STEP_SECONDS)
        _follow(life.simulator, server)
        if time.monotonic() - looked >= LOOK_SECONDS:
            looked = time.monotonic()
            life.watcher.look(life.now, LOOK_SECONDS)
            processes.look((looked - began) / 3600)
    return processes


def _follow(simulator: Simulator, server: Prometheus) -> None:
    """The plan's restart of Prometheus, done to the real one."""
    if simulator.prometheus_away and server.process is not None:
        server.stop()
    elif not simulator.prometheus_away and server.process is None:
        server.start()


def _figures(life: Any, processes: Processes, box: Inbox) -> dict[str, Any]:
    from benchmarks.soak import judge, records

    told = records.incidents(life.watcher)
    judged = judge.judge(told, life.spans, life.owners.aliases)
    costs = report.Costs(cpu_seconds=round(sum(p.cpu_seconds for p in processes.known.values()), 1))
    seen, suspended = life.watcher.watched, life.watcher.suspended_seconds
    return report.figures(judged, costs, suspended, seen, box.received) | {
        "happened": dict(life.happened), "task_failures": dict(life.failures),
        "rows": records.row_counts(),
        "processes": [_process(one) for one in processes.known.values()],
    }  # fmt: skip


def _process(process: Any) -> dict[str, Any]:
    settled = [point for point in process.points if point[0] >= SETTLED_HOURS]
    return {
        "name": process.name, "pid": process.pid, "cpu_seconds": round(process.cpu_seconds, 1),
        "first_mib": process.points[0][1], "last_mib": process.points[-1][1],
        "most_mib": max(mib for _, mib in process.points),
        "mib_an_hour_after_half_an_hour": report.slope(settled),
    }  # fmt: skip


def _by_process(run: dict[str, Any]) -> str:
    head = "| process | CPU s | MiB first · last · most | MiB an hour |\n|---|---|---|---|"
    rows = [
        f"| {p['name']} | {p['cpu_seconds']} | {p['first_mib']} · {p['last_mib']} · "
        f"{p['most_mib']} | {p['mib_an_hour_after_half_an_hour'] or '–'} |"
        for p in run["processes"]
    ]
    return "\n".join([head, *rows])


if __name__ == "__main__":
    main()
