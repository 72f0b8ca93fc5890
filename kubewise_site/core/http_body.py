"""Reading an HTTP body under a deadline and a size limit, so that a drip or a flood ends.

`requests` alone bounds each read of the socket, not the whole answer: one byte a second is never
a time-out for it.
"""

from __future__ import annotations

import time
from typing import Any

import urllib3

CHUNK_BYTES = 1 << 16


class BodyError(Exception):
    """The body could not be read to its end."""


class TooSlow(BodyError):
    """The deadline passed, or the socket was silent for too long."""


class TooBig(BodyError):
    """Over the size limit; counted after decompression."""


class CutOff(BodyError):
    """The peer closed before the announced end, or broke its own encoding."""


def read_body(raw: Any, deadline: float, limit_bytes: int) -> bytes:
    """The whole decoded body of a urllib3 response; `deadline` is on `time.monotonic`.

    Ends at most one socket time-out after the deadline. Raises a BodyError.
    """
    try:
        return _read(raw, deadline, limit_bytes)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise TooSlow("the peer stopped sending") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise CutOff(str(error)) from error


def _read(raw: Any, deadline: float, limit_bytes: int) -> bytes:
    chunks, size = [], 0
    while chunk := raw.read1(CHUNK_BYTES, decode_content=True):
        size += len(chunk)
        if size > limit_bytes:
            raise TooBig(f"the answer is over {limit_bytes} B")
        if time.monotonic() > deadline:
            raise TooSlow(f"the answer was still coming when its time was over ({size} B)")
        chunks.append(chunk)
    return b"".join(chunks)
