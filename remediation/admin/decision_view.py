"""The decision as a list of gates: passed, not passed with its reason, not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remediation.policy.gates import GATES
from remediation.policy.verdicts import Verdict

PASSED, HELD, UNSEEN = "passed", "not passed", "not looked at"
PREFIX = "passed: "
NAMES = tuple(gate.name for gate in GATES)


def gates_of(decision: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each gate with `state`; those that held back come first, with `cap` and `reason`."""
    found = [_read(str(reason)) for reason in decision.get("reasons", ())]
    held = [row for rows in found for row in rows if row["state"] == HELD]
    passed = [row for rows in found for row in rows if row["state"] == PASSED]
    unseen = [_gate_entry(str(name), UNSEEN) for name in decision.get("not_evaluated", ())]
    return [*held, *passed, *unseen]


def remarks_of(decision: Mapping[str, Any]) -> list[str]:
    """Reasons that are no gate's: what the table of failures says of the cause."""
    return [str(reason) for reason in decision.get("reasons", ()) if not _read(str(reason))]


def _read(line: str) -> list[dict[str, str]]:
    """A line of the record; it is text since the first release, and read back for people alone."""
    if line.startswith(PREFIX):
        return [_gate_entry(name, PASSED) for name in line.removeprefix(PREFIX).split(", ") if name]
    gate, _, rest = line.partition(": ")
    cap, _, why = rest.partition(": ")
    if gate in NAMES and cap in list(Verdict):
        return [_gate_entry(gate, HELD, cap, why)]
    return []


def _gate_entry(gate: str, state: str, cap: str = "", reason: str = "") -> dict[str, str]:
    return {"gate": gate, "state": state, "cap": cap, "reason": reason}
