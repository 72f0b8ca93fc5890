"""Prometheus's remote write, for the one thing that a text format cannot say: staleness."""

import struct
from collections.abc import Iterator

import requests

from simulator.prometheus.storage.samples import STALE_BITS
from tests.simulator.prometheus.history import Series

LITERAL_BYTES = 60_000
HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def write(url: str, history: list[Series]) -> None:
    """Send the series; a value "stale" is the marker of a series' end."""
    body = _snappy(b"".join(_message(1, _time_series(one)) for one in history))
    requests.post(f"{url}/api/v1/write", data=body, headers=HEADERS, timeout=30).raise_for_status()


def _time_series(one: Series) -> bytes:
    labels = sorted({**one["labels"], "__name__": one["name"]}.items())
    pairs = (
        _message(1, _message(1, key.encode()) + _message(2, value.encode()))
        for key, value in labels
    )
    return b"".join([*pairs, *_samples(one)])


def _samples(one: Series) -> Iterator[bytes]:
    for at, value in one["samples"]:
        bits = STALE_BITS if value == "stale" else struct.unpack("<Q", struct.pack("<d", value))[0]
        yield _message(2, b"\x09" + struct.pack("<Q", bits) + b"\x10" + _varint(round(at * 1000)))


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _snappy(content: bytes) -> bytes:
    """Snappy's block format without compression: literals with lengths of two bytes."""
    parts = (content[at : at + LITERAL_BYTES] for at in range(0, len(content), LITERAL_BYTES))
    literals = (b"\xf4" + struct.pack("<H", len(part) - 1) + part for part in parts)
    return _varint(len(content)) + b"".join(literals)
