"""The limit follows what an entity does: it forgets slowly, and it never looks ahead."""

from __future__ import annotations

import numpy as np

from detection.anomaly.scoring import adaptive_threshold

TRAIN = np.arange(4000) < 1000


def scores(level: float, since: int = 1500, seed: int = 0) -> np.ndarray:
    """About 0.4, and from `since` on about `level`."""
    noise = np.random.default_rng(seed).normal(0, 0.05, 4000)
    return np.asarray(np.where(np.arange(4000) < since, 0.4, level) + noise)


def test_an_entity_that_is_as_usual_keeps_the_models_limit() -> None:
    assert (adaptive_threshold.rolling(scores(0.6), TRAIN, 600, 0.95) == 0.95).all()


def test_an_entity_that_drifts_gets_another_limit_above_its_new_usual() -> None:
    score = scores(1.3)
    found = adaptive_threshold.rolling(score, TRAIN, 600, 0.95)
    assert (score > found)[1500:1700].all()
    assert not (score > found)[2000:].any()
    assert (found[2200:] < 1.8).all()


def test_an_outage_of_less_than_half_the_memory_leaves_the_limit_alone() -> None:
    score = scores(0.4)
    score[2000:2200] = 3.0
    assert (adaptive_threshold.rolling(score, TRAIN, 600, 0.95) == 0.95).all()


def test_what_feedback_has_added_counts_on_the_limit_of_a_drifted_entity_too() -> None:
    score = scores(1.3)
    plain, raised = (adaptive_threshold.rolling(score, TRAIN, 600, 0.95 * by) for by in (1.0, 1.25))
    np.testing.assert_allclose(raised, 1.25 * plain)


def test_the_limit_of_a_sample_does_not_depend_on_that_sample_or_later_ones() -> None:
    score = scores(1.3)
    for at in (1000, 1507, 1800, 3999):
        other = score.copy()
        other[at:] = 9.0
        one, two = (adaptive_threshold.rolling(given, TRAIN, 600, 0.95) for given in (score, other))
        np.testing.assert_array_equal(one[: at + 1], two[: at + 1])


def test_training_samples_count_as_seen_wherever_they_lie() -> None:
    late = np.arange(4000) >= 3000
    score = scores(1.3, since=0)
    score[late] = 0.4
    assert adaptive_threshold.rolling(score, late, 600, 0.95)[0] == 0.95


def test_the_memory_is_two_days_of_the_entitys_own_step() -> None:
    assert adaptive_threshold.memory_samples(288, (1440, 288)) == 576
    assert adaptive_threshold.memory_samples(0, (1440, 288)) == 2880
    assert adaptive_threshold.memory_samples(0, ()) == 2880
