"""A cache whose entries run out by the benchmark's clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from kubewise_site.core import clock
from kubewise_site.core.cache.plain_redis import PlainSerializer

SERIALIZER = PlainSerializer()
_KEPT: dict[str, dict[str, tuple[float | None, Any]]] = {}


class ClockCache(BaseCache):
    """Values as the Redis cache of the product keeps them; what is over is as if it never was."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._kept = _KEPT.setdefault(name, {})

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        held = self._held(self.make_key(key, version))
        return default if held is None else SERIALIZER.loads(held[1])

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT,
            version: int | None = None) -> None:  # fmt: skip
        data = SERIALIZER.dumps(value)
        self._kept[self.make_key(key, version)] = (self._end(timeout), data)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT,
            version: int | None = None) -> bool:  # fmt: skip
        if self._held(self.make_key(key, version)) is not None:
            return False
        self.set(key, value, timeout, version)
        return True

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        name = self.make_key(key, version)
        held = self._held(name)
        if held is None:
            raise ValueError(f"there is no {key!r}")
        value = int(held[1]) + delta
        self._kept[name] = (held[0], value)
        return value

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._kept.pop(self.make_key(key, version), None) is not None

    def clear(self) -> None:
        self._kept.clear()

    def _held(self, name: str) -> tuple[float | None, Any] | None:
        held = self._kept.get(name)
        if held is not None and held[0] is not None and held[0] <= clock.now().timestamp():
            del self._kept[name]
            return None
        return held

    def _end(self, timeout: Any) -> float | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        if seconds is None:
            return None
        return (clock.now() + timedelta(seconds=float(seconds))).timestamp()
