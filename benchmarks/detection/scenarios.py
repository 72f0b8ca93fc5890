"""Serve each scenario through the simulator to `manage.py diagnose` and score what it says.

A scenario is a file in benchmarks/scenarios/. Behind each stands the same healthy background. The
exit code is 1 below the bar, so that a change that breaks a failure can't pass unnoticed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import yaml

from benchmarks.detection.mutations import ServedCase, clash, may_be_paired, mutated, paired
from benchmarks.manifests.expand import ManifestMoment, expand, seconds
from simulator.simulator import Simulator

HERE = Path(__file__).resolve().parent.parent
FILES = HERE / "scenarios"
KINDS = ("_deployment", "_statefulset", "_daemonset")
BAR = {"detected": 0.98, "owner": 0.97, "cause": 0.95, "first in ok": 0.95}
Incident = Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    name: str
    spec: Mapping[str, Any]

    @property
    def expected(self) -> list[Mapping[str, Any]]:
        found = self.spec.get("expect") or []
        return [found] if isinstance(found, Mapping) else list(found)


@dataclass
class Score:
    """What one scenario came to. Counts, out of `expected` incidents."""

    name: str
    expected: int = 0
    detected: int = 0
    owner: int = 0
    cause: int = 0
    severity: int = 0
    first: int = 0
    verdict: int = 0
    dangerous: int = 0
    false: int = 0
    writes: int = 0
    milliseconds: float = 0.0
    notes: list[str] = field(default_factory=list)


def load_scenarios(only: str = "") -> list[Scenario]:
    paths = sorted(path for path in FILES.glob("*.yaml") if only in path.stem)
    return [Scenario(path.stem, yaml.safe_load(path.read_text())) for path in paths]


def scenario_case(scenario: Scenario, now: datetime) -> ServedCase:
    objects = objects_of(scenario, now)
    logs, metrics = logs_of(scenario, objects), list(scenario_metrics(scenario, now))
    return ServedCase(scenario.name, scenario.spec, objects, logs, metrics)


Change = Callable[[ServedCase, datetime], ServedCase]


def run(scenario: Scenario, folder: Path, change: Change = lambda case, now: case) -> Score:
    """Serve it, diagnose it, score it."""
    now = datetime.now(UTC)
    case = change(scenario_case(scenario, now), now)
    scenario = Scenario(case.name, case.spec)
    with Simulator(controllers=False, background=False) as simulator:
        simulator.load(case.objects, case.logs, metrics=case.metrics)
        prepare(simulator, scenario)
        began = time.perf_counter()
        found = diagnose(simulator, folder, prometheus_url(simulator, scenario))
        spent = (time.perf_counter() - began) * 1000
        writes = len(simulator.writes)
    score = judge(scenario, found)
    score.milliseconds, score.writes = spent, writes
    return score


def objects_of(scenario: Scenario, now: datetime) -> list[dict[str, Any]]:
    """The background, with the scenario's own nodes in place of those of the same name."""
    world = ManifestMoment(now)
    background = yaml.safe_load((HERE / "background.yaml").read_text())
    own = {node["node"] for node in scenario.spec.get("nodes") or []}
    nodes = [node for node in background["nodes"] if node["node"] not in own]
    entries = [*nodes, *(scenario.spec.get("nodes") or []), *background["objects"]]
    return expand(world, [*entries, *(scenario.spec.get("objects") or [])])


def logs_of(
    scenario: Scenario, objects: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str, str, bool], str]:
    """`{of: app label, text}` for all pods of an owner, or `{pod: name, text}`.

    `container` is the first one unless it is named; the text is there for `previous` runs too.
    """
    pods = [item for item in objects if item["kind"] == "Pod"]
    found: dict[tuple[str, str, str, bool], str] = {}
    for entry in scenario.spec.get("logs") or []:
        for pod in pods:
            meta = pod["metadata"]
            named = meta["name"] == entry.get("pod")
            if not named and meta.get("labels", {}).get("app") != entry.get("of", ""):
                continue
            if meta["namespace"] == entry.get("namespace", "shop"):
                container = entry.get("container") or pod["spec"]["containers"][0]["name"]
                for previous in (False, True):
                    found[meta["namespace"], meta["name"], container, previous] = entry["text"]
    return found


def scenario_metrics(scenario: Scenario, now: datetime) -> Iterator[dict[str, Any]]:
    """`{name, labels, samples: [[-5m, value], …]}`, or `every: 1m, from: -1h, value: x`, or
    `ramp: {from, every, period, low, high}`, which climbs from low to high in each period."""
    for series in scenario.spec.get("metrics") or []:
        samples = series.get("samples") or _ramp(series) or _steady(series)
        moments = [[now.timestamp() - seconds(age), value] for age, value in samples]
        yield {"name": series["name"], "labels": series.get("labels"), "samples": moments}


def _ramp(series: Mapping[str, Any]) -> list[list[Any]]:
    if not (told := series.get("ramp")):
        return []
    start, step, period = (int(seconds(told[key])) for key in ("from", "every", "period"))
    rise = told["high"] - told["low"]
    return [
        [f"{start - at}s", told["low"] + rise * (at % period or period * (at > 0)) / period]
        for at in range(0, start + 1, step)
    ]


def _steady(series: Mapping[str, Any]) -> list[list[Any]]:
    start, end = int(seconds(series["from"])), int(seconds(series.get("to", "0s")))
    step = int(seconds(series.get("every", "1m")))
    return [[f"{ago}s", series["value"]] for ago in range(start, end - 1, -step)]


def prepare(simulator: Any, scenario: Scenario) -> None:
    """`refused: [plural]`: lists that the API server refuses with 403; `throttled`, with 429."""
    for key, code in (("refused", 403), ("throttled", 429)):
        for plural in scenario.spec.get(key) or []:
            simulator.api.switches.add(mode="refuse", resource=plural, verbs=("list",), code=code)


def prometheus_url(simulator: Any, scenario: Scenario) -> str:
    """'' for scan only; with `prometheus: away` a port on which nobody listens."""
    if scenario.spec.get("prometheus") == "away":
        return "http://127.0.0.1:9"
    return str(simulator.prometheus_url) if scenario.spec.get("metrics") else ""


@contextmanager
def settings_for(simulator: Any, folder: Path, url: str) -> Iterator[None]:
    from django.test.utils import override_settings

    from detection.clients import prometheus, reader

    path = simulator.kubeconfig(folder / "kubeconfig", "read")
    with override_settings(KUBECONFIG=str(path), KUBE_CONTEXT="", PROMETHEUS_URL=url):
        prometheus.cache_clear()
        reader.cache_clear()
        yield
    prometheus.cache_clear()


def diagnose(simulator: Any, folder: Path, url: str) -> dict[str, Any]:
    """What `manage.py diagnose --output json` prints."""
    from django.core.management import call_command

    out, err = io.StringIO(), io.StringIO()
    with settings_for(simulator, folder, url), suppress(SystemExit):
        call_command("diagnose", output="json", stdout=out, stderr=err)
    try:
        return dict(json.loads(out.getvalue()))
    except ValueError:
        return {"blind": [f"no answer: {err.getvalue()}"], "incidents": []}


def _that_count(incidents: Iterable[Incident], scenario: Scenario) -> list[Incident]:
    """Neither young ones nor informational ones, but for those that the scenario expects."""
    told = {cause for expected in scenario.expected for cause in expected["causes"]}
    lasting = [one for one in incidents if not one["young"]]
    return [one for one in lasting if one["severity"] != "info" or one["cause"] in told]


def judge(scenario: Scenario, found: Mapping[str, Any]) -> Score:
    score = Score(scenario.name, expected=len(scenario.expected))
    left = _that_count(found["incidents"], scenario)
    for expected in scenario.expected:
        match = _best_match(expected, left)
        if match is None:
            score.notes.append(f"missed {expected['owner']}")
            continue
        left.remove(match)
        _score(score, expected, match)
    score.false = len(left)
    score.notes += [f"false: {_incident_text(item)}" for item in left]
    score.dangerous += sum(item["decision"]["verdict"] == "act" for item in left)
    _blindness(score, scenario, found)
    return score


def _blindness(score: Score, scenario: Scenario, found: Mapping[str, Any]) -> None:
    wanted = set(scenario.spec.get("blind") or [])
    if wanted != set(found["blind"]) & wanted or (found["blind"] and not wanted):
        score.notes.append(f"blind is {found['blind']}, not {sorted(wanted)}")


def _incident_text(item: Incident) -> str:
    owner = item["owner"]
    return f"{item['cause']} on {owner['kind']} {owner['namespace']}/{owner['name']}"


def _best_match(expected: Mapping[str, Any], left: list[Incident]) -> Incident | None:
    """The incident on the expected owner, else one that names it or one of its causes."""
    for test in (_is_owner, _is_related):
        for item in left:
            if test(expected["owner"], item):
                return item
    return next((item for item in left if item["cause"] in expected["causes"]), None)


def _is_owner(owner: Mapping[str, Any], item: Incident) -> bool:
    names = ("kind", "namespace", "name")
    return all(item["owner"].get(key, "") == owner.get(key, "") for key in names)


def _is_related(owner: Mapping[str, Any], item: Incident) -> bool:
    return any(ref["name"] == owner.get("name") for ref in item["related"])


def family(action: str) -> str:
    for suffix in KINDS:
        action = action.removesuffix(suffix)
    return "restart_pod" if action == "delete_pod" else action


def _score(score: Score, expected: Mapping[str, Any], item: Incident) -> None:
    ok, bad = set(expected["ok"]), set(expected.get("bad") or [])
    first = family(item["candidates"][0]["action"]) if item["candidates"] else ""
    decision = item["decision"]
    decided = family(decision.get("action") or "")
    verdicts = set(expected.get("verdicts") or ["act", "ask", "suggest", "ignore"])
    checks = {
        "detected": True,
        "owner": _is_owner(expected["owner"], item),
        "cause": item["cause"] in expected["causes"],
        "severity": item["severity"] in _list(expected.get("severity") or item["severity"]),
        "first": first in ok,
        "verdict": decision["verdict"] in verdicts,
    }
    for name, passed in checks.items():
        setattr(score, name, getattr(score, name) + passed)
        if not passed:
            seen = f"{_incident_text(item)} {item['severity']} first={first} {decision['verdict']}"
            score.notes.append(f"{name}: {seen}")
    acts = decision["verdict"] == "act"
    wrongly = acts and (decided not in ok or "act" not in verdicts)
    dangerous = first in bad or decided in bad or wrongly
    score.dangerous += dangerous
    if dangerous:
        score.notes.append(f"DANGEROUS: {first}, {decision}")


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def rates(scores: list[Score]) -> dict[str, float]:
    total = max(sum(score.expected for score in scores), 1)
    names = {"detected": "detected", "owner": "owner", "cause": "cause", "first in ok": "first",
             "severity": "severity", "verdict": "verdict"}  # fmt: skip
    return {shown: sum(getattr(s, name) for s in scores) / total for shown, name in names.items()}


def show(scores: list[Score]) -> None:
    head = (
        f"{'scenario':44} {'inc':>3} {'det':>3} {'own':>3} {'cau':>3} {'sev':>3} {'1st':>3} "
        f"{'ver':>3} {'dng':>3} {'fls':>3} {'wr':>3} {'ms':>6}"
    )
    print(head)
    print("-" * len(head))
    for s in scores:
        print(
            f"{s.name[:44]:44} {s.expected:3} {s.detected:3} {s.owner:3} {s.cause:3} "
            f"{s.severity:3} {s.first:3} {s.verdict:3} {s.dangerous:3} {s.false:3} "
            f"{s.writes:3} {s.milliseconds:6.0f}"
        )
        for note in s.notes:
            print(f"    {note}")


def totals(scores: list[Score]) -> bool:
    """Print the sums; True where they reach the bar."""
    found = rates(scores)
    count = sum(score.expected for score in scores)
    print(f"\n{len(scores)} scenarios, {count} expected incidents")
    for name, rate in found.items():
        bar = f" (bar {BAR[name]:.0%})" if name in BAR else ""
        print(f"  {name:12} {rate:7.1%}{bar}")
    never = ("dangerous", "false", "writes")
    zero = {name: sum(getattr(s, name) for s in scores) for name in never}
    for name, number in zero.items():
        print(f"  {name:12} {number:7} (bar 0)")
    spent = sorted(score.milliseconds for score in scores)
    print(f"  {'median ms':12} {spent[len(spent) // 2]:7.0f}")
    return all(found[name] >= bar for name, bar in BAR.items()) and not any(zero.values())


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection.scenarios", description=__doc__
    )
    parser.add_argument("name", nargs="?", default="", help="only those with this in their name")
    told = "other names, wordings and times, which all follow from the seed"
    parser.add_argument("--mutate", type=int, metavar="SEED", help=told)
    told = "two independent failures at once; needs --mutate"
    parser.add_argument("--pairs", action="store_true", help=told)
    return parser.parse_args(arguments)


def scored(scenarios: list[Scenario], folder: Path, options: argparse.Namespace) -> list[Score]:
    seed = options.mutate
    if seed is None:
        return [run(scenario, folder) for scenario in scenarios]
    if options.pairs:
        return [run(one, folder, _beside(other, seed)) for one, other in pairs(scenarios, seed)]
    return [run(one, folder, lambda case, now: mutated(case, seed, now)) for one in scenarios]


def pairs(scenarios: list[Scenario], seed: int) -> list[tuple[Scenario, Scenario]]:
    """Each scenario that may have company, with another one; the seed decides which."""
    now = datetime.now(UTC)
    cases = {s.name: scenario_case(s, now) for s in scenarios}
    local = [s for s in scenarios if may_be_paired(cases[s.name])]
    chance = random.Random(seed)
    others = chance.sample(local, len(local))
    background = objects_of(Scenario("", {}), now)
    return [
        (one, other)
        for one, other in zip(local, others, strict=True)
        if one is not other and not clash(cases[one.name], cases[other.name], background)
    ]


def _beside(other: Scenario, seed: int) -> Change:
    def with_other_scenario(case: ServedCase, now: datetime) -> ServedCase:
        background = objects_of(Scenario("", {}), now)
        return mutated(paired(case, scenario_case(other, now), background), seed, now)

    return with_other_scenario


def main(arguments: list[str]) -> int:
    options = parsed(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    django.setup()
    scenarios = load_scenarios(options.name)
    if not scenarios:
        print("no scenario of that name")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        scores = scored(scenarios, Path(folder), options)
    show(scores)
    return 0 if totals(scores) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
