"""Django's Redis cache with values that are data only: nothing that is read from it can run.

Django pickles, and unpickling runs what the bytes say: whoever could write to Redis ran code in
each process that reads. Here values are msgpack; what is none of ours counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient, RedisSerializer

from kubewise_site.core.cache import packed

log = structlog.get_logger(__name__)


class PlainSerializer(RedisSerializer):
    """Whole numbers stay digits, so that Redis can count with them."""

    def dumps(self, obj: Any) -> Any:
        return obj if type(obj) is int else packed.encode(obj)

    def loads(self, data: Any) -> Any:
        """Raises Unreadable."""
        try:
            return int(data)
        except ValueError:
            return packed.decode(data, Any)


class PlainClient(RedisCacheClient):
    """`get` and `get_many` leave out what can't be read, as if it had run out."""

    def __init__(self, servers: Any, **options: Any) -> None:
        self._plain = PlainSerializer()
        super().__init__(servers, serializer=self._plain, **options)

    def get(self, key: Any, default: Any) -> Any:
        return self.get_many([key]).get(key, default)

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        wanted = list(keys)
        values: list[Any] = self.get_client(None).mget(wanted)
        found = dict[Any, Any]()
        for key, value in zip(wanted, values, strict=True):
            if value is not None:
                self._read(found, key, value)
        return found

    def _read(self, found: dict[Any, Any], key: str, value: bytes) -> None:
        try:
            found[key] = self._plain.loads(value)
        except packed.Unreadable as error:
            log.warning("a value of the cache is none of ours", key=key, error=str(error))


class PlainRedisCache(RedisCache):
    """The cache of settings.py."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = PlainClient
