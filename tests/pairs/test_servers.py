"""The tests run on the pair that was asked for, and who touches it says so."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import connection

from tests.pairs import guard
from tests.pairs.numbers import BROKER, CACHE, QUEUES
from tests.pairs.selection import ON_SQLITE_ALONE, is_of_both_pairs, touches

SERVERS = {"sqlite": ("sqlite", "valkey"), "postgres": ("postgresql", "redis")}


def test_database_and_broker_are_the_pair_that_was_asked_for(
    db: None, request: pytest.FixtureRequest
) -> None:
    with redis.Redis(unix_socket_path=BROKER) as client:
        told: Any = client.info("server")
    found = connection.vendor, told.get("server_name", "redis")
    assert found == SERVERS[request.config.getoption("pair")]


def test_the_cache_is_on_that_server(shared_servers: None) -> None:
    cache.set("a", 1)
    with redis.Redis(unix_socket_path=BROKER, db=CACHE) as client:
        assert client.dbsize() == 1


def test_the_next_test_finds_neither_cache_nor_queues(shared_servers: None) -> None:
    with redis.Redis(unix_socket_path=BROKER, db=QUEUES) as client:
        client.lpush("detect", "a message")
    cache.set("a", 1)
    guard.empty(BROKER, QUEUES)
    with redis.Redis(unix_socket_path=BROKER, db=QUEUES) as client:
        assert client.dbsize() == 0
    assert cache.get("a") is None


def test_who_asks_for_neither_is_refused_and_fails_in_the_end() -> None:
    def swallows_it() -> None:
        with pytest.raises(RuntimeError, match="shared_servers"):
            cache.get("a")

    refused = guard.refused(BROKER)
    with pytest.raises(pytest.fail.Exception, match="asks for neither"), refused:
        swallows_it()


def test_a_test_is_guarded_unless_it_asks() -> None:
    assert redis.ConnectionPool.get_connection.__module__ == guard.__name__


def test_a_test_that_asks_is_not_guarded(shared_servers: None) -> None:
    assert redis.ConnectionPool.get_connection.__module__ != guard.__name__


@pytest.mark.parametrize(
    ("fixture", "runs"), [("db", True), ("shared_servers", True), ("live_server", True),
                          ("tmp_path", False), ("settings", False)],
)  # fmt: skip
def test_fixtures_decide_what_runs_on_both(
    request: pytest.FixtureRequest, fixture: str, runs: bool
) -> None:
    item = pytest.Function.from_parent(request.node.parent, name="x", callobj=lambda: None)
    assert not touches(item)
    item.fixturenames.append(fixture)
    assert is_of_both_pairs(item) is runs


def test_a_marker_decides_too(request: pytest.FixtureRequest) -> None:
    item = pytest.Function.from_parent(request.node.parent, name="x", callobj=lambda: None)
    item.add_marker(pytest.mark.django_db)
    assert is_of_both_pairs(item)


def test_who_starts_processes_with_servers_of_their_own_runs_on_both_too(
    request: pytest.FixtureRequest,
) -> None:
    item = pytest.Function.from_parent(request.node.parent, name="x", callobj=lambda: None)
    item.fixturenames.append("pair")
    assert is_of_both_pairs(item)
    assert not touches(item)


@pytest.mark.parametrize("name", ON_SQLITE_ALONE)
def test_what_is_left_out_is_there_and_has_a_reason(name: str) -> None:
    path, _, function = name.partition("::")
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    assert hasattr(module, function)
    assert ON_SQLITE_ALONE[name]
