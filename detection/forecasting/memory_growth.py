"""How a container's memory grows from each start to its limit: on a line, or in a step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detection.domain.facts import Growth

Floats = npt.NDArray[np.float64]
DROP_RATIO = 0.25
GAP_STEPS = 4
FEWEST_SAMPLES = 6
LEAST_RISE = 0.25
STRAIGHT = 0.9
LARGEST_JUMP_SHARE = 0.5
NEAR = 0.75


def growth_of(times: Sequence[float], shares: Sequence[float]) -> Growth | None:
    """From one series of the share of the limit in use, 0 to 1; None where it never came near.

    A drop, or a gap, is a new start. It leaks where at least half of the runs that came near the
    limit climb on a line: a straight fit, and no single jump that makes up half of the rise.
    """
    runs = [run for run in _runs(np.asarray(times), np.asarray(shares)) if _counts(*run)]
    if not runs:
        return None
    steady = [run for run in runs if _is_straight(*run)]
    at, used = (steady or runs)[-1]
    slope = max(_slope(at, used), 0.0)
    left = (1.0 - float(used[0])) / slope if slope else float("inf")
    return Growth(slope * 3600, min(left, 30 * 86400.0), 2 * len(steady) >= len(runs) > 0)


def _runs(times: Floats, shares: Floats) -> list[tuple[Floats, Floats]]:
    known = np.isfinite(shares)
    times, shares = times[known], shares[known]
    if len(times) < 2:
        return []
    step = float(np.median(np.diff(times)))
    fell = np.diff(shares) < -DROP_RATIO * np.maximum(shares[:-1], 0.1)
    cut = np.flatnonzero(fell | (np.diff(times) > GAP_STEPS * step)) + 1
    return list(zip(np.split(times, cut), np.split(shares, cut), strict=True))


def _counts(times: Floats, shares: Floats) -> bool:
    """Long enough to tell, and it came near the limit."""
    return len(times) >= FEWEST_SAMPLES and float(shares.max()) >= NEAR


def _slope(times: Floats, shares: Floats) -> float:
    return float(np.polyfit(times - times[0], shares, 1)[0])


def _is_straight(times: Floats, shares: Floats) -> bool:
    rise = float(shares[-1] - shares[0])
    if rise < LEAST_RISE or float(np.diff(shares).max()) > LARGEST_JUMP_SHARE * rise:
        return False
    return float(np.corrcoef(times, shares)[0, 1]) ** 2 >= STRAIGHT
