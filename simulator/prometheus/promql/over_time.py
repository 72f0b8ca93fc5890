"""The `*_over_time` family, changes and resets: one number out of a window's samples."""

import numpy as np

from simulator.prometheus.promql.quantiles import in_groups
from simulator.prometheus.storage.samples import Floats, Masks
from simulator.prometheus.storage.windows import Segments


def total(segments: Segments) -> Floats:
    """sum_over_time."""
    return segments.sums(segments.values)


def mean(segments: Segments) -> Floats:
    """avg_over_time."""
    return total(segments) / segments.counts


def smallest(segments: Segments) -> Floats:
    """min_over_time; NaN only if all are."""
    return np.asarray(np.fmin.reduceat(segments.values, segments.starts))


def largest(segments: Segments) -> Floats:
    """max_over_time; NaN only if all are."""
    return np.asarray(np.fmax.reduceat(segments.values, segments.starts))


def number(segments: Segments) -> Floats:
    """count_over_time."""
    return segments.counts.astype(np.float64)


def latest(segments: Segments) -> Floats:
    """last_over_time."""
    return segments.last


def one(segments: Segments) -> Floats:
    """present_over_time."""
    return np.ones(len(segments.starts))


def variance(segments: Segments) -> Floats:
    """stdvar_over_time, of the whole population."""
    away = segments.values - np.repeat(mean(segments), segments.counts)
    return segments.sums(away * away) / segments.counts


def deviation(segments: Segments) -> Floats:
    """stddev_over_time."""
    return np.sqrt(variance(segments))


def changes(segments: Segments) -> Floats:
    """How often the value differs from the one before; NaN equals NaN."""
    previous = segments.previous()
    same = (segments.values == previous) | (np.isnan(segments.values) & np.isnan(previous))
    same[segments.starts] = True
    return segments.sums((~same).astype(np.float64))


def resets(segments: Segments) -> Floats:
    """How often the value is lower than the one before."""
    return segments.sums((segments.values < segments.previous()).astype(np.float64))


def quantile(segments: Segments, wanted: Floats) -> Floats:
    """quantile_over_time with a quantile for each window."""
    return in_groups(wanted, segments.values, segments.owners, segments.starts, segments.counts)


def slope_and_intercept(segments: Segments, from_last: bool) -> tuple[Floats, Floats, Masks]:
    """Least squares: the slope per second and the value now (or at the window's first sample).

    Source: linearRegression in prometheus/promql/functions.go; sums in extended precision stand
    for its compensated ones.
    """
    origin = segments.now_ms if from_last else segments.times_ms[segments.starts]
    x = (segments.times_ms - np.repeat(origin, segments.counts)).astype(np.longdouble) / 1000
    slope, intercept = _fitted(segments, x)
    constant = changes(segments) == 0
    finite = np.where(np.isinf(segments.first), np.nan, 0.0)
    slope, intercept = (
        np.where(constant, finite, slope),
        np.where(constant, segments.first + finite, intercept),
    )
    return slope, intercept, segments.counts >= 2


def _fitted(
    segments: Segments, x: np.ndarray[tuple[int, ...], np.dtype[np.longdouble]]
) -> tuple[Floats, Floats]:
    y, n = segments.values.astype(np.longdouble), segments.counts
    sums = [np.add.reduceat(one, segments.starts) for one in (x, y, x * y, x * x)]
    covariance = sums[2] - sums[0] * sums[1] / n
    slope = covariance / (sums[3] - sums[0] * sums[0] / n)
    intercept = sums[1] / n - slope * sums[0] / n
    return slope.astype(np.float64), intercept.astype(np.float64)
