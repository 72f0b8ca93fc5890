"""How much longer a search takes where the text is twice as long: 2 is linear, 4 is quadratic."""

from __future__ import annotations

import time
from collections.abc import Callable

LENGTH = 1000
MOST = 3.0
TRIES = 5
# What takes less CPU than this at the double length can't be told from noise, and harms nobody.
FLOOR_SECONDS = 0.003


def cpu_of(run: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    run(text)
    return time.thread_time() - began


def grows(run: Callable[[str], object], shape: Callable[[int], str]) -> float:
    """The least ratio of several tries; 0 where it is too quick to be told."""
    short, long = shape(LENGTH), shape(2 * LENGTH)
    least = float("inf")
    for _ in range(TRIES):
        took = cpu_of(run, long)
        if took < FLOOR_SECONDS:
            return 0.0
        least = min(least, took / max(cpu_of(run, short), 1e-9))
        if least <= MOST:
            return least
    return least
