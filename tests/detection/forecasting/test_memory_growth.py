"""A leak climbs on a line after each start; work comes in a step."""

from __future__ import annotations

import numpy as np

from detection.forecasting.memory_growth import growth_of

TIMES = [60.0 * minute for minute in range(180)]


def test_a_line_after_each_start_is_steady() -> None:
    shares = [0.1 + 0.9 * (minute % 60) / 60 for minute in range(180)]
    found = growth_of(TIMES, shares)
    assert found is not None
    assert found.steady
    assert 0.8 < found.share_an_hour < 1.0


def test_a_noisy_line_is_steady_too() -> None:
    noise = np.random.default_rng(7).normal(0, 0.02, 180)
    shares = [0.2 + 0.75 * (m % 90) / 90 + float(noise[m]) for m in range(180)]
    found = growth_of(TIMES, shares)
    assert found is not None
    assert found.steady


def test_a_step_to_the_limit_is_not_steady() -> None:
    shares = [0.2 if minute % 60 < 50 else 0.98 for minute in range(180)]
    found = growth_of(TIMES, shares)
    assert found is not None
    assert not found.steady


def test_a_plateau_near_the_limit_is_not_steady() -> None:
    found = growth_of(TIMES, [0.95] * 180)
    assert found is not None
    assert not found.steady


def test_what_never_came_near_its_limit_says_nothing() -> None:
    assert growth_of(TIMES, [0.3] * 180) is None
    assert growth_of([], []) is None
    assert growth_of(TIMES[:3], [0.9, float("nan"), 0.95]) is None
