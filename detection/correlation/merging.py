"""One finding that takes others in: their owners become related, their summaries evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from detection.domain.findings import Evidence, Finding, ObjectRef, key_of

MOST_RELATED = 100
MOST_EVIDENCE = 20


def first_of(evidence: Iterable[Evidence], most: int) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence))[:most]


def refs_of(refs: Iterable[ObjectRef], owner: ObjectRef) -> tuple[ObjectRef, ...]:
    """Each once; where metrics name an object without its UID, the scan's reference stays."""
    found: dict[tuple[str, str, str], ObjectRef] = {}
    for ref in refs:
        key = (ref.kind, ref.namespace, ref.name)
        if key_of(ref) != key_of(owner) and (key not in found or ref.uid):
            found[key] = ref
    return tuple(found.values())[:MOST_RELATED]


def absorbed(into: Finding, swallowed: Sequence[Finding]) -> Finding:
    """`into` with the owners of what it explains, and a line of evidence for each."""
    lines = [
        Evidence(f.source, f"{f.owner.kind} {f.owner.namespace}/{f.owner.name}: {f.summary}")
        for f in swallowed
        if key_of(f.owner) != key_of(into.owner)
    ]
    return replace(
        into,
        evidence=first_of((*into.evidence, *lines), MOST_EVIDENCE),
        related=refs_of((*(f.owner for f in swallowed), *into.related), into.owner),
    )
