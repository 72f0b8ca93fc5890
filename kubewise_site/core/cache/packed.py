"""Values as msgpack, compressed where they are large, read strictly and within a size."""

from __future__ import annotations

import zlib
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
MOST_BYTES = 256 * 1024 * 1024  # a tick of 100,000 series is about 10 MB


class Unreadable(ValueError):
    """It is not what was written."""


def encode(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def decode(data: object, kind: type[T] | Any) -> T:
    """`data` as a `kind`. Raises Unreadable, nothing else."""
    if not isinstance(data, bytes):
        raise Unreadable(f"{type(data).__name__} is no bytes")
    try:
        found: T = msgspec.msgpack.decode(data, type=kind)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    return found


def compress(value: object) -> bytes:
    return zlib.compress(encode(value), 1)


def decompress(data: object, kind: type[T] | Any, most_bytes: int = MOST_BYTES) -> T:
    """What `compress` made. Raises Unreadable; also for what would be over `most_bytes`."""
    if not isinstance(data, bytes):
        raise Unreadable(f"{type(data).__name__} is no bytes")
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data, most_bytes)
    except zlib.error as error:
        raise Unreadable(str(error)) from error
    if not stream.eof:
        raise Unreadable(f"it is cut off, or over {most_bytes} B")
    found: T = decode(content, kind)
    return found
