"""Restart counters of a day, one value a minute, seeded: in a rhythm, and by chance.

Forecasts of the next restart are judged by them, beside `predict_linear` of the counter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.forecasts.series import DAY, Rng
from detection.domain.arrays import Floats
from detection.forecasting.restart_interval import restart_times, rhythm_of
from detection.forecasting.trend import Eta
from detection.metric_evidence.restarts import HOURS, STEP_SECONDS

HISTORY, EVERY = HOURS * 60, 5
HORIZON_SECONDS = HOURS * 3600 / 3
Times = Callable[[Rng], Floats]


def rhythmic(rng: Rng) -> Floats:
    """Each as long after the last as the others, give or take up to a fifth: a leak, a deadlock."""
    every, spread = rng.uniform(12, 150), rng.uniform(0.02, 0.2)
    return np.cumsum(every * np.exp(rng.normal(0, spread, 200)))


def quickening(rng: Rng) -> Floats:
    """Ever sooner: the load grows, or what leaks is kept on a volume."""
    every = rng.uniform(80, 150) * 0.93 ** np.arange(30)
    return np.cumsum(np.maximum(every, 10) * np.exp(rng.normal(0, 0.08, 30)))


def by_chance(rng: Rng) -> Floats:
    """Nothing is known of the next one from the last ones."""
    return np.cumsum(rng.exponential(rng.uniform(30, 300), 200))


def one_burst(rng: Rng) -> Floats:
    """A bad quarter of an hour, and calm before and after."""
    return rng.uniform(200, 1200) + np.cumsum(rng.uniform(1, 5, int(rng.integers(3, 6))))


def few(rng: Rng) -> Floats:
    return np.sort(rng.uniform(0, DAY, int(rng.integers(1, 4))))


RHYTHMS: dict[str, Times] = {"restarts in a rhythm": rhythmic, "ever quicker": quickening}
CHANCE: dict[str, Times] = {"by chance": by_chance, "one burst": one_burst, "a few": few}


def counters(shapes: dict[str, Times], first_seed: int, each: int) -> dict[str, list[Floats]]:
    """Shape → the times in minutes of the restarts of a day."""
    made = {}
    for at, (name, shape) in enumerate(shapes.items()):
        times = [shape(np.random.default_rng([first_seed + n, at, 7])) for n in range(each)]
        made[name] = [np.floor(one[one < DAY]) for one in times]
    return made


def ours(minutes: Floats, counts: Floats) -> Eta | None:
    """As `metric_restarts` does it, from the last twelve hours of the counter."""
    restarts = restart_times(minutes * 60, counts)
    rhythm = rhythm_of(restarts, float(minutes[-1]) * 60, STEP_SECONDS)
    return rhythm.next if rhythm else None


def predict_linear(minutes: Floats, counts: Floats) -> Eta | None:
    """When the counter's line over the same hours reaches one more than it is at."""
    slope, level = np.polyfit((minutes - minutes[-1]) * 60, counts, 1)
    if slope <= 0:
        return None
    seconds = max((counts[-1] + 1 - level) / slope, 0.0)
    return Eta(seconds, seconds, seconds) if seconds <= HORIZON_SECONDS else None


FORECASTS = {"KubeWise": ours, "predict_linear": predict_linear}


def judged(forecast: Callable[[Floats, Floats], Eta | None], series: Sequence[Floats]) -> list[str]:
    """Restarts foretold of those from the fifth on, openings a day, coverage, error of the time."""
    foretold = due = openings = 0
    inside: list[bool] = []
    errors: list[float] = []
    for restarts in series:
        due += max(len(restarts) - 4, 0)
        open_before, told = False, set()
        for now in range(60, DAY, EVERY):
            minutes = np.arange(max(now - HISTORY, 0), now + 1, dtype=np.float64)
            counts = np.searchsorted(restarts, minutes, side="right").astype(np.float64)
            found, after = forecast(minutes, counts), restarts[restarts > now]
            openings += found is not None and not open_before
            open_before = found is not None
            if found is not None and len(after):
                truth = (float(after[0]) - now) * 60
                told.add(float(after[0]))
                inside.append(found.earliest - 60 <= truth <= found.latest + 60)
                errors.append(abs(found.seconds - truth) / max(truth, 300.0))
        foretold += len(told & set(restarts[4:].tolist()))
    return [
        f"{foretold} of {due}" if due else "—",
        f"{openings / len(series):.2f}",
        f"{np.mean(inside):.0%}" if inside else "—",
        f"{np.median(errors):.0%}" if errors else "—",
    ]
