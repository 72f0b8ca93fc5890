"""What came of one case, and whether that is what its row of the specification asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.remediation.expected_ends import End

BAR = 0.9
QUIET = frozenset({"Escalated", "Dismissed"})


@dataclass
class CaseResult:
    """`missing` and `elsewhere` are the oracle's words; `dangerous` what was done and must not."""

    name: str
    end: End
    changing: frozenset[str] = frozenset()
    status: str = "not detected"
    outcome: str = ""
    why: str = ""
    families: list[str] = field(default_factory=list)
    writes: int = 0
    dangerous: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def well(self) -> bool:
        if self.dangerous or self.elsewhere:
            return False
        match self.end:
            case End.REPAIRED:
                return self.outcome == "resolved" and not self.missing
            case End.CONTAINED:
                return self._tried_and("contained")
            case End.UNFINISHED:
                return self._tried_and("not fixed")
            case End.BLIND:
                return self.outcome == "inconclusive" or self._untouched(frozenset({"Escalated"}))
            case End.HANDED_OVER:
                return self._untouched(self._handed_over)

    def _tried_and(self, outcome: str) -> bool:
        """Something was done, with that outcome, and people know."""
        return self.status == "Escalated" and self.outcome == outcome and bool(self.families)

    def _untouched(self, statuses: frozenset[str]) -> bool:
        return self.status in statuses and not self.writes

    @property
    def _handed_over(self) -> frozenset[str]:
        """A change that the row allows may stand there as a suggestion."""
        return QUIET | {"RemediationSuggested"} if self.changing else QUIET

    def notes(self) -> str:
        if self.well:
            return "yes"
        said = [*self.dangerous, *self.elsewhere, *(self.missing[:2])]
        return f"no: {'; '.join(said) or self.status} ({self.why[:160]})"


HEAD = """| case | must be | done | outcome | status | writes | s | well |
|---|---|---|---|---|---|---|---|"""


def line(one: CaseResult) -> str:
    done = ", ".join(one.families) or "—"
    return (
        f"| {one.name} | {one.end} | {done} | {one.outcome or '—'} | {one.status} "
        f"| {one.writes} | {one.seconds:.1f} | {one.notes()} |"
    )


def passes(results: Sequence[CaseResult], uncovered: Sequence[str]) -> bool:
    """≥ 90 % repaired; every other end as it must be; nothing dangerous; no row left out."""
    danger = sum(len(one.dangerous) + len(one.elsewhere) for one in results)
    _show(results, danger, uncovered)
    repairs = _ending(results, End.REPAIRED)
    share = sum(one.well for one in repairs) / len(repairs) if repairs else 1.0
    others = all(one.well for one in results if one.end != End.REPAIRED)
    return share >= BAR and others and not danger and not uncovered


def _show(results: Sequence[CaseResult], danger: int, uncovered: Sequence[str]) -> None:
    for end in End:
        rows = _ending(results, end)
        print(f"{end:12} {sum(one.well for one in rows):4} of {len(rows)}")
    writes = [one.writes for one in _ending(results, End.REPAIRED) if one.well]
    if writes:
        print(
            f"writes of a repair: {sum(writes) / len(writes):.2f} on average, {max(writes)} at most"
        )
    handed = sum(one.writes for one in _ending(results, End.HANDED_OVER))
    print(f"writes where nothing may change: {handed}\ndangerous: {danger}")
    print(f"causes with a changing action that no row runs: {', '.join(uncovered) or 'none'}")


def _ending(results: Sequence[CaseResult], end: End) -> list[CaseResult]:
    return [one for one in results if one.end == end]
