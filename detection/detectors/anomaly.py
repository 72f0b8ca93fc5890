"""Unusual metrics of one entity → METRIC_ANOMALY: a hint for people, never a reason to act."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from detection.anomaly import scoring, screening
from detection.anomaly.context import Owner
from detection.anomaly.history_join import MOST_VALUES, joined
from detection.anomaly.level_change import LevelChange, at_new_level, changes, went_back
from detection.anomaly.model.artifacts import Model
from detection.anomaly.outlook import Outlook, first_sample, first_samples, runs
from detection.anomaly.scoring import Scored
from detection.anomaly.scoring.recurrence import recurs
from detection.anomaly.scoring.series import Series
from detection.anomaly.screening import screen, strongest, to_step
from detection.detectors.protocol import View, detector
from detection.domain.arrays import Bools, Floats
from detection.domain.causes import Cause, Severity
from detection.domain.facts import AnomalyFacts
from detection.domain.findings import Evidence, Finding, FoundBy, ObjectRef
from detection.domain.units import duration
from detection.metrics.history import Window
from detection.metrics.samples import SEPARATOR, parse_key

CLOSER_LOOKS, LONGER_LOOKS = 50, 12
STANDS_OUT = 2.0
UNSETTLED_SAMPLES, LONGEST_UNSETTLED = 5, 20
DRIFT_SHARE = 0.5
LEAST_SHARE_OFF = 0.15
MOST_KNOWN = 300_000


@dataclass(frozen=True)
class EntityScores:
    """One entity's samples, the newest `recent` of them in the window, and what they score."""

    owner: Owner
    keys: tuple[str, ...]
    series: Series
    times: Floats
    scored: Scored
    recent: int

    @property
    def judged_on(self) -> str:
        span = round(len(self.times) * self.series.step_seconds / 3600)
        daily = ", with a daily pattern" if self.scored.day_samples else ""
        return f"judged on {max(span, 1)} h of history{daily}"


@detector(Cause.METRIC_ANOMALY)
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
        names, groups = self._groups(window)
        view.anomaly.noted.first_seen.update(first_samples(names, groups, values, times))
        if values.shape[1] < max(model.network.window, UNSETTLED_SAMPLES + 1):
            return []
        stands_out = screen(model.network, values).stands_out
        picked = strongest(groups, stands_out, CLOSER_LOOKS, STANDS_OUT)
        looks = [self._score(view, model, names[at], np.flatnonzero(groups == at), times, values)
                 for at in picked if names[at] not in view.anomaly.settling]  # fmt: skip
        found = [_judged(view, model, look) for look in further(view, model, looks)]
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

    def _score(
        self,
        view: View,
        model: Model,
        owner: Owner,
        rows: Any,
        times: Floats,
        values: Any,
    ) -> EntityScores:
        series = self._series(view.window, owner, rows, values, model.step_seconds)
        scored = scoring.score_one(model.network, series, alarm_at=threshold(view, model, owner))
        keys = tuple(view.window.keys[row] for row in rows)
        return EntityScores(owner, keys, series, times, scored, len(times))

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


def further(view: View, model: Model, looks: list[EntityScores]) -> list[EntityScores]:
    """The same looks, some of them with the history before the window: those that alarm first."""
    if view.anomaly.longer is None or not looks:
        return looks
    order = sorted(range(len(looks)), key=lambda at: not looks[at].scored.alarm[-1])[:LONGER_LOOKS]
    earlier = view.anomaly.longer([looks[at].owner for at in order])
    left, found = MOST_VALUES, list(looks)
    for at in order:
        look = looks[at]
        if look.owner not in earlier:
            continue
        done = joined(look.series, look.keys, look.times, earlier[look.owner])
        if done is None or done[0].values.size > left:
            continue
        left -= done[0].values.size
        found[at] = _looked_further(view, model, look, *done)
    return found


def _looked_further(
    view: View, model: Model, look: EntityScores, series: Series, times: Floats
) -> EntityScores:
    """With the longer history, moved to the levels that are usual now."""
    known = view.anomaly.changed.get(look.owner, ())
    ended = tuple(one for one in known if went_back(series, one))
    series = at_new_level(series, times, [one for one in known if one not in ended])
    alarm_at = threshold(view, model, look.owner)
    scored = scoring.score_one(model.network, series, alarm_at=alarm_at)
    longer = replace(look, series=series, times=times, scored=scored)
    _note(view, longer, ended)
    return longer


def _note(view: View, look: EntityScores, ended: tuple[LevelChange, ...]) -> None:
    """What is known of the owner, for the page: only where there is enough history to say so."""
    since = first_sample(look.series.values, look.times)
    if since is None:
        return
    if is_learning(view, look):
        view.anomaly.noted.looks.append(Outlook(look.owner, since, ended=ended))
        return
    past = look.scored.alarm[: -look.recent]
    hours = len(past) * look.series.step_seconds / 3600
    above = look.scored.score > look.scored.limit
    changed = changes(look.series, look.times, above)
    view.anomaly.noted.looks.append(Outlook(look.owner, since, runs(past), hours, changed, ended))


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


def is_learning(view: View, look: EntityScores) -> bool:
    """Whether the owner's history is too short to know what is usual at this time of the day."""
    known = np.flatnonzero(np.isfinite(look.series.values).any(axis=1))
    seconds = (len(look.times) - int(known[0])) * look.series.step_seconds if len(known) else 0.0
    return seconds < view.anomaly.learning_seconds


def matters(look: EntityScores) -> bool:
    """Whether a metric is off its usual level by a share that somebody would notice.

    A very even metric is unusual at a twentieth more; nobody gets up for that.
    """
    values = look.series.values
    usual = np.nanmedian(np.where(look.series.train[:, None], values, np.nan), axis=0)
    newest = np.nanmean(values[-UNSETTLED_SAMPLES:], axis=0)
    away = np.abs(newest - usual)
    return bool(np.any(away >= LEAST_SHARE_OFF * np.abs(usual)))


def changed_now(view: View) -> frozenset[Owner]:
    """Owners whose level changed for good: that is told once, as a change."""
    return frozenset(one.owner for one in view.anomaly.noted.looks if one.changed)


def _judged(view: View, model: Model, look: EntityScores) -> Finding | None:
    scored, recent = look.scored, look.scored.score[-look.recent :]
    if scored.warming_up or not scored.alarm[-1] or is_learning(view, look):
        return None
    if not matters(look) or look.owner in changed_now(view):
        return None
    if drifting(recent > threshold(view, model, look.owner)):
        return None
    if recurs(scored.score, scored.errors, look.series.step_seconds):
        return None
    return _finding(view, model, look)


def _finding(view: View, model: Model, look: EntityScores) -> Finding:
    series, scored, times = look.series, look.scored, look.times
    since, limit = _since(scored.alarm), float(scored.limit[-1])
    onset = datetime.fromtimestamp(float(times[since]), UTC)
    share, score = scored.shares[-1], float(scored.score[-1])
    told = scoring.explained(series.metrics, share)
    lasted = duration(float(times[-1] - times[since]))
    against = f"score {score:.2f}, limit {limit:.2f}"
    text = f"Its metrics have looked unusual for {lasted}: {told} ({against})"
    kind, namespace, name = look.owner
    return Finding(
        cause=Cause.METRIC_ANOMALY,
        owner=ObjectRef(kind, namespace, name, view.owners.uid(kind, namespace, name)),
        severity=Severity.INFO,
        summary=text,
        onset=onset,
        opens_at=onset,
        source=FoundBy.ANOMALY,
        evidence=(Evidence(f"model/{model.version}", text),),
        score=round(score, 3),
        facts=AnomalyFacts(
            contributions=_contributions(series.metrics, share),
            threshold=round(limit, 3),
            model_version=model.version,
            history=look.judged_on,
            chart=_chart(times, scored.score),
            metrics=_newest(series),
        ),
    )


def _since(alarm: Bools) -> int:
    """Where the run of alarms that still goes on began."""
    calm = np.flatnonzero(~alarm)
    return int(calm[-1]) + 1 if len(calm) else 0


def _contributions(metrics: tuple[str, ...], share: Floats) -> dict[str, float]:
    order = np.argsort(-share)
    return {metrics[at]: round(float(share[at]), 3) for at in order if share[at] >= 0.01}


def _chart(times: Floats, score: Floats) -> tuple[tuple[float, float], ...]:
    """[epoch seconds, score] of the newest samples."""
    newest = zip(times[-30:], score[-30:], strict=True)
    return tuple((float(t), round(float(s), 3)) for t, s in newest)


def _newest(series: Series) -> dict[str, float]:
    found = {}
    for at, metric in enumerate(series.metrics):
        known = np.flatnonzero(np.isfinite(series.values[:, at]))
        if len(known):
            found[metric] = float(series.values[known[-1], at])
    return found
