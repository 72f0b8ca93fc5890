"""The closer look with three days of history: the shipped model, made-up series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from detection.anomaly.context import AnomalyView
from detection.anomaly.history_join import Earlier, Owner, joined
from detection.anomaly.model import artifacts
from detection.anomaly.model.artifacts import Model
from detection.anomaly.scoring import score_one
from detection.anomaly.scoring.recurrence import recurs
from detection.detectors import anomaly
from detection.detectors.anomaly import Autoencoder
from detection.detectors.protocol import View
from detection.domain.arrays import Floats
from detection.domain.facts import AnomalyFacts
from detection.domain.findings import Finding
from detection.metrics.history import Window
from detection.metrics.samples import Entity, series_key
from detection.training.data.labelled_faults import CPU, LATENCY, LOAD, MEMORY, METRICS, healthy
from tests.detection.anomaly.builders import series

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CART = Entity("Deployment", "shop", "cart", "app")
KEYS = tuple(series_key(name, CART) for name in METRICS)
DAY, HISTORY, RECENT, SEEDS = 1440, 3 * 1440, 60, 8
TIMES: Floats = NOW.timestamp() - 60.0 * np.arange(HISTORY, dtype=np.float64)[::-1]


@cache
def shipped() -> Model:
    return artifacts.load_artifacts(Path(__file__).resolve().parents[3] / "models")


def with_peaks(seed: int, ago: int, days: Sequence[int]) -> np.ndarray:
    """Seasonal load, and an hour of twice as much that began `ago` minutes before this time."""
    values = healthy(HISTORY, seed, seasonal=0.3)
    for day in days:
        start = HISTORY - ago - day * DAY
        values[start : start + 60, [LOAD, CPU]] *= 2.2
    return values


def earlier(values: np.ndarray) -> Earlier:
    """Up to half an hour ago, as a cache has it."""
    rows = {key: values[:-30, at].astype(np.float32) for at, key in enumerate(KEYS)}
    return Earlier(TIMES[:-30], rows)


def look(values: np.ndarray, known: Earlier | None) -> list[Finding]:
    def longer(owners: Sequence[Owner]) -> Mapping[Owner, Earlier]:
        return {owner: known for owner in owners if known}

    recent = values[-RECENT:].T
    window = Window("ok", TIMES[-RECENT:], KEYS, recent, np.zeros(recent.shape, dtype=np.bool_))
    about = AnomalyView(model=shipped(), longer=longer)
    return Autoencoder().find(View(window, (), NOW, anomaly=about))


@pytest.mark.parametrize("ago", [4, 8, 15])
def test_a_peak_of_each_day_alarms_on_an_hour_of_history_and_not_on_three_days(ago: int) -> None:
    usual = [with_peaks(900 + seed, ago, (0, 1, 2)) for seed in range(SEEDS)]
    assert sum(bool(look(values, None)) for values in usual) >= SEEDS - 1
    assert sum(bool(look(values, earlier(values))) for values in usual) <= 1


def test_the_end_of_that_peak_is_none_either() -> None:
    usual = [with_peaks(900 + seed, 66, (0, 1, 2)) for seed in range(SEEDS)]
    assert sum(bool(look(values, None)) for values in usual) >= SEEDS - 1
    assert sum(bool(look(values, earlier(values))) for values in usual) <= 1


def test_a_peak_that_no_day_had_before_alarms_with_three_days_too() -> None:
    for seed in range(SEEDS):
        values = with_peaks(900 + seed, 8, (0,))
        (found,) = look(values, earlier(values))
        assert found.facts.of(AnomalyFacts).history.startswith("judged on 72 h of history")


def test_a_real_shift_at_the_hour_of_the_usual_peak_alarms() -> None:
    found = []
    for seed in range(SEEDS):
        values = with_peaks(900 + seed, 8, (0, 1, 2))
        values[-8:, MEMORY] *= 1.4
        values[-8:, LATENCY] *= 5
        found += look(values, earlier(values))
    assert len(found) >= SEEDS - 1
    assert all("with a daily pattern" in one.facts.of(AnomalyFacts).history for one in found)


def test_without_a_longer_history_the_finding_says_that_it_has_an_hour() -> None:
    (found,) = look(with_peaks(900, 8, (0,)), None)
    assert found.facts.of(AnomalyFacts).history == "judged on 1 h of history"


def test_the_chart_and_the_onset_are_of_the_newest_samples() -> None:
    values = with_peaks(900, 8, (0,))
    (found,) = look(values, earlier(values))
    assert found.facts.of(AnomalyFacts).chart[-1][0] == NOW.timestamp()
    assert 0 < (NOW - found.onset).total_seconds() < 600


def test_the_score_does_not_depend_on_what_comes_later() -> None:
    values = with_peaks(900, 8, (0,))
    given = replace(series(), metrics=METRICS, values=values[-RECENT:], step_seconds=60.0,
                    train=np.arange(RECENT) < 40)  # fmt: skip
    done = joined(given, KEYS, TIMES[-RECENT:], earlier(values))
    assert done is not None
    changed = done[0].values.copy()
    changed[-5:] *= 3
    network = shipped().network
    one = score_one(network, done[0])
    other = score_one(network, replace(done[0], values=changed))
    assert np.allclose(one.score[:-5], other.score[:-5])


def test_history_before_a_metric_was_first_seen_and_too_short_a_one_are_left_out() -> None:
    values = with_peaks(900, 8, ())
    given = replace(series(), metrics=METRICS, values=values[-RECENT:], train=np.arange(60) < 40)
    known = earlier(values)
    late = known.values[KEYS[0]].copy()
    late[:-500] = np.nan
    done = joined(
        given, KEYS, TIMES[-RECENT:], Earlier(known.times, {**known.values, KEYS[0]: late})
    )
    assert done is not None
    assert len(done[1]) == 500 - 30 + RECENT
    late[:-60] = np.nan
    assert joined(given, KEYS, TIMES[-RECENT:], Earlier(known.times, {KEYS[0]: late})) is None
    assert joined(given, KEYS, TIMES[-RECENT:], Earlier(np.empty(0), {})) is None


def test_samples_that_nobody_measured_are_not_trained_on() -> None:
    values = with_peaks(900, 8, ())
    values[1000:1500] = np.nan
    given = replace(series(), metrics=METRICS, values=values[-RECENT:], train=np.arange(60) < 40)
    done = joined(given, KEYS, TIMES[-RECENT:], earlier(values))
    assert done is not None
    assert not done[0].train[1000:1500].any()
    assert np.allclose(done[0].values, values, rtol=1e-6, equal_nan=True)


def test_what_happened_on_one_of_two_days_alone_does_not_recur() -> None:
    score, errors = np.ones(HISTORY), np.ones((HISTORY, 2))
    score[-1], errors[-1, 0] = 3.0, 5.0
    score[-1 - DAY], errors[-1 - DAY, 0] = 3.0, 5.0
    assert not recurs(score, errors, 60.0)
    score[-1 - 2 * DAY], errors[-1 - 2 * DAY, 0] = 3.0, 5.0
    assert recurs(score, errors, 60.0)
    errors[-4, 1] = 5.0
    assert not recurs(score, errors, 60.0)
    assert not recurs(score[-2 * DAY :], errors[-2 * DAY :], 60.0)


def test_the_values_scored_in_a_pass_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    values = with_peaks(900, 8, (0,))
    monkeypatch.setattr(anomaly, "MOST_VALUES", HISTORY * len(METRICS) - 1)
    (found,) = look(values, earlier(values))
    assert found.facts.of(AnomalyFacts).history == "judged on 1 h of history"
