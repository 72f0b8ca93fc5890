"""No anomaly before there is a day to compare with, and none that nobody would notice."""

from __future__ import annotations

import numpy as np
import pytest

from detection.anomaly.context_from_records import anomaly_view
from detection.detectors.anomaly import Autoencoder
from detection.domain.causes import Cause
from detection.models import Cluster
from tests.detection.anomaly.builders import network
from tests.detection.detectors.test_anomaly import NOW, broken, healthy, view, window

HOUR = 3600.0


def test_an_hour_of_history_is_learned_and_not_judged() -> None:
    hour = window(broken(samples=60))
    assert Autoencoder().find(view(hour, learning_seconds=24 * HOUR)) == []
    (found,) = Autoencoder().find(view(hour, learning_seconds=HOUR))
    assert found.cause == Cause.METRIC_ANOMALY


def test_a_day_of_the_owners_own_history_is_enough() -> None:
    day = window(broken(samples=1440))
    assert Autoencoder().find(view(day, learning_seconds=24 * HOUR))


def test_only_what_was_measured_is_history() -> None:
    """A workload that is an hour old in a window of a day."""
    values = broken(samples=1440)
    values[:, :-60] = np.nan
    assert Autoencoder().find(view(window(values), learning_seconds=24 * HOUR)) == []


def test_the_setting_is_a_day(db: None) -> None:
    cluster = Cluster.objects.create(name="one")
    about = anomaly_view(cluster, window(healthy()), NOW)
    assert about.model is None or about.learning_seconds == 24 * HOUR


@pytest.mark.parametrize(("rise", "told"), [(0.05, False), (0.4, True)])
def test_what_stays_near_its_level_is_left_alone(rise: float, told: bool) -> None:
    """The CPU of five healthy workloads rose by a twentieth after each start."""
    values = np.random.default_rng(0).normal(100, 0.3, (3, 60))
    values[0, -4:] += 100 * rise
    assert bool(Autoencoder().find(view(window(values)))) is told


def test_a_history_shorter_than_the_models_window_fails_nothing() -> None:
    """Five to thirty minutes after a start without history from Prometheus."""
    for samples in (6, 20, network().window - 1):
        assert Autoencoder().find(view(window(broken(samples=samples)))) == []


def test_an_owner_is_known_from_the_first_minutes_on() -> None:
    """Its *learning until* is shown at once, not when there is enough for the model's window."""
    short = view(window(broken(samples=6)))
    Autoencoder().find(short)
    (since,) = short.anomaly.noted.first_seen.values()
    assert (NOW - since).total_seconds() == 5 * 60
