"""Measures of detectors, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from detection.anomaly.model.metrics import Labelled, auc_pr, counts, quality, vus_pr


def labelled(labels: list[int], scores: list[float], alarms: list[int] | None = None) -> Labelled:
    flags = np.array(alarms or [0] * len(labels), dtype=np.bool_)
    return Labelled(np.array(labels, dtype=np.int64), np.array(scores, float), flags, 60.0)


def test_auc_pr_is_scikit_learns_average_precision_also_with_ties() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random(500) < 0.1).astype(int)
    scores = np.round(rng.random(500) + labels * 0.3, 1)
    found = auc_pr([labelled(list(labels), list(scores))])
    assert found == pytest.approx(average_precision_score(labels, scores))


def test_a_perfect_ranking_has_an_area_of_one() -> None:
    part = labelled([0, 0, 1, 1, 0], [0.1, 0.2, 0.9, 0.8, 0.3])
    assert auc_pr([part]) == pytest.approx(1.0)


def test_vus_pr_forgives_a_score_that_peaks_just_beside_the_event() -> None:
    labels = [0] * 30 + [1] * 5 + [0] * 30
    beside, far = np.zeros(65), np.zeros(65)
    beside[36], far[5] = 1, 1
    assert vus_pr([labelled(labels, list(beside))]) > vus_pr([labelled(labels, list(far))])


def test_rows_labelled_as_not_caring_count_nowhere() -> None:
    part = labelled([2, 2, 0, 1, 0], [9, 9, 0, 1, 0], [1, 1, 0, 1, 0])
    assert auc_pr([part]) == pytest.approx(1.0)
    assert counts(part).false_alarms == 0
    assert quality([part]).precision == 1.0


def test_nothing_is_point_adjusted() -> None:
    part = labelled([0, 1, 1, 1, 1, 0], [0, 0, 1, 0, 0, 0], [0, 0, 1, 0, 0, 0])
    assert quality([part]).recall == pytest.approx(0.25)
    assert quality([part]).event_recall == 1.0


def test_false_alarms_are_counted_as_runs_per_day_and_delay_from_the_events_start() -> None:
    labels = [0] * 720 + [1] * 4 + [0] * 716
    alarms = [0] * 1440
    alarms[10:13] = [1] * 3
    alarms[100] = 1
    alarms[722] = 1
    found = quality([labelled(labels, list(map(float, alarms)), alarms)])
    assert found.false_alarms_per_day == pytest.approx(2.0)
    assert found.delay_seconds == 120.0


def test_without_events_the_curves_are_unknown_rather_than_good() -> None:
    assert np.isnan(auc_pr([labelled([0, 0], [0, 1])]))
