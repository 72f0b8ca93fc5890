"""Forecasts beside Prometheus' predict_linear: `python -m benchmarks.forecasts [--data DIR]`.

Simulated series that do reach their limit (leaks with noise, steps and daily load) and series that
never do (sawtooth, daily pattern, plateau, noise), each judged minute by minute as the detector
sees it: one hour of history, one hour ahead. Public series, where there are some: values against a
limit above everything that was ever seen, so that each forecast is a false one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from detection.anomaly.measures import Floats
from detection.trend import Eta, confirmed

HISTORY, HORIZON, EVERY = 60, 3600.0, 2
SEEDS = 60
LIMIT = 1.0
DAY = 1440
Predict = Callable[[Floats, Floats, float], "Eta | None"]


def ours(times: Floats, values: Floats, earlier_peak: float) -> Eta | None:
    return confirmed(times, values, LIMIT, HORIZON, earlier_peak)


def predict_linear(times: Floats, values: Floats, _: float) -> Eta | None:
    """Least squares over the range, as Prometheus does it; it gives no interval."""
    known = np.isfinite(values)
    at, some = times[known] - times[-1], values[known]
    if len(some) < 2 or some[-1] >= LIMIT:
        return None
    slope, level = np.polyfit(at, some, 1)
    if level + slope * HORIZON < LIMIT or slope <= 0:
        return None
    seconds = max((LIMIT - level) / slope, 0.0)
    return Eta(seconds, seconds, seconds)


@dataclass
class Tally:
    """`lead` in minutes for reached limits, `inside` whether the truth was in the interval."""

    reached: int = 0
    foretold: int = 0
    lead: list[float] = field(default_factory=list)
    inside: list[bool] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    false: int = 0
    days: float = 0.0


def rising(seed: int) -> Floats:
    """Reaches the limit between hour 1 and hour 4, in one of four ways."""
    rng = np.random.default_rng(seed)
    length = int(rng.integers(60, 240))
    start = rng.uniform(0.3, 0.6)
    noise = rng.choice([0.002, 0.008, 0.02])
    quiet = np.full(HISTORY, start)
    ramp = np.linspace(start, LIMIT * 1.02, length)
    values = np.concatenate([quiet, ramp])
    if seed % 4 == 1:
        values += 0.02 * np.sin(np.arange(len(values)) / rng.uniform(3, 8))
    if seed % 4 == 2:
        values = np.round(values / 0.01) * 0.01
    if seed % 4 == 3:
        values[rng.random(len(values)) < 0.03] = np.nan
    return values + _red(rng, len(values), noise)


def harmless(seed: int) -> Floats:
    """A day that never reaches the limit."""
    rng = np.random.default_rng(10_000 + seed)
    at = np.arange(1440)
    kinds = (
        0.5 + 0.35 * (at % int(rng.integers(30, 300))) / 300,
        0.55 + 0.35 * np.sin(at * 2 * np.pi / 1440 + rng.uniform(0, 6)),
        0.9 - 0.5 * np.exp(-at / rng.uniform(60, 400)),
        np.full(1440, rng.uniform(0.4, 0.9)),
        0.5 + 0.3 * (at > 700) + 0.1 * np.sin(at / 40),
    )
    period = int(rng.integers(40, 300))
    saw = 0.35 + rng.uniform(0.3, 0.55) * (at % period) / period
    values = [saw, *kinds][seed % 6]
    return values + _red(rng, 1440, rng.choice([0.002, 0.01, 0.02]))


def _red(rng: np.random.Generator, count: int, size: float) -> Floats:
    """Noise whose neighbours are alike, as in real metrics."""
    found = np.empty(count)
    found[0] = rng.normal(0, size)
    for at in range(1, count):
        found[at] = 0.5 * found[at - 1] + rng.normal(0, size)
    return found


def judge(predict: Predict, series: Sequence[Floats]) -> Tally:
    """Walk each series; a forecast that is wrong by more than the horizon's double is false."""
    tally = Tally()
    for values in series:
        _walk(predict, values, tally)
    return tally


def _walk(predict: Predict, values: Floats, tally: Tally) -> None:
    reached = np.flatnonzero(np.nan_to_num(_calm(values)) >= LIMIT)
    end = int(reached[0]) if len(reached) else len(values)
    tally.days += (end - HISTORY) / 1440
    tally.reached += bool(len(reached))
    open_before, first = False, None
    for now in range(HISTORY, end, EVERY):
        part = slice(now - HISTORY, now)
        before = values[max(now - HISTORY - DAY, 0) : now - HISTORY]
        peak = float(np.nanmax(before)) if np.isfinite(before).any() else -np.inf
        times = np.arange(now - HISTORY, now, dtype=np.float64) * 60
        found = predict(times, values[part], peak)
        if found is not None and len(reached):
            truth = (end - now + 1) * 60.0
            first = first if first is not None else now
            tally.inside.append(found.earliest <= truth <= found.latest)
            tally.errors.append(abs(found.seconds - truth) / truth)
        if found is not None and not open_before and not len(reached):
            tally.false += 1
        open_before = found is not None
    if first is not None:
        tally.foretold += 1
        tally.lead.append(float(end - first))


def _calm(values: Floats) -> Floats:
    """The limit counts as reached by the mean of three minutes, not by one wild sample."""
    known = np.nan_to_num(values, nan=float(np.nanmedian(values)))
    return np.convolve(known, np.ones(3) / 3, mode="full")[: len(known)]


def public(directory: Path) -> list[Floats]:
    """Series of every metric, scaled so that the limit is a quarter above all that was seen."""
    from detection.training.evaluation import read_sets

    found = []
    for all_series in read_sets(directory).values():
        for series in list(all_series)[:8]:
            for column in series.values.T[::4]:
                part = column[:1440]
                span = np.nanmax(part) - np.nanmin(part) if np.isfinite(part).any() else 0.0
                if span > 0:
                    found.append((part - np.nanmin(part)) / span * 0.8)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="public series")
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + SEEDS)
    sets = {
        "reach the limit": [rising(seed) for seed in seeds],
        "never do": [harmless(seed) for seed in seeds],
    }
    if options.data:
        sets["public, never do"] = public(options.data)
    print("series | forecast | foretold | median lead, min | false per entity-day | coverage of "
          "the 90 % interval | median error of the time")  # fmt: skip
    for name, series in sets.items():
        for title, predict in (("KubeWise", ours), ("predict_linear", predict_linear)):
            print(" | ".join((f"{name} ({len(series)})", title, *_row(judge(predict, series)))))
    return 0


def _row(tally: Tally) -> tuple[str, ...]:
    return (
        f"{tally.foretold} of {tally.reached}" if tally.reached else "—",
        f"{np.median(tally.lead):.0f}" if tally.lead else "—",
        f"{tally.false / tally.days:.2f}" if not tally.reached else "—",
        f"{np.mean(tally.inside):.0%}" if tally.inside else "—",
        f"{np.median(tally.errors):.0%}" if tally.errors else "—",
    )


if __name__ == "__main__":
    sys.exit(main())
