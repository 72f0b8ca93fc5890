"""Each kind of injected fault, through the detectors as they run: an hour of
history, the model that is shipped, the fault in the newest minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from detection.anomaly.context import AnomalyView
from detection.anomaly.model import artifacts
from detection.anomaly.model.artifacts import Model
from detection.detectors.anomaly import Autoencoder
from detection.detectors.forecast import Forecast
from detection.detectors.protocol import View
from detection.domain.causes import Cause
from detection.domain.findings import Finding
from detection.metrics.history import Window
from detection.metrics.queries import seeds
from detection.metrics.samples import Entity, series_key
from detection.training.data.labelled_faults import (
    BENIGN,
    FAULTS,
    MEMORY,
    MEMORY_LIMIT,
    METRICS,
    inject,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CART = Entity("Deployment", "shop", "cart", "app")
HOUR, LASTED, SEEDS = 60, 8, 6


@cache
def shipped() -> Model:
    return artifacts.load_artifacts(Path(__file__).resolve().parents[3] / "models")


def window(names: tuple[str, ...], values: np.ndarray) -> Window:
    keys = tuple(series_key(name, CART) for name in names)
    times = NOW.timestamp() - 60.0 * np.arange(len(values))[::-1]
    return Window("ok", times, keys, values.T, np.zeros(values.T.shape, dtype=np.bool_))


def anomalies(kind: str, seed: int, settling: bool = False) -> list[Finding]:
    done = inject(kind, HOUR, HOUR - LASTED, LASTED, seed)
    owners = frozenset({CART[:3]} if settling else ())
    about = AnomalyView(model=shipped(), settling=owners)
    return Autoencoder().find(View(window(METRICS, done.values), (), NOW, anomaly=about))


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_each_kind_is_an_anomaly_within_eight_minutes(kind: str) -> None:
    seen = [bool(anomalies(kind, 900 + seed)) for seed in range(SEEDS)]
    assert sum(seen) >= SEEDS // 2, seen


def test_seasonal_load_is_rarely_taken_for_one() -> None:
    seen = [bool(anomalies("seasonal load", 900 + seed)) for seed in range(4 * SEEDS)]
    assert sum(seen) <= SEEDS // 2, seen


def test_a_deploy_is_none_while_it_settles() -> None:
    assert not any(anomalies("deploy", 900 + seed, settling=True) for seed in range(SEEDS))
    assert "deploy" in BENIGN


def test_a_leak_is_foretold_before_it_reaches_the_limit() -> None:
    (query,) = (one for one in seeds() if one.name == "container_memory_ratio")
    for seed in range(SEEDS):
        leak = inject("leak", 2 * HOUR, HOUR, HOUR, seed).values[:-4, MEMORY] / MEMORY_LIMIT
        given = window(("container_memory_ratio",), leak[-HOUR:, None])
        (found,) = Forecast().find(View(given, (query,), NOW))
        assert found.cause == Cause.FORECAST_BREACH


@pytest.mark.parametrize("kind", sorted({*FAULTS, *BENIGN} - {"leak", "level shift"}))
def test_nothing_but_a_leak_is_foretold_to_fill_the_memory(kind: str) -> None:
    (query,) = (one for one in seeds() if one.name == "container_memory_ratio")
    for seed in range(SEEDS):
        values = inject(kind, 2 * HOUR, HOUR, HOUR, seed).values[-HOUR:, MEMORY] / MEMORY_LIMIT
        given = window(("container_memory_ratio",), values[:, None])
        assert Forecast().find(View(given, (query,), NOW)) == []
