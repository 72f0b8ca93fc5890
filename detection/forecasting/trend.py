"""When a value reaches its limit: a robust trend with an interval, or None where there is no trend.

Theil–Sen slope: the median of the slopes of all pairs, so that a few wild samples change nothing
(Sen, 1968). Its interval counts only as many samples as the residuals are worth, since samples of
one minute are not independent. scipy's `theilslopes` does the same for independent samples, and
would cost a detect worker 60 MB.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detection.domain.arrays import Floats
from detection.domain.units import duration

Ints = npt.NDArray[np.int64]
LEAST_SAMPLES = 20
MOST_SAMPLES = 120
Z_90 = 1.645
TURN_SHARE = 0.4
ABOVE_PEAK = 0.1
STEADY = 0.4
DAY_SECONDS = 86_400.0
SAME_AS_YESTERDAY = 0.25
NEWEST = 5
EARLIER_LOOKS = (2, 4)
AT_LIMIT = 0.05
FEWEST_TEETH = 3
TEETH_ABOVE_NOISE = 4.0
FLOOR_SHARE = 0.4


@dataclass(frozen=True)
class Trend:
    """`per_second` and its 90 % interval; `level` is where it stands at the newest sample."""

    level: float
    per_second: float
    low: float
    high: float
    noise: float


@dataclass(frozen=True)
class Eta:
    """Seconds from the newest sample until the limit, and a 90 % interval of it."""

    seconds: float
    earliest: float
    latest: float

    def text(self) -> str:
        """ "3 h 20 min (2 h 50 min – 4 h 10 min)"."""
        return f"{duration(self.seconds)} ({duration(self.earliest)} – {duration(self.latest)})"


def forecast(
    times: Floats,
    values: Floats,
    limit: float,
    horizon_seconds: float,
    earlier_peak: float = -np.inf,
) -> Eta | None:
    """When a rising series reaches `limit`, if that is within the horizon.

    `times` in seconds, oldest first; NaN values are gaps; `earlier_peak` is the highest value of
    the day before them. None: no trend, too few samples, a
    sawtooth that turned before, a daily pattern that stayed below, or the limit is passed already.
    """
    known = np.isfinite(values)
    times, values = times[known], values[known]
    if len(values) < LEAST_SAMPLES or np.median(values[-NEWEST:]) >= limit:
        return None
    if _like_yesterday(times, values, limit, horizon_seconds):
        return None
    found = _of_teeth(times, values, limit, earlier_peak) or _of_rise(
        times, values, limit, earlier_peak
    )
    return found if found is not None and found.seconds <= horizon_seconds else None


def _of_rise(times: Floats, values: Floats, limit: float, earlier_peak: float) -> Eta | None:
    """By the newest rise, where it did not turn before."""
    start, peak = _since_turn(values, limit)
    times, values = times[start:], values[start:]
    if len(values) < LEAST_SAMPLES or values[-NEWEST:].max() <= peak:
        return None
    if _turned_before(values, limit, earlier_peak):
        return None
    trend = newest_trend(times, values)
    if trend is None or not _steady(times, values, trend):
        return None
    return _eta(trend, limit, float(np.median(np.diff(times))))


def _of_teeth(times: Floats, values: Floats, limit: float, earlier_peak: float) -> Eta | None:
    """By the peaks of a sawtooth: where they rise, and its floors too, it is a leak.

    The limit is reached by the first peak that stands above it, up to one tooth after the line.
    """
    at, floors = _teeth(values)
    if len(at) < FEWEST_TEETH or earlier_peak > values[at].max():
        return None
    tops = _second_highest(values, at)
    trend, floor = robust_trend(times[at], tops), robust_trend(times[floors], values[floors])
    if trend is None or floor is None or trend.level >= limit:
        return None
    if floor.per_second < FLOOR_SHARE * trend.per_second:
        return None
    ahead, tooth = float(times[-1] - times[at[-1]]), float(np.median(np.diff(times[at])))
    room = limit - trend.level
    line, low, high = (room / slope for slope in (trend.per_second, trend.high, trend.low))
    shifted = [max(seconds - ahead, 0.0) for seconds in (line + tooth / 2, low, high + tooth)]
    return Eta(*shifted)


def _second_highest(values: Floats, at: Ints) -> Floats:
    """Of a top and its neighbours: one wild sample is no top."""
    beside = np.stack([values[np.clip(at + by, 0, len(values) - 1)] for by in (-1, 0, 1)])
    return np.asarray(np.median(beside, axis=0))


def _teeth(values: Floats) -> tuple[Ints, Ints]:
    """Indices of tops and of floors: it fell between them by 40 % of its range, and rose again.

    None where such falls are not much larger than what it wavers by around its own course.
    """
    line = np.linspace(0.0, 1.0, len(values)) * (values[-NEWEST:].mean() - values[:NEWEST].mean())
    depth = TURN_SHARE * float(np.ptp(values - line))
    if depth < TEETH_ABOVE_NOISE * float(np.median(np.abs(np.diff(values, 2)))):
        return np.array([], dtype=np.int64), np.array([], dtype=np.int64)
    return _turns(values, depth)


def _turns(values: Floats, depth: float) -> tuple[Ints, Ints]:
    """Where it turned down and where up, by `depth` at least."""
    tops: list[int] = []
    floors: list[int] = []
    top, low, climbs = 0, 0, True
    for index, value in enumerate(values):
        if climbs and value > values[top]:
            top = index
        elif not climbs and value < values[low]:
            low = index
        if climbs and values[top] - value >= depth:
            tops, low, climbs = [*tops, top], index, False
        elif not climbs and value - values[low] >= depth:
            floors, top, climbs = [*floors, low], index, True
    return np.array(tops, dtype=np.int64), np.array(floors, dtype=np.int64)


def confirmed(
    times: Floats, values: Floats, limit: float, horizon: float, earlier_peak: float = -np.inf
) -> Eta | None:
    """The forecast, where an earlier look at the series foretold it too."""
    eta = forecast(times, values, limit, horizon, earlier_peak)
    if eta is None:
        return None
    earlier = (
        forecast(times[:-back], values[:-back], limit, horizon * 1.5, earlier_peak)
        for back in EARLIER_LOOKS
    )
    return eta if any(look is not None for look in earlier) else None


def newest_trend(times: Floats, values: Floats) -> Trend | None:
    """The trend of the whole, or of its newer half where that is certainly steeper.

    The interval spans both: when a rise began is not known either. Where the newer half alone is
    too noisy to tell, the whole may be half as steep.
    """
    whole = robust_trend(times, values)
    half = len(values) // 2
    newer = robust_trend(times[half:], values[half:]) if half >= LEAST_SAMPLES // 2 else None
    if whole is None or half < LEAST_SAMPLES // 2:
        return None
    if newer is None:
        return replace(whole, low=whole.low / 2)
    first = newer if newer.low > whole.per_second else whole
    return replace(first, low=min(whole.low, newer.low), high=max(whole.high, newer.high))


def robust_trend(times: Floats, values: Floats) -> Trend | None:
    """None where the interval of the slope reaches down to 0, or there is no slope at all."""
    if len(values) < 2:
        return None
    every = max(-(-len(values) // MOST_SAMPLES), 1)
    at, some = times[::-1][::every][::-1] - times[-1], values[::-1][::every][::-1]
    first, second = np.triu_indices(len(at), k=1)
    slopes = np.sort((some[second] - some[first]) / (at[second] - at[first]))
    slope = float(np.median(slopes))
    residuals = some - slope * at
    level = float(np.median(residuals))
    low, high = _slope_interval(slopes, len(at), _inflation(residuals))
    if low <= 0:
        return None
    return Trend(level, slope, low, high, float(np.std(residuals)))


def _inflation(residuals: Floats) -> float:
    """How many samples are worth one: (1 + r) / (1 − r) of the residuals' autocorrelation."""
    centred = residuals - residuals.mean()
    power = float(centred @ centred)
    if power == 0:
        return 1.0
    correlation = float(np.clip((centred[1:] @ centred[:-1]) / power, 0.0, 0.9))
    return (1 + correlation) / (1 - correlation)


def _slope_interval(slopes: Floats, count: int, inflation: float) -> tuple[float, float]:
    """Sen's interval: ranks around the median, by the variance of Kendall's S."""
    deviation = (count * (count - 1) * (2 * count + 5) / 18 * inflation) ** 0.5
    reach = Z_90 * deviation / 2
    middle = len(slopes) / 2
    low = int(np.clip(np.floor(middle - reach), 0, len(slopes) - 1))
    high = int(np.clip(np.ceil(middle + reach), 0, len(slopes) - 1))
    return float(slopes[low]), float(slopes[high])


def _eta(trend: Trend, limit: float, step: float) -> Eta | None:
    """Noise may reach the limit before the trend does, not after; exact to a step."""
    room = limit - trend.level
    if room <= 0:
        return None
    earliest = max(room - Z_90 * trend.noise, 0.0) / trend.high - step
    latest = room / trend.low + step
    return Eta(room / trend.per_second, max(earliest, 0.0), latest)


def _since_turn(values: Floats, limit: float) -> tuple[int, float]:
    """Where the newest rise begins, and what must be passed to believe in it.

    A peak from which the values fell by 40 % of their range (a sawtooth, a wave) says that the
    next rise may turn there too, unless that was at the limit. Without one: the whole series, and
    nothing to pass.
    """
    span = float(np.ptp(values))
    top = int(np.argmax(values[:-NEWEST]))
    low = top + int(np.argmin(values[top:]))
    if span == 0 or values[top] - values[low] < TURN_SHARE * span:
        return 0, -np.inf
    if _was_at_limit(float(values[top]), limit, span):
        return low, -np.inf
    return low, float(values[top]) + ABOVE_PEAK * span


def _was_at_limit(peak: float, limit: float, span: float) -> bool:
    """It did not turn by itself there: the limit ended it, as an out-of-memory kill does."""
    return limit - peak <= AT_LIMIT * span


def _turned_before(values: Floats, limit: float, earlier_peak: float) -> bool:
    """Within a day it was as high, fell back, and this rise has not passed that peak yet."""
    low = float(values.min())
    span = max(earlier_peak, float(values.max())) - low
    if _was_at_limit(earlier_peak, limit, span):
        return False
    fell = earlier_peak - low >= TURN_SHARE * span
    passed = float(np.median(values[-NEWEST:])) > earlier_peak + ABOVE_PEAK * span
    return fell and not passed


def _steady(times: Floats, values: Floats, trend: Trend) -> bool:
    """The newest third still rises like the whole: a curve that flattens is no way to a limit."""
    third = len(values) // 3
    late, middle = np.median(values[-third:]), np.median(values[-2 * third : -third])
    early = np.median(values[:third])
    expected = trend.per_second * float(times[-1] - times[0]) / 3
    return bool(late - middle >= STEADY * expected and middle - early >= 0)


def _like_yesterday(times: Floats, values: Floats, limit: float, horizon: float) -> bool:
    """A day ago it stood here as well, and did not reach the limit afterwards."""
    then = times[-1] - DAY_SECONDS
    if times[0] > then:
        return False
    here = values[(times > then - 900) & (times <= then + 900)]
    after = values[(times > then) & (times <= then + horizon)]
    if not len(here) or not len(after):
        return False
    close = abs(float(np.median(here)) - float(np.median(values[-NEWEST:])))
    return bool(close <= SAME_AS_YESTERDAY * np.ptp(values) and after.max() < limit)
