"""The figures of a day as JSON and as a table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.soak.judge import Judged, Kind, must_be_found, percentile
from benchmarks.soak.records import Told, Watched
from benchmarks.soak.truth import Span


@dataclass
class Costs:
    """What it took: of this process with the simulator in it."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    passes: int = 0
    pass_p95_seconds: float | None = None
    rows_written: int = 0
    bytes_written: int = 0
    database_bytes: int = 0
    memory_mib: list[tuple[float, float]] = field(default_factory=list)


def figures(judged: Judged, costs: Costs, suspended: float, watched: Watched | None,
            messages: int) -> dict[str, Any]:  # fmt: skip
    return {
        **_counts(judged), "auto_suspended_seconds": suspended,
        "messages": messages, "messages_a_fault": _ratio(messages, len(judged.spans)),
        "latency_seconds": _latencies(judged, watched), "flips": _flips(judged),
        "attempts": _attempts(judged), "costs": _costs(costs),
        "faults": [_fault(span, judged, watched) for span in judged.spans],
        "incidents": [_incident(one.told, one.kind, one.span) for one in judged.verdicts],
    }  # fmt: skip


def _counts(judged: Judged) -> dict[str, Any]:
    wanted = [span for span in judged.spans if must_be_found(span)]
    return {
        "faults_injected": len(judged.spans),
        "faults_that_must_be_found": len(wanted),
        "found": len(judged.found),
        "missed": len(judged.missed),
        "missed_by_kind": dict(Counter(span.fault for span in judged.missed)),
        "incidents_opened": len(judged.verdicts),
        "false": len(judged.of(Kind.FALSE)),
        "false_by_cause": dict(Counter(one.told.cause for one in judged.of(Kind.FALSE))),
        "false_anomalies": len(judged.of(Kind.ANOMALY)),
        "late": len(judged.of(Kind.LATE)),
        "late_by_cause": dict(Counter(one.told.cause for one in judged.of(Kind.LATE))),
        "duplicates": len(judged.of(Kind.DUPLICATE)),
        "duplicates_by_cause": dict(Counter(o.told.cause for o in judged.of(Kind.DUPLICATE))),
    }


def _latencies(judged: Judged, watched: Watched | None) -> dict[str, Any]:
    return {
        "injected → incident": _spread(_gaps(judged, lambda s, t: (s.began, t.opened))),
        "first abnormal state → being watched": _watch(judged, watched),
        "end of the dwell time → incident": _after_due(judged, watched),
        "injected → incident, urgent": _spread(_urgent(judged)),
        "first abnormal state → incident": _spread(
            _gaps(judged, lambda s, t: (s.first_bad, t.opened))
        ),
        "incident → decided": _spread(_gaps(judged, lambda s, t: (t.opened, t.decided))),
        "well → resolved": _spread(_gaps(judged, lambda s, t: (s.well_at, t.closed))),
        "onset error": _spread([abs(x) for x in _gaps(judged, lambda s, t: (s.began, t.onset))]),
        "first abnormal state → incident, by kind": _by_kind(judged),
    }


def _gaps(judged: Judged, pair: Any) -> list[float]:
    """Seconds between two moments of each fault that was found; those that lack one left out."""
    by_number = {span.number: span for span in judged.spans}
    pairs = [pair(by_number[number], told) for number, told in judged.found.items()]
    return [(late - early).total_seconds() for early, late in pairs if early and late]


def _urgent(judged: Judged) -> list[float]:
    """Of faults that cannot mend themselves or cost a Service half of its endpoints."""
    urgent = [span for span in judged.spans if span.urgent and span.number in judged.found]
    return [(judged.found[one.number].opened - one.began).total_seconds() for one in urgent]


def _by_kind(judged: Judged) -> dict[str, Any]:
    found: dict[str, list[float]] = {}
    for span in judged.spans:
        told = judged.found.get(span.number)
        if told and span.first_bad:
            seconds = (told.opened - span.first_bad).total_seconds()
            found.setdefault(span.fault, []).append(seconds)
    return {kind: _spread(values) for kind, values in sorted(found.items())}


def _watch(judged: Judged, watched: Watched | None) -> dict[str, Any] | None:
    if watched is None:
        return None
    gaps = [_watched_after(span, watched) for span in judged.spans if must_be_found(span)]
    return _spread([one for one in gaps if one is not None]) | {"never": gaps.count(None)}


def _watched_after(span: Span, watched: Watched) -> float | None:
    """Seconds from its first abnormal state until we saw it being watched; None: never."""
    if span.first_bad is None:
        return None
    moments = (seen for owner in span.affected for seen, _ in watched.get(owner, {}).values())
    during = [at for at in moments if span.began <= at <= span.well_at]
    return (min(during) - span.first_bad).total_seconds() if during else None


def _after_due(judged: Judged, watched: Watched | None) -> dict[str, Any] | None:
    """From the time at which it was to become an incident to the incident, where told."""
    if watched is None:
        return None
    gaps = []
    for number, told in judged.found.items():
        span = next(one for one in judged.spans if one.number == number)
        rows = [row for owner in span.affected for row in watched.get(owner, {}).values()]
        due = [due for _, due in rows if due and span.began <= due <= told.opened]
        gaps += [(told.opened - max(due)).total_seconds()] if due else []
    return _spread(gaps)


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {
        "number": len(values), "p50": percentile(values, 0.5), "p95": percentile(values, 0.95),
        "most": max(values, default=None),
    }  # fmt: skip


def _flips(judged: Judged) -> dict[str, int]:
    total = sum((one.told.changes for one in judged.verdicts), Counter[str]())
    return {name: total[name] for name in ("cause", "severity", "onset")}


def _attempts(judged: Judged) -> dict[str, int]:
    rows = (attempt for one in judged.verdicts for attempt in one.told.attempts)
    return dict(Counter(f"{action}: {outcome or state}" for action, state, outcome in rows))


def _costs(costs: Costs) -> dict[str, Any]:
    return {**vars(costs), "memory_mib_an_hour": slope(costs.memory_mib)}


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Least squares: how much the second number grows with each unit of the first."""
    if len(points) < 3:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    square = sum((x - mean_x) ** 2 for x, _ in points)
    together = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return round(together / square, 2) if square else None


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 2) if whole else None


def _fault(span: Span, judged: Judged, watched: Watched | None) -> dict[str, Any]:
    told = judged.found.get(span.number)
    return {
        "number": span.number, "fault": span.fault, "owner": "/".join(span.owner),
        "began": span.began.isoformat(), "first_bad": _time(span.first_bad),
        "shown": span.words, "bad_seconds": span.bad_seconds,
        "well_at": _time(span.well_at) if span.taken_back else None,
        "taken_back": _time(span.taken_back),
        "found_as": told.cause if told else None, "opened": _time(told.opened if told else None),
        "watched_after": _watched_after(span, watched) if watched else None,
    }  # fmt: skip


def _incident(told: Told, kind: Kind, span: Span | None) -> dict[str, Any]:
    return {
        "number": told.number, "verdict": str(kind), "fault": span.number if span else None,
        "owner": "/".join(told.owner), "cause": told.cause, "severity": told.severity,
        "opened": _time(told.opened), "onset": _time(told.onset), "closed": _time(told.closed),
        "messages": told.messages, "changes": dict(told.changes),
        "attempts": [" ".join(one) for one in told.attempts],
    }  # fmt: skip


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def save(path: Path, runs: Sequence[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(runs, indent=1, ensure_ascii=False) + "\n")


SHOWN = (
    "seed", "hours", "faults_injected", "faults_that_must_be_found", "found", "missed",
    "missed_by_kind", "incidents_opened", "false", "false_by_cause", "false_anomalies", "late",
    "late_by_cause", "duplicates", "duplicates_by_cause", "flips", "messages", "messages_a_fault",
    "auto_suspended_seconds", "attempts", "task_failures",
)  # fmt: skip


def table(run: Mapping[str, Any]) -> str:
    rows = [(name.replace("_", " "), run.get(name)) for name in SHOWN]
    for name, value in run["latency_seconds"].items():
        if "by kind" not in name:
            rows.append((f"{name}, s", _told_spread(value)))
    rows += [(kind, _told_spread(one)) for kind, one in _kinds(run).items()]
    rows += [(name.replace("_", " "), value) for name, value in _shown_costs(run).items()]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {_text(v)} |" for name, v in rows)])


def _kinds(run: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = run["latency_seconds"]["first abnormal state → incident, by kind"]
    return {f"first abnormal state → incident, {kind}, s": one for kind, one in found.items()}


def _shown_costs(run: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in run["costs"].items() if k != "memory_mib"}


def _told_spread(value: Mapping[str, Any] | None) -> str:
    if not value or not value["number"]:
        return "–"
    told = " · ".join(f"{name} {value[name]:.0f}" for name in ("p50", "p95", "most"))
    return f"{told} of {value['number']}"


def _text(value: Any) -> str:
    if value is None or value == {}:
        return "–"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
