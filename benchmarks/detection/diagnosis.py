"""What the rules say of every scenario, what they cite, what a model adds, and how large it is.

python -m benchmarks.detection.diagnosis [SCENARIO].
With a provider's key in the environment the same
command asks the real model; without one a scripted one (good_model.py). The exit code is 1 where a
pack is too large, a rules diagnosis cites nothing, or an answer of the scripted model is refused.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import django

from benchmarks.detection.scenarios import (
    Scenario,
    load_scenarios,
    objects_of,
    prepare,
    prometheus_url,
    scenario_metrics,
    settings_for,
)
from simulator.simulator import Simulator

MOST_TOKENS = 6000
CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True)
class DiagnosisResult:
    """One incident of one scenario. `tokens` is of the whole document that a model gets."""

    scenario: str
    cause: str
    root_cause: str
    confidence: float
    cited: tuple[str, ...]
    tokens: int
    observations: int
    left_out: int
    adds: str
    failed: bool
    agrees: bool
    seconds: float
    model_tokens: int


def run(scenario: Scenario, folder: Path, client: Any) -> list[DiagnosisResult]:
    with Simulator(controllers=False, background=False) as simulator:
        now = datetime.now(UTC)
        simulator.load(objects_of(scenario, now), metrics=scenario_metrics(scenario, now))
        prepare(simulator, scenario)
        with settings_for(simulator, folder, prometheus_url(simulator, scenario)):
            report = _report(now)
            found = [item for item in report.found if item.finding.severity.value != "info"]
            return [_result(scenario, item, client) for item in found]


def _report(now: datetime) -> Any:
    from django.conf import settings

    from detection.clients import prometheus
    from detection.kubernetes.client import connect
    from remediation.controls.limits import limits
    from remediation.diagnose.metrics import read_metrics
    from remediation.diagnose.run import as_auto, diagnose_cluster

    source = prometheus()
    metrics = partial(read_metrics, source) if source else None
    reader = connect(kubeconfig=settings.KUBECONFIG)
    return diagnose_cluster(reader, now, as_auto(limits()), "", metrics, with_evidence=True)


def _result(scenario: Scenario, item: Any, client: Any) -> DiagnosisResult:
    from remediation.llm.questions.assess import assess

    seen = _Seen(client)
    diagnosis, cause = item.diagnosis, item.finding.cause.value
    told = diagnosis.as_dict() | {"cause": cause, "summary": item.finding.summary}
    shown = [option.as_dict() for option in item.candidates]
    answer = assess(seen, item.pack.items, told, shown, item.pack.objects)
    return DiagnosisResult(
        scenario=scenario.name,
        cause=cause,
        root_cause=diagnosis.root_cause,
        confidence=diagnosis.confidence,
        cited=tuple(_citation(item.pack.items, one) for one in diagnosis.evidence),
        tokens=seen.characters // CHARACTERS_A_TOKEN,
        observations=len(item.pack.items),
        left_out=item.pack.left_out,
        **_answered(answer, cause),
    )


def _answered(answer: Any, cause: str) -> dict[str, Any]:
    from remediation.llm.failures import LlmFailure

    if isinstance(answer, LlmFailure):
        return {"adds": str(answer), "failed": True, "agrees": False, "seconds": 0.0,
                "model_tokens": 0}  # fmt: skip
    return {
        "adds": f"{answer.root_cause} [{', '.join(answer.evidence)}]",
        "failed": False,
        "agrees": answer.cause == cause,
        "seconds": answer.source.duration_seconds,
        "model_tokens": answer.source.prompt_tokens + answer.source.answer_tokens,
    }


class _Seen:
    """Counts the characters of what a model is sent."""

    def __init__(self, inner: Any) -> None:
        self.name, self._inner, self.characters = inner.name, inner, 0

    def ask(self, instruction: Any, data: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
        from remediation.llm.prompt_texts import fenced

        self.characters = len(fenced(data)) + len(instruction.text)
        return self._inner.ask(instruction, data, schema)


def _citation(items: Any, wanted: str) -> str:
    found = next(item for item in items if item["id"] == wanted)
    return f"{wanted} {found['source']}: {' '.join(found['text'].split())[:90]}"


def show(told: DiagnosisResult) -> None:
    print(f"\n{told.scenario}: {told.cause} ({told.confidence:.2f})")
    print(f"  rules  {told.root_cause}")
    for line in told.cited:
        print(f"         · {line}")
    left = f", {told.left_out} left out" if told.left_out else ""
    print(f"  pack   {told.tokens} tokens, {told.observations} observations{left}")
    print(f"  model  {told.adds[:300]}")


def totals(all_told: list[DiagnosisResult], name: str) -> None:
    answered = [one for one in all_told if not one.failed]
    largest = max(one.tokens for one in all_told)
    print(f"\n{len(all_told)} incidents; model: {name}")
    print(f"  cited by the rules    {sum(bool(one.cited) for one in all_told)}")
    print(f"  document, tokens      median {median(one.tokens for one in all_told):.0f}, "
          f"largest {largest} (bar {MOST_TOKENS})")  # fmt: skip
    print(f"  answers that count    {len(answered)}")
    print(f"  agree with the cause  {sum(one.agrees for one in answered)}")
    if answered:
        print(f"  seconds, median       {median(one.seconds for one in answered):.3f}")
        print(f"  tokens in all         {sum(one.model_tokens for one in answered)}")


@contextmanager
def model() -> Iterator[tuple[Any, str, bool]]:
    """Client, its name, and whether it is real."""
    from benchmarks.detection.good_model import NAME, good_model
    from remediation.llm.provider_settings import missing
    from remediation.llm.providers import provider

    if missing():
        with good_model() as client:
            yield client, NAME, False
        return
    client = provider()
    yield client, f"{client.name} {client.model}", True


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    django.setup()
    scenarios = load_scenarios(arguments[0] if arguments else "")
    with tempfile.TemporaryDirectory() as folder, model() as (client, name, real):
        told = [one for scenario in scenarios for one in run(scenario, Path(folder), client)]
    if not told:
        print("no incident in a scenario of that name")
        return 2
    for one in told:
        show(one)
    totals(told, name)
    return 0 if _holds(told, real) else 1


def _holds(told: list[DiagnosisResult], real: bool) -> bool:
    """All are cited and within the bar; of our own model each answer counts, too."""
    cited = all(one.cited and one.tokens <= MOST_TOKENS for one in told)
    return cited and (real or not any(one.failed for one in told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
