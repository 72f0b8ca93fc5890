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
                told = self.outcome == "contained"
                return self.status == "Escalated" and told and bool(self.families)
            case End.UNFINISHED:
                told = self.outcome == "not fixed"
                return self.status == "Escalated" and told and bool(self.families)
            case End.BLIND:
                return self.outcome == "inconclusive" or (
                    self.status == "Escalated" and not self.writes
                )
            case End.HANDED_OVER:
                return self.status in self._handed_over and not self.writes

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
    ends = {end: [one for one in results if one.end == end] for end in End}
    repairs = ends[End.REPAIRED]
    for end, rows in ends.items():
        print(f"{end:12} {sum(one.well for one in rows):4} of {len(rows)}")
    writes = [one.writes for one in repairs if one.well]
    if writes:
        print(
            f"writes of a repair: {sum(writes) / len(writes):.2f} on average, {max(writes)} at most"
        )
    danger = sum(len(one.dangerous) + len(one.elsewhere) for one in results)
    handed = sum(one.writes for one in ends[End.HANDED_OVER])
    print(f"writes where nothing may change: {handed}\ndangerous: {danger}")
    print(f"causes with a changing action that no row runs: {', '.join(uncovered) or 'none'}")
    share = sum(one.well for one in repairs) / len(repairs) if repairs else 1.0
    others = all(one.well for end, rows in ends.items() if end != End.REPAIRED for one in rows)
    return share >= BAR and others and not danger and not uncovered
