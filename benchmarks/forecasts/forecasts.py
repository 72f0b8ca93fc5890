"""Forecasts beside Prometheus' predict_linear.

`python -m benchmarks.forecasts.forecasts [--data DIR]`.

Simulated series that do reach their limit and days that never do (`forecast_series`), each judged
minute by minute as the detector sees it: one hour of history, one hour ahead. Public series, where
there are some: values against a limit above everything that was ever seen, so that each forecast is
a false one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from benchmarks.forecasts import restart_series
from benchmarks.forecasts.series import DAY, HARMLESS, LIMIT, REACHING, generated, last_kill
from detection.domain.arrays import Floats
from detection.forecasting.trend import Eta, confirmed

HISTORY, HORIZON, EVERY = 60, 3600.0, 2
EACH = 12
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

    def add(self, other: Tally) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


FORECASTS: dict[str, Predict] = {"KubeWise": ours, "predict_linear": predict_linear}


def judge(predict: Predict, series: Sequence[Floats]) -> Tally:
    """Walk each series; where it never reaches the limit, each time a forecast opens is false."""
    tally = Tally()
    for values in series:
        _walk(predict, values, tally)
    return tally


def _walk(predict: Predict, values: Floats, tally: Tally) -> None:
    begin = max(HISTORY, last_kill(values))
    reached = begin + np.flatnonzero(np.nan_to_num(_calm(values))[begin:] >= LIMIT)
    end = int(reached[0]) if len(reached) else len(values)
    tally.days += (end - begin) / DAY
    tally.reached += bool(len(reached))
    open_before, first = False, None
    for now in range(begin, end, EVERY):
        found = _prediction(predict, values, now)
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


def _prediction(predict: Predict, values: Floats, now: int) -> Eta | None:
    """What is foretold at that minute, from the hour before it and the peak of the day before."""
    before = values[max(now - HISTORY - DAY, 0) : now - HISTORY]
    peak = float(np.nanmax(before)) if np.isfinite(before).any() else -np.inf
    times = np.arange(now - HISTORY, now, dtype=np.float64) * 60
    return predict(times, values[now - HISTORY : now], peak)


def _calm(values: Floats) -> Floats:
    """The limit is reached by two of three samples, not by one wild one."""
    known = np.nan_to_num(values, nan=float(np.nanmedian(values)))
    neighbours = np.lib.stride_tricks.sliding_window_view(np.pad(known, 1, mode="edge"), 3)
    return np.asarray(np.median(neighbours, axis=1))


def public(directory: Path) -> list[Floats]:
    """Series of every metric, scaled so that the limit is a quarter above all that was seen."""
    from detection.training.evaluation.evaluate import read_sets

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
    parser.add_argument("--each", type=int, default=EACH, help="series of each shape")
    options = parser.parse_args(arguments)
    print("series | forecast | foretold | median lead, min | false per entity-day | coverage of "
          "the 90 % interval | median error of the time")  # fmt: skip
    for title, shapes in (("reach the limit", REACHING), ("never do", HARMLESS)):
        by_shape = generated(shapes, options.first_seed, options.each)
        _show(title, by_shape)
    if options.data:
        _show("public, never do", {"": public(options.data)})
    _show_restarts(options.first_seed, options.each)
    return 0


def _show_restarts(first_seed: int, each: int) -> None:
    print("\nseries | forecast | restarts foretold | opened per entity-day | coverage of the 90 % "
          "interval | median error of the time")  # fmt: skip
    for shapes in (restart_series.RHYTHMS, restart_series.CHANCE):
        for shape, series in restart_series.counters(shapes, first_seed, each).items():
            for name, forecast in restart_series.FORECASTS.items():
                row = restart_series.judged(forecast, series)
                print(" | ".join((f"{shape} ({len(series)})", name, *row)))


def _show(title: str, by_shape: Mapping[str, Sequence[Floats]]) -> None:
    """One line a forecast and shape, then one for all of them."""
    together = {name: Tally() for name in FORECASTS}
    for shape, series in by_shape.items():
        for name, predict in FORECASTS.items():
            tally = judge(predict, series)
            together[name].add(tally)
            if len(by_shape) > 1:
                print(" | ".join((f"{shape} ({len(series)})", name, *_row(tally))))
    count = sum(map(len, by_shape.values()))
    for name, tally in together.items():
        print(" | ".join((f"{title} ({count})", name, *_row(tally))))


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
