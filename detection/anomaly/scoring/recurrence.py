"""Whether an entity scored like this at this time on each of the two days before.

A job at night jumps within a minute, which a profile of the day in quarters of an hour can't
follow: what recurs is told by the scores themselves.
"""

from __future__ import annotations

from detection.domain.arrays import Floats

DAYS, AROUND_SECONDS = 2, 900
ROOM = 1.25
LOOK_BACK_SECONDS = 1200


def recurs(score: Floats, errors: Floats, step_seconds: float) -> bool:
    """Of the newest 20 minutes: neither the whole nor any metric is more unusual than it was then.

    `score` [samples], `errors` [samples, metrics] in units of each one's usual maximum, without
    gaps in time. False where they don't reach back far enough.
    """
    day, margin = round(86400 / step_seconds), round(AROUND_SECONDS / step_seconds)
    centres = [len(score) - 1 - day * back for back in range(1, DAYS + 1)]
    back = round(LOOK_BACK_SECONDS / step_seconds)
    if centres[-1] < back + margin:
        return False
    newest = errors[-back:].max(axis=0)
    then = [slice(at - back - margin, at + margin + 1) for at in centres]
    return all(
        score[-1] <= ROOM * score[one].max()
        and bool((newest <= ROOM * errors[one].max(axis=0).clip(1)).all())
        for one in then
    )
