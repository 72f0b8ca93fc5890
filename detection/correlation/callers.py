"""Correlation by what logs say: callers' own findings fold into the cause that explains them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from detection.correlation.merging import absorbed
from detection.domain.causes import (
    CAUSES,
    Cause,
    Precedence,
    Through,
    explained_by,
    explaining,
)
from detection.domain.facts import CallerFacts, DnsFacts
from detection.domain.findings import Finding, Proof, key_of

SEVERAL = 2


def fold_victims(findings: list[Finding]) -> list[Finding]:
    """Each explaining cause takes in its victims' symptoms, and weaker explanations of them."""
    explained: dict[str, Finding] = {}
    findings = _without_proven(findings)
    for cause in explaining(Through.CALLERS):
        for finding in [f for f in findings if f.cause == cause]:
            if _is_among(finding, findings):
                findings = _take_in(findings, finding, explained)
    return findings


def _without_proven(findings: list[Finding]) -> list[Finding]:
    """Words in a log don't outweigh an old revision that serves now, beside a new one that fails.

    Whatever writes into a log could else turn a proven diagnosis away.
    """
    proven = {key_of(f.owner) for f in findings if _serves_by_its_old_revision(f)}
    kept: list[Finding] = []
    for finding in findings:
        victims = set(finding.facts.explains)
        if not _is_only_by_words(finding.cause) or not victims & proven:
            kept.append(finding)
        elif left := victims - proven:
            weak = _is_weak(finding) or len(left) < SEVERAL
            facts = CallerFacts(explains=tuple(sorted(left)), weak=weak)
            kept.append(replace(finding, facts=finding.facts | facts))
    return kept


def _is_only_by_words(cause: Cause) -> bool:
    explains = CAUSES[cause].explains
    return bool(explains and explains.only_told)


def _is_weak(finding: Finding) -> bool:
    return finding.facts.of(CallerFacts).weak


def _serves_by_its_old_revision(finding: Finding) -> bool:
    return _stands_alone(finding) and bool(
        finding.revision and finding.revision.proof == Proof.REPLICASET
    )


def _take_in(
    findings: list[Finding], finding: Finding, explained: dict[str, Finding]
) -> list[Finding]:
    victims = set(finding.facts.explains)
    known = victims & explained.keys()
    if victims and known == victims and _is_only_told(finding):
        return _without(findings, [finding])
    if _is_weak(finding):
        return _as_hint(findings, finding, victims)
    own = key_of(finding.owner)
    causes = explained_by(finding.cause)
    taken = [f for f in findings if _is_symptom(f, victims, causes) and key_of(f.owner) != own]
    whole = _graver(absorbed(finding, taken), taken)
    explained.update(dict.fromkeys(victims, whole))
    return [whole if f is finding else f for f in _without(findings, taken)]


def _is_only_told(finding: Finding) -> bool:
    """Nothing but callers' words speaks for it."""
    if finding.cause == Cause.DNS_FAILURE:
        return not finding.facts.of(DnsFacts).server_sick
    return finding.cause == Cause.DEPENDENCY_CASCADE


def _is_symptom(finding: Finding, victims: set[str], causes: frozenset[Cause]) -> bool:
    general = CAUSES[finding.cause].precedence >= Precedence.GENERAL
    return key_of(finding.owner) in victims and (general or finding.cause in causes)


def _as_hint(findings: list[Finding], hint: Finding, victims: set[str]) -> list[Finding]:
    """A single caller: it joins the dependency where that fails by itself, and is dropped else.

    Then the dependency is named beside the caller's own finding.
    """
    rest = _without(findings, [hint])
    causes = explained_by(hint.cause)
    own = [f for f in rest if key_of(f.owner) == key_of(hint.owner)]
    taken = [f for f in rest if _is_symptom(f, victims, causes) and not _stands_alone(f)]
    if not own:
        return _named_beside(taken, hint, rest)
    return [absorbed(f, taken) if f is own[0] else f for f in _without(rest, taken)]


def _named_beside(taken: list[Finding], hint: Finding, findings: list[Finding]) -> list[Finding]:
    return [
        replace(f, related=(*f.related, hint.owner)) if _is_among(f, taken) else f for f in findings
    ]


def _stands_alone(finding: Finding) -> bool:
    """Its own release is proven to have brought it: one line in a log does not outweigh that."""
    return bool(finding.revision and finding.revision.borne and finding.revision.proven)


def _graver(finding: Finding, taken: Iterable[Finding]) -> Finding:
    grave = max((f.severity for f in (finding, *taken)), key=lambda one: one.rank)
    return replace(finding, severity=grave)


def _without(findings: list[Finding], dropped: list[Finding]) -> list[Finding]:
    return [f for f in findings if not _is_among(f, dropped)]


def _is_among(finding: Finding, others: list[Finding]) -> bool:
    """The very one, not an equal one."""
    return any(finding is other for other in others)
