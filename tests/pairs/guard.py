"""Cache and broker are refused to a test that does not ask for them, as pytest-django refuses the
database: then its fixtures tell on which pairs it has to run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.core.cache import caches

SAID = (
    "This test touches the cache or the broker of the tests and asks for neither: "
    'take the fixture "shared_servers", or one of the database.'
)


@contextmanager
def refused(path: str) -> Iterator[None]:
    """Fails in the end too: the product goes on without a cache that is away."""
    asked: list[str] = []
    real = redis.ConnectionPool.get_connection

    def get_connection(pool: redis.ConnectionPool, *args: Any, **options: Any) -> Any:
        if pool.connection_kwargs.get("path") != path:
            return real(pool, *args, **options)
        asked.append(SAID)
        raise RuntimeError(SAID)

    with patch.object(redis.ConnectionPool, "get_connection", get_connection):
        yield
    if asked:
        pytest.fail(SAID, pytrace=False)


def empty(path: str, queues: int) -> None:
    """Both databases of this worker."""
    for alias in caches:
        caches[alias].clear()
    with redis.Redis(unix_socket_path=path, db=queues) as client:
        client.flushdb()
