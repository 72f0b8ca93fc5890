"""The rows of the failure specification and the end that each scenario must come to.

The list is made from the scenarios' own `ok`; a cause of the product's table whose row offers a
changing action, and that no scenario runs to a repair, is an error of the benchmark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from benchmarks.detection.scenarios import Scenario

HARMLESS = frozenset({"escalate", "noop", "describe", "view_logs"})


class End(StrEnum):
    """`CONTAINED`: what is allowed holds the failure back, is told as `contained`, and escalated.
    `UNFINISHED`: the change is right and does not end it by itself: told as `not fixed`.
    `BLIND`: whether it helped can't be known, so it must never be told as resolved.
    """

    REPAIRED = "repaired"
    CONTAINED = "contained"
    UNFINISHED = "unfinished"
    BLIND = "blind"
    HANDED_OVER = "handed over"


# Where the row allows a change, and this very scenario does not, or it ends nothing.
OTHERWISE: Mapping[tuple[str, str], tuple[End, str]] = {
    ("f04-by-the-nodes", "Deployment"): (End.HANDED_OVER, "there is no older revision"),
    ("f13-after-a-raise", "StatefulSet"): (
        End.HANDED_OVER,
        "a StatefulSet's rolling update waits for its crashing pod, so that no restart begins",
    ),
    ("f24-several", "Cluster"): (End.HANDED_OVER, "a whole pool is cordoned by somebody's plan"),
    ("f48-database-crashes", "StatefulSet"): (
        End.UNFINISHED,
        "after the rollback nobody replaces a StatefulSet's crashing pod, and F48 evicts none",
    ),
    ("f50-holder-on-a-dead-node", "Node"): (End.CONTAINED, "a cordon revives no node"),
    ("f51-kubelet-down-and-a-bad-image", "Node"): (End.CONTAINED, "a cordon revives no node"),
    ("f51-node-unknown", "Node"): (End.CONTAINED, "a cordon revives no node"),
    ("f53-young-node", "Node"): (End.HANDED_OVER, "the only evicted pod is a Job's: evidence"),
    ("f55-readonly-filesystem", "Node"): (End.CONTAINED, "such a condition does not clear"),
}


@dataclass(frozen=True)
class ExpectedEnd:
    """One expected incident of one scenario."""

    scenario: Scenario
    expected: Mapping[str, Any]
    end: End

    @property
    def name(self) -> str:
        return self.scenario.name

    @property
    def changing(self) -> frozenset[str]:
        return frozenset(self.expected["ok"]) - HARMLESS

    @property
    def owner(self) -> tuple[str, str, str]:
        owner = self.expected["owner"]
        return owner["kind"], owner.get("namespace", ""), owner.get("name", "")


def rows_of(scenarios: Iterable[Scenario]) -> list[ExpectedEnd]:
    return [
        ExpectedEnd(scenario, expected, end_of(scenario, expected))
        for scenario in scenarios
        for expected in scenario.expected
    ]


def end_of(scenario: Scenario, expected: Mapping[str, Any]) -> End:
    """A change is allowed, and the decision may come to it: then it is to be repaired."""
    if found := OTHERWISE.get((scenario.name, expected["owner"]["kind"])):
        return found[0]
    verdicts = set(expected.get("verdicts") or ["act", "ask"])
    if not set(expected["ok"]) - HARMLESS or not verdicts & {"act", "ask"}:
        return End.HANDED_OVER
    return End.BLIND if scenario.spec.get("blind") else End.REPAIRED


def uncovered(rows: Sequence[ExpectedEnd]) -> list[str]:
    """Causes whose playbook offers a changing action, and that no row here repairs."""
    from remediation.playbooks import PLAYBOOKS
    from remediation.playbooks.base import Offer

    def changes(offers: Iterable[Offer]) -> bool:
        return any(offer.family not in HARMLESS for offer in offers)

    run = {cause for row in rows if row.end in (End.REPAIRED, End.CONTAINED, End.UNFINISHED)
           for cause in row.expected["causes"][:1]}  # fmt: skip
    return sorted(
        str(cause)
        for cause, playbook in PLAYBOOKS.items()
        if changes(playbook.offers) and cause not in run
    )
