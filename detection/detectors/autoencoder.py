"""Unusual metrics of one entity → METRIC_ANOMALY: a hint for people, never a reason to act."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from detection.anomaly import scoring
from detection.anomaly import screen as screening
from detection.anomaly.artifacts import Model
from detection.anomaly.measures import Bools, Floats
from detection.anomaly.scoring import Scored
from detection.anomaly.screen import screen, strongest, to_step
from detection.anomaly.series import Series
from detection.anomaly.view import Owner
from detection.causes import Cause, Severity
from detection.detectors.protocol import View
from detection.findings import Evidence, Finding, ObjectRef
from detection.history import Window
from detection.samples import SEPARATOR, parse_key
from detection.units import duration

SOURCE = "anomaly"
CLOSER_LOOKS = 50
STANDS_OUT = 2.0
UNSETTLED_SAMPLES, LONGEST_UNSETTLED = 5, 20
DRIFT_SHARE = 0.5
MOST_KNOWN = 300_000


@dataclass
class Autoencoder:
    """Screens every series, looks closely at the entities that stand out. Needs a model."""

    name: str = "autoencoder"
    _numbers: dict[Owner, int] = field(default_factory=dict)
    _owner_of: dict[str, int] = field(default_factory=dict)

    def find(self, view: View) -> list[Finding]:
        model, window = view.anomaly.model, view.window
        if model is None or not len(window.times):
            return []
        times, values = to_step(window.times, window.values, model.step_seconds)
        if values.shape[1] <= UNSETTLED_SAMPLES:
            return []
        names, groups = self._groups(window)
        stands_out = screen(model.network, values).stands_out
        picked = strongest(groups, stands_out, CLOSER_LOOKS, STANDS_OUT)
        found = [self._look(view, model, names[at], np.flatnonzero(groups == at), times, values)
                 for at in picked]  # fmt: skip
        return [finding for finding in found if finding]

    def _groups(self, window: Window) -> tuple[list[Owner], Any]:
        """The owners that there are, and for each series the number of its owner."""
        if len(self._owner_of) > MOST_KNOWN:
            self._owner_of.clear()
            self._numbers.clear()
        known = self._owner_of
        groups = np.fromiter(
            (known[key] if key in known else self._add(key) for key in window.keys),
            dtype=np.int64,
            count=len(window.keys),
        )
        return list(self._numbers), groups

    def _add(self, key: str) -> int:
        """Remembered by number: a parsed key for each of 200,000 series would be 100 MB."""
        _, kind, namespace, name, _ = key.split(SEPARATOR)
        number = self._numbers.setdefault((kind, namespace, name), len(self._numbers))
        return self._owner_of.setdefault(key, number)

    def _look(
        self,
        view: View,
        model: Model,
        owner: Owner,
        rows: Any,
        times: Floats,
        values: Any,
    ) -> Finding | None:
        if owner in view.anomaly.settling:
            return None
        series = self._series(view.window, owner, rows, values, model.step_seconds)
        alarm_at = threshold(view, model, owner)
        scored = scoring.score_one(model.network, series, alarm_at=alarm_at)
        if scored.warming_up or not scored.alarm[-1] or drifting(scored.score > alarm_at):
            return None
        return _finding(view, model, series, scored, times)

    def _series(self, window: Window, owner: Owner, rows: Any, values: Any, step: float) -> Series:
        """The owner's metrics; the newest samples are scored, all before them are its history."""
        samples = np.arange(values.shape[1])
        parsed = [parse_key(window.keys[row]) for row in rows]
        return Series(
            entity="/".join(part for part in owner if part),
            group="",
            metrics=tuple(f"{m}/{e.container}" if e.container else m for m, e in parsed),
            values=np.asarray(values[rows].T, dtype=np.float64),
            train=samples < len(samples) - unsettled(len(samples)),
            labels=np.zeros(len(samples), dtype=np.int64),
            rows=samples,
            step_seconds=step,
        )


def unsettled(count: int) -> int:
    """How many of the newest samples are not taken for usual yet.

    A fault that lasts would else be usual after five minutes, and its incident close by itself.
    """
    return int(np.clip(count - screening.LEAST_SAMPLES, UNSETTLED_SAMPLES, LONGEST_UNSETTLED))


def threshold(view: View, model: Model, owner: Owner) -> float:
    """The setting, else the model's, raised where people said "false positive" of this owner."""
    base = view.anomaly.threshold if view.anomaly.threshold is not None else model.alarm_at
    return base * view.anomaly.raised.get(owner, 1.0)


def drifting(above: Bools) -> bool:
    """More than half of what is known is unusual: what is usual has changed, nothing broke now."""
    return bool(above.mean() > DRIFT_SHARE)


def _finding(view: View, model: Model, series: Series, scored: Scored, times: Floats) -> Finding:
    since, limit = _since(scored.alarm), float(scored.limit[-1])
    onset = datetime.fromtimestamp(float(times[since]), UTC)
    share, score = scored.shares[-1], float(scored.score[-1])
    told = scoring.explained(series.metrics, share)
    lasted = duration(float(times[-1] - times[since]))
    text = f"Its metrics look unusual for {lasted}: {told} (score {score:.2f}, limit {limit:.2f})"
    kind, namespace, name = _owner_of(series, view)
    return Finding(
        cause=Cause.METRIC_ANOMALY,
        owner=ObjectRef(kind, namespace, name, view.owners.uid(kind, namespace, name)),
        severity=Severity.INFO,
        summary=text,
        onset=onset,
        opens_at=onset,
        source=SOURCE,
        evidence=(Evidence(f"model/{model.version}", text),),
        score=round(score, 3),
        facts={
            "contributions": _contributions(series.metrics, share),
            "threshold": round(limit, 3),
            "model_version": model.version,
            "chart": _chart(times, scored.score),
            "metrics": _newest(series),
        },
    )


def _owner_of(series: Series, view: View) -> Owner:
    parts = series.entity.split("/")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (parts[0], "", parts[1])


def _since(alarm: Bools) -> int:
    """Where the run of alarms that still goes on began."""
    calm = np.flatnonzero(~alarm)
    return int(calm[-1]) + 1 if len(calm) else 0


def _contributions(metrics: tuple[str, ...], share: Floats) -> dict[str, float]:
    order = np.argsort(-share)
    return {metrics[at]: round(float(share[at]), 3) for at in order if share[at] >= 0.01}


def _chart(times: Floats, score: Floats) -> list[list[float]]:
    """[epoch seconds, score] of the newest samples."""
    return [[float(t), round(float(s), 3)] for t, s in zip(times[-30:], score[-30:], strict=True)]


def _newest(series: Series) -> dict[str, float]:
    found = {}
    for at, metric in enumerate(series.metrics):
        known = np.flatnonzero(np.isfinite(series.values[:, at]))
        if len(known):
            found[metric] = float(series.values[known[-1], at])
    return found
