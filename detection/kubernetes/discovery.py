"""Which kinds an API server serves, kept for ten minutes a connection.

What is kept may be outdated: a 404 on the list of a kind that it names is no answer before
discovery was asked anew (`anew`). Answers with holes are used for one pass and not kept.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from detection.kubernetes.client import Connection, KubernetesError

# A kind that was installed since is seen this much later; one that is gone is seen at once.
KEPT = timedelta(minutes=10)
THREADS = 4
BROKEN = (KubernetesError, LookupError, TypeError, AttributeError, ValueError)
# Group version → its plurals; None where discovery doesn't say. Empty without any discovery.
Served = Mapping[str, frozenset[str] | None]


@dataclass(frozen=True)
class _Kept:
    at: datetime
    served: Served


# A connection that is gone takes its entry along.
_KEPT: WeakKeyDictionary[Connection, _Kept] = WeakKeyDictionary()
_LOCK = threading.Lock()


class Discovery:
    """What one pass knows of the served kinds. Its threads may share it."""

    def __init__(self, connection: Connection, versions: Iterable[str], now: datetime) -> None:
        self._connection, self._versions, self._now = connection, sorted(versions), now
        self._lock = threading.Lock()
        kept = _kept(connection, now)
        self._is_kept = kept is not None
        self.served: Served = kept if kept is not None else self._ask()

    def anew(self, used: Served) -> Served | None:
        """What is served now, asked at most once a pass; None where `used` is no older than that.

        Where discovery can't be asked, what was kept stands.
        """
        with self._lock:
            if self._is_kept:
                self._is_kept = False
                self.served = _with_holes_filled(self._ask(), self.served)
            return None if self.served is used else self.served

    def _ask(self) -> Served:
        """Asked of the server, and kept where every answer is whole."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="discovery") as pool:
            offered = _offered(self._connection, self._versions)
            answers = pool.map(lambda version: _plurals(self._connection, version), offered)
            served = dict(zip(offered, answers, strict=True))
        _store(self._connection, served, self._now)
        return served


def _with_holes_filled(served: Served, before: Served) -> Served:
    """Only a whole answer may say that a kind is gone."""
    if not served:
        return before
    return {gv: before.get(gv) if plurals is None else plurals for gv, plurals in served.items()}


def _kept(connection: Connection, now: datetime) -> Served | None:
    with _LOCK:
        found = _KEPT.get(connection)
    fresh = found is not None and timedelta(0) <= now - found.at < KEPT
    return found.served if found and fresh else None


def _store(connection: Connection, served: Served, now: datetime) -> None:
    with _LOCK:
        if served and None not in served.values():
            _KEPT[connection] = _Kept(now, served)
        else:
            _KEPT.pop(connection, None)


def _offered(connection: Connection, versions: Iterable[str]) -> list[str]:
    """Those of `versions` that discovery lists; the core group is in no list."""
    try:
        groups = _json(connection, "/apis").get("groups") or []
        offered = {v["groupVersion"] for group in groups for v in group.get("versions") or []}
    except BROKEN:
        return []
    return [version for version in versions if "/" not in version or version in offered]


def _plurals(connection: Connection, version: str) -> frozenset[str] | None:
    """The plurals of a group version; None where discovery doesn't say: then the list is tried."""
    root = "/apis" if "/" in version else "/api"
    try:
        found = _json(connection, f"{root}/{version}").get("resources") or []
        return frozenset(str(resource["name"]) for resource in found) or None
    except BROKEN:
        return None


def _json(connection: Connection, path: str) -> dict[str, Any]:
    found = json.loads(connection.get(path))
    return found if isinstance(found, dict) else {}
