"""The table of failures in docs/failures.md, made from the registry."""

from __future__ import annotations

import sys

from detection.domain.causes import CAUSES, Cause
from detection.failures import FAILURES

HEAD = """# Failures that KubeWise recognises

Made from the registry by `python -m detection.failures.docs_table`; a test keeps it true.
A failure is a small function from a snapshot of the cluster to findings; correlation then leaves
one finding an owner, the lowest precedence first.

| row | cause | what it says | precedence | found by |
|---|---|---|---|---|
"""


def failures_page() -> str:
    """The page, ending with a newline."""
    finders = {cause: _finders(cause) for cause in Cause}
    rows = sorted(Cause, key=lambda cause: (CAUSES[cause].failure or "~", cause.value))
    return HEAD + "".join(_row(cause, finders[cause]) for cause in rows)


def _row(cause: Cause, finders: str) -> str:
    info = CAUSES[cause]
    order = f"{info.precedence.value} {info.precedence.name.lower()}"
    return f"| {info.failure or '–'} | `{cause}` | {info.title} | {order} | {finders} |\n"


def _finders(cause: Cause) -> str:
    found = [
        f"`{entry.find.__module__.rpartition('.')[2]}.{entry.name}`"
        for entry in FAILURES
        if cause in entry.causes
    ]
    return ", ".join(found) or ("`registry`" if cause == Cause.BARE_POD_FAILING else "detectors")


if __name__ == "__main__":
    sys.stdout.write(failures_page())
