"""One object that breaks a failure function hides no other: it is found, named and left out.

The objects are put in a row; the shortest beginning of it on which the function still breaks ends
with the culprit. That takes as many calls as the number of objects has binary digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from detection.domain.findings import Finding
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot

Judge = Callable[[Snapshot], list[Finding]]
MOST_CULPRITS = 30
LONGEST_REASON = 200


@dataclass(frozen=True)
class Isolated:
    """What was found in the rest, and who could not be judged, with why."""

    findings: tuple[Finding, ...]
    unjudged: tuple[tuple[o.Object, str], ...]


def judge_in_isolation(judge: Judge, snapshot: Snapshot) -> Isolated | None:
    """Judge all but the objects on which it breaks; None where no few of them are the reason."""
    row = list(_objects(snapshot))
    unjudged: list[tuple[o.Object, str]] = []
    for _ in range(MOST_CULPRITS + 1):
        try:
            return Isolated(tuple(judge(_only(snapshot, row))), tuple(unjudged))
        except Exception as error:
            at = _culprit(judge, snapshot, row)
            if at is None:
                return None
            item = row.pop(at)
            why = f"{_named(item)}: {type(error).__name__}: {error}"[:LONGEST_REASON]
            unjudged.append((item, why))
    return None


def _culprit(judge: Judge, snapshot: Snapshot, row: Sequence[o.Object]) -> int | None:
    """The index of the last object of the shortest beginning that breaks."""
    if _breaks(judge, snapshot, row[:0]):
        return None
    well, broken = 0, len(row)
    while broken - well > 1:
        middle = (well + broken) // 2
        if _breaks(judge, snapshot, row[:middle]):
            broken = middle
        else:
            well = middle
    return broken - 1


def _breaks(judge: Judge, snapshot: Snapshot, row: Sequence[o.Object]) -> bool:
    try:
        judge(_only(snapshot, row))
    except Exception:
        return True
    return False


def _objects(snapshot: Snapshot) -> Iterator[o.Object]:
    for name in _lists():
        yield from getattr(snapshot, name)


def _only(snapshot: Snapshot, row: Sequence[o.Object]) -> Snapshot:
    kept = set(map(id, row))
    lists: dict[str, Any] = {
        name: tuple(item for item in getattr(snapshot, name) if id(item) in kept)
        for name in _lists()
    }
    return replace(snapshot, **lists)


def _lists() -> list[str]:
    """The fields of a snapshot that hold objects."""
    return [field.name for field in fields(Snapshot) if field.init and field.default == ()]


def _named(item: o.Object) -> str:
    return f"{item.KIND} {'/'.join(p for p in (item.metadata.namespace, item.metadata.name) if p)}"
