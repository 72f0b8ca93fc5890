"""The table of failures in docs/failures.md, made from the registry."""

from __future__ import annotations

import sys

from detection.domain.causes import CAUSES, Cause
from detection.failures import FAILURES
from detection.failures.dwell import Dwell, dwell_names

HEAD = """# Failures that KubeWise recognises

Made from the registry by `python -m detection.failures.docs_table`; a test keeps it true.
A failure is a small function from a snapshot of the cluster to findings; correlation then leaves
one finding an owner, the lowest precedence first.

| row | cause | what it says | precedence | found by |
|---|---|---|---|---|
"""


DWELL_HEAD = """
## How long a signal lasts before it is an incident

Seconds (of crash restarts, a number), multiplied by `DWELL_FACTOR`. Until then it is *being
watched*: shown on the dashboard and at `/api/v1/watched`, told to nobody. The last four shorten
the others: for what cannot mend itself, and by what it costs. What comes and goes opens once it
was bad for its whole time within twice that time.

| time | value | why it is no shorter |
|---|---|---|
"""


def failures_page() -> str:
    """The page, ending with a newline."""
    finders = {cause: _finders(cause) for cause in Cause}
    rows = sorted(Cause, key=lambda cause: (CAUSES[cause].failure or "~", cause.value))
    causes = "".join(_row(cause, finders[cause]) for cause in rows)
    return f"{HEAD}{causes}{DWELL_HEAD}{''.join(_dwell_row(name) for name in dwell_names())}"


def _dwell_row(name: str) -> str:
    value, plain = getattr(Dwell(), name), name.removesuffix("_seconds").replace("_", " ")
    return f"| {plain} | {value:g} | {Dwell().why(name)} |\n"


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
