"""How a step ended: values, so that expected endings are no exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """NOTHING: another was faster, or there was nothing to do: a normal end."""

    DONE = "done"
    NOTHING = "nothing to do"
    LATER = "later"
    REFUSED = "refused"
    STALE = "stale"


@dataclass(frozen=True)
class Approved:
    """The approval is on record; `act` is published."""

    incident_id: int
    reason: str = "approved"


@dataclass(frozen=True)
class Rejected:
    incident_id: int
    reason: str = "rejected"


@dataclass(frozen=True)
class Stale:
    """The plan is not what the person saw any more; a new one is made."""

    reason: str


@dataclass(frozen=True)
class Handled:
    """Somebody was faster, or it is over already."""

    reason: str


@dataclass(frozen=True)
class Stopped:
    """The stop switch is pulled: nothing is changed until it is released."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """It may not be done; the reason says why, and `gate` which gate it was, where one was."""

    reason: str
    gate: str = ""
