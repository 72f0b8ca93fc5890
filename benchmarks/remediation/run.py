"""Run every failure to its end in AUTO on a simulated cluster, and judge what came of it.

Every scenario of the failure specification, and faults on the simulator's live background. Where
the decision asks, a script approves what was shown. The oracle (oracle.py) compares the cluster's
objects before and after; it never asks the product. Time is the simulator's: hours cost seconds.
The exit code is 1 below the bar, and where a row with a changing action is not run.

    python -m benchmarks.remediation.run [ONLY]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import django

from benchmarks.detection.scenarios import Scenario, load_scenarios, prometheus_url
from benchmarks.remediation.expected_ends import End, ExpectedEnd, rows_of, uncovered
from benchmarks.remediation.failure_rules import older_template, owner_in
from benchmarks.remediation.fault_cases import FAULTS, FaultCase
from benchmarks.remediation.oracle import (
    Dump,
    Key,
    changed_elsewhere,
    dump,
    pods_taken,
    tree,
    why_not_repaired,
)
from benchmarks.remediation.stage import staged
from benchmarks.remediation.verdicts import HEAD, CaseResult, line, passes
from simulator import world
from simulator.cluster.container_behaviour import Image
from simulator.simulator import Simulator

PATIENCE_SECONDS = 3600.0
BEGAN_SECONDS_AGO = 900.0


def run_fault(fault: FaultCase, folder: Path) -> CaseResult:
    """One fault on the live background."""
    from benchmarks.remediation.driver import drive

    began = time.perf_counter()
    built = Simulator(background=False)
    world.build(built)
    with built as simulator:
        healthy = dump(simulator.store.tables)
        simulator.inject(fault.fault, fault.target, began_seconds_ago=BEGAN_SECONDS_AGO)
        if fault.mark:
            _mark(simulator, fault)
        simulator.settle(1)
        broken = dump(simulator.store.tables)
        kind = simulator.cluster.resource(fault.key[0]).kind
        owner = {"kind": kind, "namespace": fault.key[1], "name": fault.key[2]}
        told = drive(simulator, [owner], folder, simulator.prometheus_url, PATIENCE_SECONDS)
        end = End.REPAIRED if fault.families else End.HANDED_OVER
        result = CaseResult(fault.name, end, fault.families)
        _fill(result, told, tuple(owner.values()))
        _judge(result, fault.key, simulator, healthy, broken)
        _strangers([result], told, [tuple(owner.values())])
    result.seconds = time.perf_counter() - began
    return result


def _mark(simulator: Any, fault: FaultCase) -> None:
    """The owner's people say that it may be run again, and what it needs is back."""
    held = simulator.store.get(*fault.key)
    meta = {**held["metadata"], "annotations": {fault.mark: "true"}}
    simulator.store.put(fault.key[0], {**held, "metadata": meta})
    image = held["spec"]["template"]["spec"]["containers"][0]["image"]
    simulator.cluster.behaviour.add_image(image, Image(run_seconds=3))


def run_scenario(scenario: Scenario, rows: Sequence[ExpectedEnd], folder: Path) -> list[CaseResult]:
    """All expected incidents of one scenario; one that expects none must stay untouched."""
    from benchmarks.remediation.driver import drive

    began = time.perf_counter()
    with staged(scenario) as (simulator, after_step):
        broken = dump(simulator.store.tables)
        owners = [row.expected["owner"] for row in rows]
        url = prometheus_url(simulator, scenario)
        told = drive(simulator, owners, folder, url, PATIENCE_SECONDS, after_step)
        keys = [key_of(row, simulator) for row in rows]
        results = [_of_row(row, simulator, told, broken, keys) for row in rows]
        if not rows:
            results = [_untouched(scenario, simulator, broken)]
        _strangers(results, told, [row.owner for row in rows])
    for result in results:
        result.seconds = (time.perf_counter() - began) / len(results)
    return results


def _untouched(scenario: Scenario, simulator: Any, broken: Dump) -> CaseResult:
    result = CaseResult(scenario.name, End.HANDED_OVER, status="Dismissed")
    result.writes = len(_writes(simulator))
    nothing: Key = ("", "", "")
    after = dump(simulator.store.tables)
    result.elsewhere = changed_elsewhere(nothing, broken, after)
    return result


def key_of(row: ExpectedEnd, simulator: Any) -> Key:
    kind, namespace, name = row.owner
    resource = simulator.cluster.catalogue.by_kind(kind)
    return resource.table if resource else kind, namespace, name


def _of_row(
    row: ExpectedEnd, simulator: Any, told: Sequence[Any], broken: Dump, keys: Sequence[Key]
) -> CaseResult:
    result = CaseResult(row.name, row.end, row.changing)
    _fill(result, told, row.owner)
    key = key_of(row, simulator)
    healthy = _healthy(key, broken, row.expected["owner"])
    _judge(result, key, simulator, healthy, broken, [one for one in keys if one != key])
    return result


def _healthy(key: Key, broken: Dump, owner: Mapping[str, Any]) -> Dump:
    """The target with the template that it had before: what a repair must come up to."""
    objects = [dict(obj) for obj in broken.values()]
    found = owner_in(objects, owner)
    if found is None or "template" not in (found.get("spec") or {}):
        return broken
    template = older_template(objects, found) or found["spec"]["template"]
    return {**broken, key: {**found, "spec": {**found["spec"], "template": template}}}


def _fill(result: CaseResult, told: Sequence[Any], owner: tuple[str, ...]) -> None:
    mine = [one for one in told if one.owner == owner]
    if mine:
        last = mine[-1]
        result.status, result.outcome, result.why = last.status, last.outcome, last.why
        result.families = last.families


def _judge(
    result: CaseResult,
    key: Key,
    simulator: Any,
    healthy: Dump,
    broken: Dump,
    others: Sequence[Key] = (),
) -> None:
    """`others` are the targets of the same case that are judged by themselves."""
    after = dump(simulator.store.tables)
    writes = [w for w in _writes(simulator) if not any(_is_on(w, o, broken) for o in others)]
    result.writes = len(writes)
    if result.end == End.REPAIRED:
        result.missing = why_not_repaired(key, healthy, broken, after)
    result.elsewhere = changed_elsewhere(key, broken, after, result.changing, others)
    if "drain_node" not in result.families:
        result.elsewhere += pods_taken(key, broken, after, others)


def _is_on(write: Any, target: Key, broken: Dump) -> bool:
    """Whether it was a write on that target or on a pod of it."""
    place = (write.namespace, write.name)
    if place == target[1:]:
        return True
    pod = broken.get(("pods", *place))
    mine = tree(target, broken)
    refs = pod["metadata"].get("ownerReferences") or [] if pod else []
    return any(ref["uid"] in mine for ref in refs)


def _writes(simulator: Any) -> list[Any]:
    """What the API server carried out for KubeWise; dry runs change nothing."""
    return [w for w in simulator.writes if not w.dry_run and w.code < 300 and w.user != "admin"]


def _strangers(
    results: Sequence[CaseResult], told: Sequence[Any], owners: Sequence[tuple[str, ...]]
) -> None:
    """An action that the row does not allow, or on anything that is not expected to be wrong."""
    for result, owner in zip(results, [*owners, ("", "", "")], strict=False):
        done = [family for one in told if one.owner == owner for family in one.families]
        allowed = result.changing | _next_of_an_ordinal(owner, done)
        result.dangerous += [f"{one} is not allowed" for one in done if one not in allowed]
    for one in told:
        if one.families and one.owner not in owners:
            results[0].dangerous.append(f"{', '.join(one.families)} on {one.owner}")


def _next_of_an_ordinal(owner: tuple[str, ...], done: Sequence[str]) -> frozenset[str]:
    """F34: after another template was set, a StatefulSet's unready pod is replaced by nobody."""
    spec_changed = bool(done) and done[0] in ("rollback", "adjust_resources", "restart")
    return frozenset({"restart_pod"} if owner[0] == "StatefulSet" and spec_changed else ())


def results_of(only: str, folder: Path) -> Iterator[CaseResult]:
    scenarios = load_scenarios()
    rows = rows_of(scenarios)
    for scenario in scenarios:
        if only in scenario.name:
            mine = [row for row in rows if row.scenario is scenario]
            yield from run_scenario(scenario, mine, folder)
    for fault in FAULTS:
        if only in fault.name:
            yield run_fault(fault, folder)


def main() -> None:
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        _django(Path(folder))
        print(HEAD)
        results = []
        for result in results_of(only, Path(folder)):
            results.append(result)
            print(line(result), flush=True)
    rows = rows_of(load_scenarios())
    changing = [row for row in rows if row.end in (End.REPAIRED, End.CONTAINED, End.UNFINISHED)]
    spent = time.perf_counter() - began
    print(
        f"\n{len(rows)} rows in {len(load_scenarios())} scenarios, {len(changing)} of them with a"
    )
    print(f"changing action that is to be run; {len(results)} run in {spent:.0f} s")
    sys.exit(0 if results and passes(results, uncovered(rows)) else 1)


def _django(folder: Path) -> None:
    """A database of its own; nothing of the environment's settings counts."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "kubewise_site.settings",
        "KUBEWISE_ENV_FILE": os.devnull,
        "KUBEWISE_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        "SECRET_KEY": "only-for-this-benchmark-0123456789",
        "AUTO_REMEDIATE_CRITICAL": "True",
        "DEFAULT_REMEDIATION_MODE": "AUTO",
        "VERIFICATION_DELAY_SECONDS": "60",
        "CRITICAL_VERIFICATION_DELAY_SECONDS": "30",
        "LOG_LEVEL": "ERROR",
    }
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    main()
