"""What `manage.py diagnose` answers to every scenario, and the figures of the two benchmarks."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command

from benchmarks.golden import product
from benchmarks.golden.documents import write
from benchmarks.golden.still import Still

SHOWN_AS_TABLE = frozenset({"c14-list-refused", "f01-crash-new-image", "f20-no-room", "f52-storm"})
VARIANTS: dict[str, dict[str, Any]] = {
    "one-namespace": {"namespace": "shop", "output": "json"},
    "no-such-namespace": {"namespace": "nowhere", "output": "json"},
    "bad-namespace": {"namespace": "No_Name!", "output": "json"},
    "bad-context": {"context": "missing", "output": "json"},
    "bad-context-as-table": {"context": "missing"},
}
MEASURED = ("median ms", "seconds, median")


def record(into: Path, folder: Path, clock: Still, only: str = "") -> None:
    found = product.scenarios.load_scenarios(only)
    scores = []
    for scenario in found:
        clock.restart()
        scores.append(_scenario(scenario, into, folder))
    write(into, "figures/scenarios", _printed(lambda: _figures(scores)))
    write(into, "figures/diagnosis", _printed(lambda: _explained(found, folder, clock)))


def _scenario(scenario: Any, into: Path, folder: Path) -> Any:
    """Its answer is written; its score, without the time, is returned."""
    known = product.scenarios
    with product.simulator() as simulator:
        case = known.scenario_case(scenario, datetime.now(UTC))
        simulator.load(case.objects, case.logs, metrics=case.metrics)
        known.prepare(simulator, scenario)
        with known.settings_for(simulator, folder, known.prometheus_url(simulator, scenario)):
            answer = diagnose(output="json")
            writes = len(simulator.writes)
            for name, more in _more(scenario.name):
                write(into, f"diagnose/{scenario.name}.{name}", more)
    write(into, f"diagnose/{scenario.name}", answer)
    score = known.judge(scenario, answer["answer"])
    score.writes = writes
    return score


def _more(name: str) -> Iterator[tuple[str, Any]]:
    if name in SHOWN_AS_TABLE:
        yield "table", diagnose()
    if name == "f01-crash-new-image":
        for variant, options in VARIANTS.items():
            yield variant, diagnose(**options)


def diagnose(**options: Any) -> dict[str, Any]:
    """Exit code, what it said aside, and its answer."""
    out, err, code = io.StringIO(), io.StringIO(), None
    try:
        call_command("diagnose", stdout=out, stderr=err, **options)
    except SystemExit as end:
        code = end.code
    said = out.getvalue()
    shown = json.loads(said) if options.get("output") == "json" else said.splitlines()
    return {"code": code, "aside": err.getvalue().splitlines(), "answer": shown}


def _figures(scores: list[Any]) -> None:
    product.scenarios.show(scores)
    product.scenarios.totals(scores)


def _explained(found: list[Any], folder: Path, clock: Still) -> None:
    known, told = product.diagnosis, []
    with known.model() as (client, name, _):
        for scenario in found:
            clock.restart()
            told += [replace(one, seconds=0.0) for one in known.run(scenario, folder, client)]
    for one in told:
        known.show(one)
    known.totals(told, name)


def _printed(run: Callable[[], None]) -> str:
    """Without the lines that tell a time."""
    out = io.StringIO()
    with redirect_stdout(out):
        run()
    lines = out.getvalue().splitlines()
    return "\n".join(line for line in lines if not line.strip().startswith(MEASURED)) + "\n"


def record_remediation(into: Path, folder: Path, only: str = "") -> None:
    """What was done about every failure, and how it ended. It takes minutes."""
    rows = [
        {"case": one.name, "must be": str(one.end), "done": one.families, "outcome": one.outcome,
         "status": one.status, "writes": one.writes, "well": one.notes()}
        for one in product.remediation(only, folder)
    ]  # fmt: skip
    write(into, "figures/remediation", rows)
