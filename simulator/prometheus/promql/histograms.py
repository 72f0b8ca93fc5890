"""histogram_quantile over classic buckets.

Source: bucketQuantile in prometheus/promql/quantile.go, v2.42.
"""

import math
from collections.abc import Iterable

import numpy as np

from simulator.prometheus.promql.context import EvaluationContext
from simulator.prometheus.promql.syntax import FunctionCall
from simulator.prometheus.storage.labels import LabelKey, identity, without_labels
from simulator.prometheus.storage.samples import Frame

BUCKET = "le"
Bucket = tuple[float, float]
"""An upper bound and the cumulative count up to it."""


def quantile(context: EvaluationContext, call: FunctionCall) -> Frame:
    """histogram_quantile(φ, buckets): one element for each histogram."""
    wanted, frame = context.scalar(call.args[0]), context.vector(call.args[1])
    histograms = _histograms(frame)
    values = np.zeros((len(histograms), frame.values.shape[1]))
    present = np.zeros(values.shape, dtype=np.bool_)
    for row, buckets in enumerate(histograms.values()):
        for step in range(values.shape[1]):
            now = [(le, frame.values[at, step]) for le, at in buckets if frame.present[at, step]]
            present[row, step] = bool(now)
            values[row, step] = bucket_quantile(float(wanted[step]), now) if now else 0.0
    return Frame([dict(key) for key in histograms], values, present).seen()


def bucket_quantile(wanted: float, buckets: Iterable[Bucket]) -> float:
    """The quantile, interpolated within its bucket; NaN where the buckets do not tell."""
    if math.isnan(wanted):
        return math.nan
    if not 0 <= wanted <= 1:
        return math.copysign(math.inf, wanted)
    ascending = _monotonic(buckets)
    if not math.isinf(ascending[-1][0]) or len(ascending) < 2 or not ascending[-1][1]:
        return math.nan
    return _interpolated(wanted * ascending[-1][1], ascending)


def _interpolated(rank: float, buckets: list[Bucket]) -> float:
    at = next((i for i, (_, count) in enumerate(buckets[:-1]) if count >= rank), len(buckets) - 1)
    end, count = buckets[at]
    if at == len(buckets) - 1:
        return buckets[at - 1][0]
    if at == 0 and end <= 0:
        return end
    start, before = buckets[at - 1] if at else (0.0, 0.0)
    share = (rank - before) / (count - before) if count != before else math.nan
    return start + (end - start) * share


def _monotonic(buckets: Iterable[Bucket]) -> list[Bucket]:
    """By upper bound, equal bounds added up, counts that fall raised to the highest before."""
    counts: dict[float, float] = {}
    for bound, count in sorted(buckets):
        counts[bound] = counts.get(bound, 0.0) + count
    highest = np.fmax.accumulate(list(counts.values()))
    return list(zip(counts, highest.tolist(), strict=True))


def _histograms(frame: Frame) -> dict[LabelKey, list[tuple[float, int]]]:
    found: dict[LabelKey, list[tuple[float, int]]] = {}
    for row, labels in enumerate(frame.labels):
        bound = _bound(labels.get(BUCKET, ""))
        if bound is not None:
            found.setdefault(identity(without_labels(labels, (BUCKET,))), []).append((bound, row))
    return found


def _bound(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
