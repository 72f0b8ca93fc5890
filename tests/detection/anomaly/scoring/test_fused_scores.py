"""One score and one rule: causal, honest about gaps, silent while it warms up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detection.anomaly import scoring
from detection.anomaly.scoring import normalisation
from detection.anomaly.scoring.components import Component
from detection.anomaly.scoring.windows import filled
from tests.detection.anomaly.builders import network, series


def test_a_jump_raises_an_alarm_and_names_its_metric() -> None:
    given = series(jump=350)
    scored = scoring.score_one(network(), given)
    assert scored.alarm[352:360].all()
    assert not scored.alarm[:345].any()
    assert scoring.explained(given.metrics, scored.shares[352]).startswith("m0 explains ")


def test_the_score_of_a_sample_does_not_depend_on_what_comes_after_it() -> None:
    whole = series(jump=350)
    cut = replace(
        whole,
        values=whole.values[:360],
        train=whole.train[:360],
        labels=whole.labels[:360],
        rows=whole.rows[:360],
    )
    early, late = scoring.score_one(network(), cut), scoring.score_one(network(), whole)
    np.testing.assert_allclose(early.score, late.score[:360], rtol=1e-9)


@pytest.mark.parametrize("at", [301, 330, 352, 399])
def test_neither_score_nor_limit_nor_alarm_depends_on_what_comes_after(at: int) -> None:
    whole = series(jump=350)
    whole = replace(whole, ticks=whole.rows, days=(96,))
    values = whole.values.copy()
    values[at:] += np.random.default_rng(1).normal(0, 90, values[at:].shape)
    one = scoring.score_one(network(), whole)
    two = scoring.score_one(network(), replace(whole, values=values))
    np.testing.assert_allclose(one.score[:at], two.score[:at], rtol=1e-9)
    np.testing.assert_allclose(one.limit[: at + 1], two.limit[: at + 1], rtol=1e-9)
    np.testing.assert_array_equal(one.alarm[:at], two.alarm[:at])


def test_one_part_gone_astray_alone_is_no_alarm_and_more_of_it_still_ranks_higher() -> None:
    def fused(far: float) -> float:
        parts = [Component("course", np.array([far]), 1.0)]
        parts += [Component(name, np.array([0.3]), 1.0) for name in ("fleet", "level", "shape")]
        return float(scoring.fused(parts)[0])

    assert 0.4 < fused(6.0) < fused(60.0) < fused(600.0) < 1.2


def test_labels_change_no_score() -> None:
    given = series(jump=350)
    other = replace(given, labels=1 - given.labels)
    one, two = scoring.score_one(network(), given), scoring.score_one(network(), other)
    np.testing.assert_array_equal(one.score, two.score)


def test_with_fewer_than_thirty_samples_it_warms_up_without_an_alarm() -> None:
    scored = scoring.score_one(network(), series(train=29, jump=350))
    assert scored.warming_up
    assert not scored.alarm.any()


def test_a_flat_metric_never_alarms_by_itself() -> None:
    given = series(metrics=2)
    flat = np.full_like(given.values, 7.0)
    scored = scoring.score_one(network(), replace(given, values=flat))
    assert not scored.alarm.any()


def test_a_series_that_has_gone_stale_never_alarms() -> None:
    given = series(jump=350)
    values = given.values.copy()
    values[352:] = np.nan
    alarm = scoring.score_one(network(), replace(given, values=values)).alarm
    assert not alarm[352:].any()


def test_an_entity_that_drifts_for_good_stops_alarming() -> None:
    given = series(samples=6000, train=1000)
    values = given.values.copy()
    values[1500:, 0] += 12
    scored = scoring.score_one(network(), replace(given, values=values))
    assert scored.alarm[1500:1600].mean() > 0.5
    assert not scored.alarm[4000:].any()


def test_a_metric_that_is_missing_is_left_out_and_not_taken_for_zero() -> None:
    given = series(metrics=3)
    values = given.values.copy()
    values[300:, 2] = np.nan
    scored = scoring.score_one(network(), replace(given, values=values))
    assert not scored.alarm.any()
    assert (scored.shares[320:, 2] == 0).all()


def test_gaps_are_filled_after_scaling_with_the_last_value_known() -> None:
    scaled = np.array([[np.nan], [2.0], [np.nan], [3.0]])
    assert filled(scaled)[:, 0].tolist() == [0.0, 2.0, 2.0, 3.0]


def test_a_short_history_borrows_the_scale_of_the_fleet() -> None:
    rng = np.random.default_rng(0)
    few = rng.normal(100, 0.1, (30, 1))
    alone, shrunk = normalisation.fit(few), normalisation.fit(few, np.array([0.2]))
    assert alone.scale[0] < shrunk.scale[0] < 20.0


def test_shares_of_a_sample_add_up_to_one() -> None:
    scored = scoring.score_one(network(), series(jump=350))
    assert scored.shares[352].sum() == pytest.approx(1.0)
