"""The table that `diagnose` prints. Text from a cluster is never trusted as terminal control."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from textwrap import wrap

from detection.domain.findings import Evidence
from remediation.diagnose.run import DiagnosedIncident, Report

WIDTH = 100
MOST_EVIDENCE = 5
INDENT = "    "
CONTROL = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def report_table(report: Report) -> str:
    """All incidents as text; every character that could control a terminal is escaped."""
    if not report.found:
        return _nothing(report)
    blocks = ["\n".join(_block(item)) for item in report.found]
    return "\n\n".join([*blocks, _blind(report)] if report.blind else blocks)


def escaped(text: str) -> str:
    """`text` with control and format characters shown as escapes."""
    return "".join(_escaped(char) if unicodedata.category(char) in CONTROL else char
                   for char in text)  # fmt: skip


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _nothing(report: Report) -> str:
    if report.blind:
        return f"No failures found, but some sources could not be read.\n{_blind(report)}"
    return "No failures found."


def _blind(report: Report) -> str:
    return escaped(f"Could not read: {', '.join(sorted(report.blind))}")


def _block(item: DiagnosedIncident) -> Iterator[str]:
    finding, decision = item.finding, item.decision
    yield escaped(f"{finding.severity.upper():8} {finding.cause}  {finding.owner}")
    if item.young:
        yield from _lines("", f"Young: an incident from {finding.opens_at:%H:%M:%S}, if it lasts.")
    yield from _lines("", item.diagnosis.root_cause)
    yield from _lines("", item.diagnosis.impact)
    for evidence in _deciding(finding.evidence):
        yield from _lines("· ", evidence.text)
    for advice in item.diagnosis.recommendations:
        yield from _lines("+ ", advice)
    yield from _lines("→ ", f"{decision.verdict}: {decision.action}")
    for reason in decision.reasons:
        yield from _lines("  ", reason)
    for number, option in enumerate(item.candidates, start=1):
        yield from _lines(f"{number}. ", f"{option.command}  [{option.entry.risk}]")
        if option.kubectl:
            yield escaped(f"{INDENT}   $ {option.kubectl}")


def _deciding(evidence: Sequence[Evidence]) -> list[Evidence]:
    """What decides first, each in its order."""
    return sorted(evidence, key=lambda one: not one.decisive)[:MOST_EVIDENCE]


def _lines(mark: str, text: str) -> list[str]:
    first, rest = INDENT + mark, INDENT + " " * len(mark)
    return wrap(escaped(text), WIDTH, initial_indent=first, subsequent_indent=rest) or [first]
