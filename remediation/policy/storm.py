"""Too many incidents at once suspend AUTO."""

from __future__ import annotations

from collections.abc import Iterable

from detection.domain.causes import ROWS
from detection.domain.findings import Finding

SUSPENDING = {str(row.cause): row.suspends for row in ROWS if row.suspends}


def storm(findings: Iterable[Finding]) -> str:
    """Causes of the whole cluster that suspend AUTO for everything."""
    for finding in findings:
        if said := SUSPENDING.get(str(finding.cause)):
            return f"{said}: AUTO is suspended for the whole cluster"
    return ""
