"""How good a detector is: curves, events, false alarms. Never point-adjusted.

Labels are 0 normal, 1 anomaly, 2 don't care (left out of every measure). Scores are "more is more
unusual". All arrays are of one series, or of several joined one after the other with `breaks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detection.domain.arrays import Bools, Floats, Ints

Span = tuple[int, int]

NORMAL, ANOMALY, IGNORED = 0, 1, 2
BUFFER_SAMPLES = 20


@dataclass(frozen=True)
class Labelled:
    """The scored rows of one series: labels, scores and alarms of equal length, in time order."""

    labels: Ints
    scores: Floats
    alarms: Bools
    step_seconds: float

    @property
    def days(self) -> float:
        """Length of the rows that count."""
        return float((self.labels != IGNORED).sum()) * self.step_seconds / 86_400


def spans(flags: Bools) -> list[Span]:
    """The runs of True as [start, end) pairs."""
    edges = np.diff(np.concatenate(([0], flags.astype(np.int8), [0])))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def auc_pr(parts: Sequence[Labelled]) -> float:
    """Average precision over all rows that count; NaN where nothing is labelled an anomaly.

    Source: area under the precision-recall curve as a step function (Davis and Goadrich, 2006).
    """
    return _volume(parts, (0,))


def vus_pr(parts: Sequence[Labelled], buffer_samples: int = BUFFER_SAMPLES) -> float:
    """Volume under the range-based precision-recall surface, buffers 0 … `buffer_samples`.

    Source: Paparrizos et al., "Volume Under the Surface", PVLDB 15 (2022).
    """
    return _volume(parts, range(buffer_samples + 1))


def _volume(parts: Sequence[Labelled], buffers: Sequence[int]) -> float:
    counted = np.concatenate([part.labels != IGNORED for part in parts])
    scores = np.concatenate([part.scores for part in parts])[counted]
    hard = np.concatenate([part.labels == ANOMALY for part in parts])[counted].astype(np.float64)
    if not hard.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf) != 0)
    areas = [_area(parts, counted, scores, hard, order, ends, buffer) for buffer in buffers]
    return float(np.mean(areas))


def _area(
    parts: Sequence[Labelled],
    counted: Bools,
    scores: Floats,
    hard: Floats,
    order: Ints,
    ends: Ints,
    buffer: int,
) -> float:
    soft = np.concatenate([soft_labels(part.labels, buffer) for part in parts])[counted]
    hits: Floats = np.cumsum(soft[order])[ends]
    spread = np.cumsum(np.where(hard > 0, 0.0, soft)[order])[ends]
    positives = hard.sum() + spread / 2
    found = _existence(parts, scores, order, ends, buffer)
    recall = np.minimum(hits / positives, 1.0) * found
    precision = hits / (ends + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def soft_labels(labels: Ints, buffer: int) -> Floats:
    """1 within an event, falling with the root of the distance over `buffer` / 2 samples."""
    soft: Floats = (labels == ANOMALY).astype(np.float64)
    for start, end in spans(labels == ANOMALY):
        for away in range(1, buffer // 2 + 1):
            value = (1 - away / buffer) ** 0.5
            for at in (start - away, end - 1 + away):
                if 0 <= at < len(soft):
                    soft[at] = max(soft[at], value)
    return soft


def _existence(
    parts: Sequence[Labelled], scores: Floats, order: Ints, ends: Ints, buffer: int
) -> Floats:
    """Share of the (buffered) events that are found at each threshold; 1 for plain rows."""
    if buffer == 0:
        return np.ones(len(ends))
    peaks = []
    for part in parts:
        for start, end in spans(soft_labels(part.labels, buffer) > 0):
            inside = part.labels[start:end] != IGNORED
            peaks.append(float(part.scores[start:end][inside].max()))
    thresholds = scores[order][ends]
    above = len(peaks) - np.searchsorted(np.sort(peaks), thresholds, side="left")
    return np.asarray(above / len(peaks), dtype=np.float64)


@dataclass(frozen=True)
class Counts:
    """Rows and events of one series, to be added up."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    events: int
    found: int
    false_alarms: int
    days: float
    delays_seconds: tuple[float, ...] = ()


def counts(part: Labelled) -> Counts:
    """Rows by label and alarm; an event is found where an alarm lies within it.

    A false alarm is a run of alarms that touches neither an event nor rows that don't count.
    """
    counted, bad = part.labels != IGNORED, part.labels == ANOMALY
    alarms = part.alarms
    events = spans(bad)
    delays = [_delay(alarms, span, part.step_seconds) for span in events]
    false = [(a, b) for a, b in spans(alarms & counted) if not bad[a:b].any()]
    return Counts(
        true_positive=int((alarms & bad).sum()),
        false_positive=int((alarms & counted & ~bad).sum()),
        false_negative=int((~alarms & bad).sum()),
        true_negative=int((~alarms & counted & ~bad).sum()),
        events=len(events),
        found=sum(delay is not None for delay in delays),
        false_alarms=len(false),
        days=part.days,
        delays_seconds=tuple(delay for delay in delays if delay is not None),
    )


def _delay(alarms: Bools, span: Span, step_seconds: float) -> float | None:
    inside = np.flatnonzero(alarms[span[0] : span[1]])
    return float(inside[0]) * step_seconds if len(inside) else None


@dataclass(frozen=True)
class Quality:
    """The measures of a detector on a set of series. NaN where there is nothing to count."""

    auc_pr: float
    vus_pr: float
    f1: float
    precision: float
    recall: float
    accuracy: float
    event_recall: float
    false_alarms_per_day: float
    delay_seconds: float
    normal_precision: float
    normal_recall: float
    normal_f1: float


def quality(parts: Sequence[Labelled], buffer_samples: int = BUFFER_SAMPLES) -> Quality:
    """All measures, rows of all series pooled. `delay_seconds` is the median over found events."""
    return Quality(
        auc_pr=auc_pr(parts),
        vus_pr=vus_pr(parts, buffer_samples),
        **rates([counts(part) for part in parts]),
    )


def rates(each: Sequence[Counts]) -> dict[str, float]:
    """The measures of alarms: by rows, by events and in time."""
    tp, fp, fn, tn = (
        sum(getattr(one, name) for one in each)
        for name in ("true_positive", "false_positive", "false_negative", "true_negative")
    )
    days = sum(one.days for one in each)
    delays = [delay for one in each for delay in one.delays_seconds]
    return {
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "accuracy": _ratio(tp + tn, tp + fp + fn + tn),
        "event_recall": _ratio(sum(one.found for one in each), sum(one.events for one in each)),
        "false_alarms_per_day": _ratio(sum(one.false_alarms for one in each), days),
        "delay_seconds": float(np.median(delays)) if delays else float("nan"),
        "normal_precision": _ratio(tn, tn + fn),
        "normal_recall": _ratio(tn, tn + fp),
        "normal_f1": _ratio(2 * tn, 2 * tn + fp + fn),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
