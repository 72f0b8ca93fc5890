"""The verdict on one case. Pure: no clock, no database, no network.

The verdict starts at `act` and every gate may only lower it. A person's approval lifts `ask`, but
no ruling that is hard; it skips no gate.
"""

from __future__ import annotations

from remediation.policy.case import Case
from remediation.policy.gates import GATES, Gate
from remediation.policy.verdicts import Decision, Ruling, Verdict

AFTER_DECIDE = ("dry run", "approval")


def decide(case: Case) -> Decision:
    """Weigh `case.candidate`; candidates that change nothing are never `act`."""
    evaluated = [gate for gate in GATES if case.records is not None or not gate.needs_records]
    rulings = [(gate, ruling) for gate in evaluated for ruling in gate.rule(case)]
    said = [ruling for _, ruling in rulings]
    verdict = _verdict(case, said)
    skipped = [gate.name for gate in GATES if gate not in evaluated]
    return Decision(
        verdict=verdict,
        action=case.candidate.action,
        reasons=_reasons(case, rulings, evaluated),
        not_evaluated=(*skipped, *AFTER_DECIDE),
        index=case.index,
        passing=_is_passing(case, verdict, said),
    )


def _is_passing(case: Case, verdict: Verdict, said: list[Ruling]) -> bool:
    """Whether the verdict may be a better one once what passes by itself has passed."""
    lasting = _verdict(case, [ruling for ruling in said if not ruling.passing])
    return lasting.rank > verdict.rank or (_unseen(case) and verdict != Verdict.ACT)


def _unseen(case: Case) -> bool:
    """Whether gates may have ruled on what was not there to be seen."""
    blind = any(name.startswith("kubernetes/") for name in case.blind)
    return case.changes and (blind or not case.target.found)


def _verdict(case: Case, rulings: list[Ruling]) -> Verdict:
    lowest = min((ruling.cap for ruling in rulings), key=lambda cap: cap.rank, default=Verdict.ACT)
    if case.approved and not any(ruling.hard for ruling in rulings):
        return Verdict.ACT
    return Verdict.SUGGEST if lowest == Verdict.ACT and not case.changes else lowest


def _reasons(
    case: Case, rulings: list[tuple[Gate, Ruling]], evaluated: list[Gate]
) -> tuple[str, ...]:
    spoke = {gate.name for gate, _ in rulings}
    passed = [gate.name for gate in evaluated if gate.name not in spoke]
    said = [f"{gate.name}: {ruling.cap}: {ruling.reason}" for gate, ruling in rulings]
    first = [f"{case.cause}: {case.playbook_reason}"] if case.playbook_reason and not said else []
    radius = [f"blast radius is {case.reach}"] if case.changes else []
    return (*first, *said, *radius, f"passed: {', '.join(passed)}")
