"""A level that changed and stays: told once, learned at once, never learned from an outage."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detection.anomaly import level_change
from detection.anomaly.context import AnomalyView
from detection.anomaly.history_join import Earlier
from detection.anomaly.level_change import LevelChange
from detection.anomaly.outlook import Notebook
from detection.detectors.anomaly import Autoencoder
from detection.detectors.protocol import View
from detection.domain.findings import Finding
from detection.metrics.history import Window
from detection.training.data.labelled_faults import CPU, LOAD, MEMORY, healthy
from tests.detection.anomaly.builders import series
from tests.detection.anomaly.test_long_history_look import (
    HISTORY,
    KEYS,
    NOW,
    RECENT,
    TIMES,
    shipped,
)  # fmt: skip

DAY_SECONDS = 86_400.0
OWNER = ("Deployment", "shop", "cart")
CHANGED = {LOAD: 2.2, CPU: 2.2, MEMORY: 1.4}


@dataclass
class Looked:
    findings: list[Finding]
    noted: Notebook = field(default_factory=Notebook)

    @property
    def changed(self) -> tuple[LevelChange, ...]:
        return self.noted.looks[0].changed if self.noted.looks else ()

    @property
    def ended(self) -> tuple[LevelChange, ...]:
        return self.noted.looks[0].ended if self.noted.looks else ()


def look(values: np.ndarray, known: tuple[LevelChange, ...] = ()) -> Looked:
    rows = {key: values[:, at].astype(np.float32) for at, key in enumerate(KEYS)}
    recent = values[-RECENT:].T
    window = Window("ok", TIMES[-RECENT:], KEYS, recent, np.zeros(recent.shape, dtype=np.bool_))
    about = AnomalyView(
        model=shipped(),
        longer=lambda owners: {owner: Earlier(TIMES, rows) for owner in owners},
        learning_seconds=DAY_SECONDS,
        changed={OWNER: known},
    )
    found = Autoencoder().find(View(window, (), NOW, anomaly=about))
    return Looked(found, about.noted)


def stepped(minutes_ago: int, until: int = 0, seed: int = 900) -> np.ndarray:
    """A steady service, busier from `minutes_ago` on, back at its old level `until` ago."""
    values = healthy(HISTORY, seed, seasonal=0.0)
    for at, factor in CHANGED.items():
        values[HISTORY - minutes_ago : HISTORY - until, at] *= factor
    return values


def test_it_is_an_anomaly_at_first_and_a_change_after_half_an_hour() -> None:
    early, late = look(stepped(10)), look(stepped(45))
    assert early.findings
    assert not early.changed
    assert not late.findings
    names = {one.metric.partition("/")[0] for one in late.changed}
    assert {"requests_per_second", "cpu_cores"} <= names


def test_it_says_when_and_from_what_to_what() -> None:
    late = look(stepped(45))
    load = next(one for one in late.changed if one.metric.startswith("requests"))
    assert abs((NOW - load.at).total_seconds() - 45 * 60) <= 5 * 60
    assert 2.0 < load.after / load.before < 2.4


def test_the_new_level_is_the_usual_one_within_the_hour_and_a_fault_on_it_is_seen() -> None:
    """The limit used to stay above it for days, and hours of drift hid every fault."""
    late = look(stepped(45))
    values = stepped(120)
    assert not look(values, late.changed).changed
    values[-4:, [MEMORY, CPU]] *= 1.8
    assert look(values, late.changed).findings


def test_what_went_back_is_compared_with_its_history_as_it_was() -> None:
    changed = look(stepped(45)).changed
    back = look(stepped(200, until=40), changed)
    assert {one.metric for one in back.ended} == {one.metric for one in changed}
    assert not back.findings


def test_a_fall_to_next_to_nothing_is_no_new_level() -> None:
    values = healthy(HISTORY, 900, seasonal=0.0)
    values[-60:, [LOAD, CPU]] *= 0.01
    assert not look(values).changed


def test_a_trend_is_no_level() -> None:
    one = series(samples=600, metrics=1, train=600)
    one.values[540:, 0] += np.linspace(0, 200, 60)
    above = np.arange(600) >= 540
    assert level_change.changes(one, np.arange(600) * 60.0, above) == ()


def test_a_steady_step_is_one() -> None:
    one = series(samples=600, metrics=1, train=600)
    one.values[540:, 0] += 40
    above = np.arange(600) >= 540
    (found,) = level_change.changes(one, np.arange(600) * 60.0, above)
    assert found.at.timestamp() == 540 * 60.0
    assert (round(found.before), round(found.after)) == (100, 140)


def test_less_than_half_an_hour_is_not_told_yet() -> None:
    one = series(samples=600, metrics=1, train=600)
    one.values[580:, 0] += 40
    above = np.arange(600) >= 580
    assert level_change.changes(one, np.arange(600) * 60.0, above) == ()


def test_it_is_told_in_words() -> None:
    one = LevelChange("cpu", NOW, 0.2, 0.6)
    assert level_change.told([one]) == "cpu 0.2 → 0.6"
