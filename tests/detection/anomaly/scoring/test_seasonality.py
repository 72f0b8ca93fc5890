"""Daily and weekly patterns: where the history shows them, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detection.anomaly import scoring
from detection.anomaly.scoring import seasonality
from detection.anomaly.scoring.series import Series
from detection.domain.arrays import Bools, Floats, Ints
from tests.detection.anomaly.builders import network, series

DAY = 96
DAYS = 40


def samples(seed: int = 0, days: int = DAYS) -> tuple[Floats, Ints, Bools]:
    """A metric with a daily course, one with a quiet weekend, one of noise; half is training."""
    ticks = np.arange(days * DAY)
    noise = np.random.default_rng(seed).normal(0, 0.2, (len(ticks), 3))
    wave = 3 * np.sin(2 * np.pi * ticks / DAY)
    weekend = np.where(ticks // DAY % 7 >= 5, -4.0, 0.0)
    values = np.stack([wave, weekend, np.zeros(len(ticks))], axis=1) + noise
    return values, ticks, ticks < len(ticks) * 3 // 4


def test_a_daily_and_a_weekly_course_are_expected_and_noise_is_not() -> None:
    values, ticks, train = samples()
    found = seasonality.find(values, ticks, train, (DAY,))
    assert found.used.tolist() == [True, True, False]
    left = np.abs(values - found.expected)[~train].mean(axis=0)
    assert (left < 0.35).all()


def test_the_length_of_a_day_is_found_where_samples_only_have_a_number() -> None:
    values, ticks, train = samples()
    assert seasonality.find(values, ticks, train, (480, DAY)).day_samples == DAY
    assert seasonality.find(values[:, 2:], ticks, train, (480, DAY)).day_samples == 0


def test_less_than_two_days_or_no_times_have_no_pattern() -> None:
    values, ticks, _ = samples()
    short = ticks < DAY * 3 // 2
    assert not seasonality.find(values, ticks, short, (DAY,)).used.any()
    assert not seasonality.find(values, None, ticks >= 0, (DAY,)).used.any()


def test_a_pattern_is_fitted_on_training_samples_alone() -> None:
    values, ticks, train = samples()
    other = np.where(train[:, None], values, 50.0)
    one, two = (seasonality.find(given, ticks, train, (DAY,)) for given in (values, other))
    np.testing.assert_array_equal(one.expected, two.expected)


def test_gaps_in_the_history_leave_the_pattern_as_it_is() -> None:
    values, ticks, train = samples()
    holes = values.copy()
    holes[np.random.default_rng(1).random(values.shape) < 0.2] = np.nan
    found = seasonality.find(holes, ticks, train, (DAY,))
    assert found.used.tolist() == [True, True, False]
    assert np.isfinite(found.expected).all()


def test_what_is_high_at_this_hour_alone_stands_out_only_against_the_time_of_day() -> None:
    given = _wave(series(samples=12 * DAY, train=9 * DAY))
    known = replace(given, ticks=given.rows, days=(DAY,))
    odd = slice(10 * DAY + DAY // 2, 10 * DAY + DAY // 2 + 8)
    blind, aware = (scoring.score_one(network(), one).score for one in (given, known))
    usual = ~given.train
    usual[odd] = False
    assert _above(aware, odd, usual) > _above(blind, odd, usual)


def _wave(given: Series) -> Series:
    """Ten deviations up at midnight, down at noon; on one day noon is like midnight."""
    wave = 20 * np.cos(2 * np.pi * given.rows / DAY)
    at = 10 * DAY + DAY // 2
    wave[at : at + 8] = 20
    return replace(given, values=given.values + wave[:, None])


def _above(score: Floats, odd: slice, usual: Bools) -> float:
    return float(score[odd].max() - np.quantile(score[usual], 0.99))
