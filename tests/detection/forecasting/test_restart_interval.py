"""The next restart is foretold from like intervals; never from a few, never from chance."""

from __future__ import annotations

import numpy as np

from detection.forecasting.restart_interval import restart_times, rhythm_of

STEP = 60.0


def every(seconds: float, number: int, spread: float = 0.0, seed: int = 0) -> np.ndarray:
    gaps = seconds * np.exp(np.random.default_rng(seed).normal(0, spread, number - 1))
    return np.concatenate([[0.0], np.cumsum(gaps)])


def test_a_container_that_restarts_every_forty_minutes_is_foretold_with_an_interval() -> None:
    restarts = every(2400, 6, 0.05)
    found = rhythm_of(restarts, float(restarts[-1]) + 600, STEP)
    assert found is not None
    assert abs(found.next.seconds - 1800) < 300
    assert found.next.earliest < 1800 < found.next.latest
    assert 30 < found.a_day < 42


def test_three_restarts_and_fewer_are_no_rhythm() -> None:
    for number in (1, 2, 3):
        assert rhythm_of(every(2400, number), number * 2400, STEP) is None


def test_restarts_by_chance_are_rarely_taken_for_a_rhythm() -> None:
    rng = np.random.default_rng(3)
    series = [np.cumsum(rng.exponential(2400, 6)) for _ in range(200)]
    found = [rhythm_of(one, float(one[-1]) + 60, STEP) for one in series]
    assert sum(one is not None for one in found) < 20


def test_one_burst_is_no_rhythm() -> None:
    burst = np.array([0.0, 36_000.0, 36_020.0, 36_060.0, 36_140.0])
    assert rhythm_of(burst, 36_200.0, 1.0) is None


def test_a_restart_that_is_long_overdue_ends_the_rhythm() -> None:
    restarts = every(1200, 8, 0.05)
    assert rhythm_of(restarts, float(restarts[-1]) + 600, STEP) is not None
    assert rhythm_of(restarts, float(restarts[-1]) + 2400, STEP) is None


def test_restarts_that_come_ever_faster_are_expected_sooner_than_the_usual_interval() -> None:
    gaps = 3600 * 0.75 ** np.arange(7)
    restarts = np.concatenate([[0.0], np.cumsum(gaps)])
    found = rhythm_of(restarts, float(restarts[-1]), STEP)
    assert found is not None
    assert found.quickens
    assert found.next.seconds < gaps[-1]


def test_nine_of_ten_restarts_come_within_the_interval() -> None:
    inside = []
    for seed in range(300):
        restarts = every(1800, 9, 0.15, seed)
        passed = restarts[-2] + 0.3 * (restarts[-1] - restarts[-2])
        found = rhythm_of(restarts[:-1], float(passed), STEP)
        if found is not None:
            left = restarts[-1] - passed
            inside.append(found.next.earliest <= left <= found.next.latest)
    assert len(inside) > 250
    assert 0.85 <= np.mean(inside) <= 0.97


def test_times_come_from_a_counter_and_a_new_pod_starts_anew() -> None:
    times, counts = np.arange(8) * 60.0, np.array([5, 6, 6, 0, 0, 1, np.nan, 3])
    assert restart_times(times, counts).tolist() == [300.0, 420.0]
