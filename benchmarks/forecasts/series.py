"""Made-up series against a limit of 1, one value a minute, seeded: those that reach it, by shape,
and days that never do. `benchmarks.forecasts.forecasts` judges forecasts by them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detection.domain.arrays import Floats

LIMIT = 1.0
DAY = 1440
QUIET = 60
Rng = np.random.Generator
Shape = Callable[[Rng], Floats]


def _red(rng: Rng, count: int, size: float | None = None) -> Floats:
    """Noise whose neighbours are alike, as in real metrics."""
    size = float(rng.choice([0.002, 0.008, 0.02])) if size is None else size
    found = np.empty(count)
    found[0] = rng.normal(0, size)
    for at in range(1, count):
        found[at] = 0.5 * found[at - 1] + rng.normal(0, size)
    return found


def _leak(rng: Rng, over: float = 0.03) -> Floats:
    """A quiet hour, then a line to just above the limit in one to four hours; without noise."""
    start, length = rng.uniform(0.3, 0.6), int(rng.integers(60, 240))
    return np.concatenate([np.full(QUIET, start), np.linspace(start, LIMIT + over, length)])


def _teeth(rng: Rng, count: int, periods: tuple[int, int], uneven: float = 0.0) -> Floats:
    """0 to 1, then down at once; each tooth of a height of its own where `uneven`."""
    period = int(rng.integers(*periods))
    at = np.arange(count) + int(rng.integers(period))
    heights = 1 - uneven * rng.random(at[-1] // period + 1)
    return np.asarray((at % period) / period * heights[at // period])


def plain_leak(rng: Rng) -> Floats:
    values = _leak(rng)
    return values + _red(rng, len(values))


def wave(rng: Rng) -> Floats:
    values = _leak(rng)
    return (
        values + 0.02 * np.sin(np.arange(len(values)) / rng.uniform(3, 8)) + _red(rng, len(values))
    )


def coarse(rng: Rng) -> Floats:
    values = _leak(rng)
    return np.round((values + _red(rng, len(values))) / 0.01) * 0.01


def gaps(rng: Rng) -> Floats:
    """A tenth to a third of the samples is missing, and ten minutes at once."""
    values = _leak(rng)
    values = values + _red(rng, len(values))
    values[rng.random(len(values)) < rng.uniform(0.1, 0.33)] = np.nan
    hole = int(rng.integers(QUIET, len(values) - 20))
    values[hole : hole + 10] = np.nan
    return values


def collected(rng: Rng) -> Floats:
    """A leak below a garbage collector: small teeth on a rising floor."""
    values = _leak(rng, 0.0)
    depth = rng.uniform(0.04, 0.12)
    teeth = depth * _teeth(rng, len(values), (4, 15))
    return values + teeth + _red(rng, len(values), 0.004)


def rising_sawtooth(rng: Rng) -> Floats:
    """Large teeth whose peaks rise to the limit: a leak as well."""
    count = int(rng.integers(240, 480))
    depth = rng.uniform(0.15, 0.35)
    peaks = np.linspace(rng.uniform(0.5, 0.65), LIMIT + 0.15, count)
    teeth = depth * (_teeth(rng, count, (8, 20)) - 1)
    return peaks + teeth + _red(rng, count, 0.004)


def after_deploy(rng: Rng) -> Floats:
    """A new version starts low and leaks from then on."""
    before = np.full(QUIET + 30, rng.uniform(0.5, 0.75))
    leak = np.linspace(rng.uniform(0.15, 0.35), LIMIT + 0.03, int(rng.integers(100, 240)))
    values = np.concatenate([before, leak])
    return values + _red(rng, len(values))


def over_a_day(rng: Rng) -> Floats:
    """A daily pattern all along; the leak comes on top of it in the last hours."""
    length = int(rng.integers(120, 360))
    at = np.arange(DAY + length)
    day = 0.45 + 0.15 * np.sin(at * 2 * np.pi / DAY + rng.uniform(0, 6))
    end = LIMIT + 0.03 - day[-1]
    values = day + np.concatenate([np.zeros(DAY), np.linspace(0, end, length)])
    return np.asarray(values + _red(rng, len(values)))


def again(rng: Rng) -> Floats:
    """It leaked to the limit, was killed there, and leaks again."""
    slope = int(rng.integers(80, 200))
    first = np.linspace(0.3, LIMIT, slope)
    values = np.concatenate([np.full(QUIET, 0.3), first, np.linspace(0.3, LIMIT + 0.03, slope)])
    return values + _red(rng, len(values), 0.002)


def stepped(rng: Rng) -> Floats:
    """A step first, then the leak."""
    start = rng.uniform(0.2, 0.35)
    leak = np.linspace(start + 0.2, LIMIT + 0.03, int(rng.integers(90, 240)))
    values = np.concatenate([np.full(QUIET + 30, start), leak])
    return values + _red(rng, len(values))


def sawtooth(rng: Rng) -> Floats:
    """Teeth from half a minute's to five hours' length, all of one height."""
    low = rng.uniform(0.2, 0.4)
    teeth = _teeth(rng, DAY, (20, 300))
    return low + (rng.uniform(0.8, 0.93) - low) * teeth + _red(rng, DAY, 0.006)


def uneven_sawtooth(rng: Rng) -> Floats:
    """Each tooth as high as it happens to be, never at the limit."""
    low = rng.uniform(0.2, 0.4)
    teeth = _teeth(rng, DAY, (10, 120), uneven=0.35)
    return low + (0.93 - low) * teeth + _red(rng, DAY, 0.006)


def day(rng: Rng) -> Floats:
    at = np.arange(DAY)
    reach = rng.uniform(0.15, 0.35)
    return 0.55 + reach * np.sin(at * 2 * np.pi / DAY + rng.uniform(0, 6)) + _red(rng, DAY)


def warming(rng: Rng) -> Floats:
    """A cache that fills up to its own limit."""
    return 0.9 - 0.5 * np.exp(-np.arange(DAY) / rng.uniform(30, 400)) + _red(rng, DAY)


def level(rng: Rng) -> Floats:
    return rng.uniform(0.4, 0.93) + _red(rng, DAY)


def steps(rng: Rng) -> Floats:
    """Up by a step now and then, and down again; flat in between."""
    values = np.full(DAY, 0.45)
    for start in rng.integers(60, DAY - 120, 4):
        values[start : start + int(rng.integers(40, 400))] += rng.uniform(0.08, 0.13)
    return np.asarray(np.minimum(values, 0.93) + _red(rng, DAY, 0.006))


def wandering(rng: Rng) -> Floats:
    """It strays for an hour or so, and comes back."""
    values = np.empty(DAY)
    values[0] = 0.0
    for at in range(1, DAY):
        values[at] = 0.985 * values[at - 1] + rng.normal(0, 0.012)
    return np.minimum(0.6 + values, 0.95)


def deploys(rng: Rng) -> Floats:
    """A new version every few hours: it starts low, grows for some minutes, and is flat."""
    period, target = int(rng.integers(120, 400)), rng.uniform(0.5, 0.85)
    at = np.arange(DAY) % period
    return 0.2 + (target - 0.2) * (1 - np.exp(-at / rng.uniform(3, 15))) + _red(rng, DAY, 0.006)


def sawtooth_with_gaps(rng: Rng) -> Floats:
    values = sawtooth(rng)
    values[rng.random(DAY) < rng.uniform(0.1, 0.33)] = np.nan
    return values


REACHING: dict[str, Shape] = {
    "plain": plain_leak, "with a wave": wave, "coarse values": coarse, "with gaps": gaps,
    "below a garbage collector": collected, "rising sawtooth": rising_sawtooth,
    "after a deploy": after_deploy, "over a daily pattern": over_a_day,
    "after an earlier kill": again, "after a step": stepped,
}  # fmt: skip
HARMLESS: dict[str, Shape] = {
    "sawtooth": sawtooth, "uneven sawtooth": uneven_sawtooth, "daily pattern": day,
    "cache warming up": warming,
    "level": level, "steps": steps, "wandering": wandering, "deploys": deploys,
    "sawtooth with gaps": sawtooth_with_gaps,
}  # fmt: skip


def last_kill(values: Floats) -> int:
    """Where it last fell from its limit, 0 where it never did: what is foretold comes after it."""
    fell = (values[:-1] >= 0.98 * LIMIT) & (np.diff(values) < -0.5 * LIMIT)
    return int(np.flatnonzero(fell)[-1]) + 1 if fell.any() else 0


def generated(shapes: dict[str, Shape], first_seed: int, each: int) -> dict[str, list[Floats]]:
    """Shape → `each` series; the same for the same seeds."""
    return {
        name: [shape(np.random.default_rng([first_seed + n, at])) for n in range(each)]
        for at, (name, shape) in enumerate(shapes.items())
    }
