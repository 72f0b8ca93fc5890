"""Forecasts: robust, with an interval, and not fooled by what comes back every hour or day."""

from __future__ import annotations

import numpy as np

from detection.forecasting.trend import Eta, confirmed, forecast, robust_trend

MINUTES = np.arange(60) * 60.0
RNG = np.random.default_rng(0)


def ramp(start: float, end: float, noise: float = 0.002, samples: int = 60) -> np.ndarray:
    return np.linspace(start, end, samples) + np.random.default_rng(3).normal(0, noise, samples)


def test_a_leak_reaches_its_limit_when_it_really_does() -> None:
    eta = confirmed(MINUTES, ramp(0.4, 0.7), 1.0, 7200)
    assert eta is not None
    assert abs(eta.seconds - 3540) < 240
    assert eta.earliest < 3540 < eta.latest


def test_the_text_says_when_and_how_sure() -> None:
    assert Eta(12000, 10200, 15000).text() == "3 h 20 min (2 h 50 min – 4 h 10 min)"


def test_a_few_wild_samples_change_nothing() -> None:
    values = ramp(0.4, 0.7)
    values[[7, 23, 41]] = 5.0
    trend = robust_trend(MINUTES, values)
    assert trend is not None
    assert abs(trend.per_second * 3540 - 0.3) < 0.02


def test_noise_without_a_trend_is_no_forecast() -> None:
    values = 0.9 + np.random.default_rng(1).normal(0, 0.01, 60)
    assert forecast(MINUTES, values, 1.0, 3600) is None


def test_a_limit_beyond_the_horizon_is_no_forecast() -> None:
    assert forecast(MINUTES, ramp(0.1, 0.2), 1.0, 3600) is None


def test_the_next_tooth_of_a_saw_is_no_leak() -> None:
    values = np.concatenate([ramp(0.5, 0.85, samples=30), ramp(0.5, 0.82, samples=30)])
    assert confirmed(MINUTES, values, 1.0, 3600) is None


def test_a_rise_that_turned_yesterday_below_the_limit_is_no_forecast() -> None:
    rise = ramp(0.4, 0.8)
    assert confirmed(MINUTES, rise, 1.0, 3600) is not None
    assert confirmed(MINUTES, rise, 1.0, 3600, earlier_peak=0.85) is None


def test_a_rise_beyond_what_was_ever_reached_is_a_forecast_again() -> None:
    assert confirmed(MINUTES, ramp(0.4, 0.8), 1.0, 3600, earlier_peak=0.6) is not None


def test_a_curve_that_flattens_is_no_way_to_a_limit() -> None:
    values = 0.9 - 0.5 * np.exp(-np.arange(60) / 12.0)
    assert confirmed(MINUTES, values, 1.0, 3600) is None


def test_gaps_are_left_out() -> None:
    values = ramp(0.4, 0.7)
    values[10:25] = np.nan
    assert confirmed(MINUTES, values, 1.0, 7200) is not None


def test_too_few_samples_are_no_trend() -> None:
    assert forecast(MINUTES[:15], ramp(0.4, 0.9)[:15], 1.0, 3600) is None


def test_a_sawtooth_whose_peaks_and_floors_rise_is_a_leak() -> None:
    at = np.arange(60)
    teeth = 0.55 + 0.004 * at + 0.2 * (at % 15) / 15
    eta = confirmed(MINUTES, teeth, 1.0, 3600)
    assert eta is not None
    assert eta.earliest < 900 < eta.latest


def test_a_sawtooth_whose_peaks_alone_rise_is_none() -> None:
    at = np.arange(60)
    teeth = 0.4 + (0.3 + 0.004 * at) * (at % 15) / 15
    assert confirmed(MINUTES, teeth, 1.0, 3600) is None


def test_a_leak_that_was_killed_at_its_limit_is_foretold_the_next_time_too() -> None:
    rise = ramp(0.4, 0.8)
    assert confirmed(MINUTES, rise, 1.0, 3600, earlier_peak=0.995) is not None
    killed = np.concatenate([ramp(0.8, 0.995, samples=25), ramp(0.3, 0.8, samples=35)])
    assert confirmed(MINUTES, killed, 1.0, 3600) is not None


def test_dips_of_a_garbage_collector_hide_no_leak() -> None:
    at = np.arange(60)
    values = 0.5 + 0.005 * at + 0.05 * (at % 7) / 7
    eta = confirmed(MINUTES, values, 1.0, 3600)
    assert eta is not None
    assert eta.earliest < 2220 < eta.latest
