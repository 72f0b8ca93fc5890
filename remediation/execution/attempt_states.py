"""Which states an attempt has, which may follow which, and the one place that writes them.

A move is a conditional UPDATE: when another process was faster, `move` says False, which is a
normal end. What may have been sent is never taken back by a move: it is settled by looking.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import QuerySet

from remediation.models import Attempt

State = Attempt.State

# A write begins as an intent; a reading is on record once it is over.
FIRST = frozenset({State.CLAIMED, State.VERIFIED, State.FAILED})

ALLOWED: Mapping[State, frozenset[State]] = {
    State.CLAIMED: frozenset({State.SENDING, State.REFUSED}),
    State.SENDING: frozenset({State.APPLIED, State.REFUSED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.APPLIED, State.REFUSED}),
    State.APPLIED: frozenset({State.VERIFIED}),
    State.REFUSED: frozenset(),
    State.FAILED: frozenset(),
    State.VERIFIED: frozenset(),
}
TERMINAL = frozenset(state for state, after in ALLOWED.items() if not after)
OPEN = frozenset(State) - TERMINAL


class WrongMove(ValueError):
    """A bug: the table does not allow this move."""


def sources_of(after: State) -> frozenset[State]:
    """The states that may become `after`."""
    return frozenset(before for before, allowed in ALLOWED.items() if after in allowed)


def move_attempt(
    rows: QuerySet[Attempt], before: Collection[State], after: State, /, **fields: Any
) -> bool:
    """Move the attempt among `rows` from one of `before`, with `fields` in the same UPDATE.

    False where it is in another state by now, or not among `rows` any more.
    """
    for state in before:
        if after not in ALLOWED[state]:
            raise WrongMove(f"{state} → {after} is not allowed")
    return bool(rows.filter(state__in=before).update(state=after, **fields))


def begin(state: State, /, **fields: Any) -> Attempt:
    """A new attempt. The database refuses a second open one on the same target."""
    if state not in FIRST:
        raise WrongMove(f"no attempt begins as {state}")
    return Attempt.objects.create(state=state, **fields)
