"""The cache that all worker processes share; away means "nothing there", said once in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
import structlog
from django.core.cache import cache, caches
from django.utils.connection import ConnectionProxy
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
T = TypeVar("T")
limits = ConnectionProxy(caches, "limits")  # the same cache, asked with less patience
_away = False


def get_many(keys: Iterable[str]) -> dict[str, Any] | None:
    """What there is of `keys`; None: the cache is away."""
    return _ask(lambda: cache.get_many(list(keys)), None)


def get(key: str, kind: type[T] | Any) -> T | None:
    """What stands under `key`, where it is a `kind`; else None."""
    found = (get_many([key]) or {}).get(key)
    return None if found is None else as_kind(found, kind)


def as_kind(value: Any, kind: type[T] | Any) -> T | None:
    """A value that was read, where it is a `kind`: others may write to the cache as well."""
    try:
        converted: T = msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError):
        return None
    return converted


def set_many(values: Mapping[str, Any], seconds: float) -> bool:
    """False: the cache is away, or took not all of them."""
    return _ask(lambda: not cache.set_many(dict(values), timeout=int(seconds)), False)


def add(key: str, seconds: float) -> bool:
    """True for the first who asks within `seconds`; False too where the cache is away."""
    return _ask(lambda: bool(cache.add(key, 1, timeout=int(seconds))), False)


def count(key: str, seconds: float) -> int:
    """How often `key` was counted within `seconds` of the first time; 0: the cache is away."""
    return _ask(lambda: _count(key, seconds), 0)


def counted(key: str) -> int:
    """How often `key` was counted; 0 too where the cache is away."""
    return _ask(lambda: as_kind(limits.get(key, 0), int) or 0, 0)


def _count(key: str, seconds: float) -> int:
    limits.add(key, 0, timeout=int(seconds))
    try:
        return int(limits.incr(key))
    except ValueError:  # it ran out in between
        return 1


def _ask(call: Callable[[], T], otherwise: T) -> T:
    global _away
    try:
        answer = call()
    except (RedisError, OSError) as error:
        if not _away:
            log.warning("the shared cache is away: no metric history", error=str(error))
        _away = True
        return otherwise
    if _away:
        log.info("the shared cache is back")
    _away = False
    return answer
