"""Findings of objects that are not there any more say nothing."""

from __future__ import annotations

from collections.abc import Iterable

from detection.domain.findings import Finding
from detection.metrics.samples import Owners


def of_what_is_there(findings: Iterable[Finding], owners: Owners, now: float) -> list[Finding]:
    """Findings whose owner the last scan still saw; all where nobody can tell.

    Nodes may go by an address: their series end at the scrape.
    """
    return [
        one
        for one in findings
        if one.owner.kind == "Node"
        or not owners.is_gone(one.owner.kind, one.owner.namespace, one.owner.name, "", now)
    ]
