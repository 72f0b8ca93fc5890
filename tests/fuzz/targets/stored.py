"""What is read back from where others can write: the cache, positions of pages."""

from __future__ import annotations

import contextlib
from datetime import datetime

import msgspec

from kubewise_site.core.cache import packed
from remediation.api import pagination
from tests.fuzz.target import target

MOST_UNPACKED = 1024 * 1024


class Kept(msgspec.Struct):
    at: datetime
    names: dict[str, list[float]]
    note: str = ""


@target("cache")
def cache(data: bytes) -> None:
    for kind in (Kept, dict[str, Kept], int):
        for read in (packed.decode, _unpacked):
            with contextlib.suppress(packed.Unreadable):
                read(data, kind)


def _unpacked(data: bytes, kind: object) -> object:
    return packed.decompress(data, kind, MOST_UNPACKED)


@target("page position")
def page_position(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for order in (("-first_seen", "-id"), ("owner_name", "id")):
        with contextlib.suppress(pagination.NoPosition):
            str(pagination.beyond(order, pagination.read(text, order)))
