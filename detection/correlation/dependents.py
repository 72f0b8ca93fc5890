"""Correlation by what a thing explains: its users' own findings fold into the finding on it."""

from __future__ import annotations

from detection.correlation.merging import absorbed
from detection.domain.causes import CAUSES, Cause, Precedence, Through, explained_by, explaining
from detection.domain.facts import BackedFacts, BudgetFacts
from detection.domain.findings import Finding, key_of


def fold_users(findings: list[Finding]) -> list[Finding]:
    """Each thing takes in what its users show because of it, and all that its backend shows."""
    things = explaining(Through.USERS)
    for thing in [f for f in findings if f.cause in things]:
        findings = _fold(findings, thing)
    return _without_idle_budgets(findings)


def _fold(findings: list[Finding], thing: Finding) -> list[Finding]:
    taken = [f for f in findings if f is not thing and _is_explained(f, thing)]
    if not taken:
        return findings
    kept = [f for f in findings if not any(f is other for other in taken)]
    return [absorbed(f, taken) if f is thing else f for f in kept]


def _is_explained(finding: Finding, thing: Finding) -> bool:
    key = key_of(finding.owner)
    precedence = CAUSES[finding.cause].precedence
    if key in thing.facts.of(BackedFacts).backend:
        return precedence > Precedence.NODE
    if key not in thing.facts.explains:
        return False
    return precedence >= Precedence.GENERAL or finding.cause in explained_by(thing.cause)


def _without_idle_budgets(findings: list[Finding]) -> list[Finding]:
    """A budget that nobody drains against is a symptom where its own workload has failed."""
    failed = {key_of(f.owner) for f in findings if CAUSES[f.cause].precedence != Precedence.METRIC}
    return [
        f
        for f in findings
        if f.cause != Cause.PDB_BLOCKS_DRAIN
        or f.facts.of(BudgetFacts).draining
        or not any(key_of(ref) in failed for ref in f.related)
    ]
