"""Hostile bodies against the web process as the product starts it: refused, and not kept in memory.

The clients speak HTTP by hand, as a library would not send what is broken.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.kubewise_site.server import Server, running
from tests.pairs.own import Pair

pytestmark = [pytest.mark.system, pytest.mark.live, pytest.mark.timeout(300)]
MEBIBYTE = 2**20
PATH = "/api/v1/setup/mode"
PIECE = b"x" * 65_536
BODIES: dict[str, tuple[bytes, int]] = {
    "1 MiB of one text": (json.dumps({"reason": "x" * (MEBIBYTE - 14)}).encode(), 400),
    "1 MiB of arrays": (b"[" * MEBIBYTE, 400),
    "1 MiB of objects": (b'{"a":' * (MEBIBYTE // 5), 400),
    "a byte more than 1 MiB": (b'{"mode": "AUTO", "reason": "' + b"x" * MEBIBYTE + b'"}', 413),
    "Latin-1": ('{"mode": "AUTO", "reason": "gr\xfcn"}'.encode("latin-1"), 400),
    "UTF-16": ('{"mode": "AUTO"}'.encode("utf-16"), 400),
    "a key twice": (b'{"mode": "AUTO", "mode": "MANUAL"}', 400),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), pair) as found:
        yield found


def written(server: Server) -> list[Any]:
    """What a write would show in: the audit trail and the mode."""
    headers = {"Authorization": f"Bearer {server.token('operate')}"}
    paths = ("/api/v1/audit?after=0", PATH)
    return [requests.get(server.base + path, headers=headers, timeout=10).text for path in paths]


def peak_mebibytes(server: Server) -> float:
    """The highest resident memory that the web server ever had."""
    return _kibibytes(server.pid, "VmHWM") / 1024


def _kibibytes(pid: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    assert found, name
    return int(found[1])


def send(server: Server, framing: str, pieces: Iterable[bytes]) -> tuple[int, dict[str, Any]]:
    """Status and problem that are answered while the body may still be on its way."""
    host, _, port = server.base.removeprefix("http://").partition(":")
    head = (
        f"PUT {PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Authorization: Bearer {server.token('operate')}\r\n"
        f"Content-Type: application/json\r\n{framing}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=60) as link:
        link.sendall(head.encode())
        writer = threading.Thread(target=_write, args=(link, pieces))
        writer.start()
        answer = _read(link)
        writer.join(60)
    top, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in top, answer[:500]
    return int(top.split()[1]), json.loads(body)


def _write(link: socket.socket, pieces: Iterable[bytes]) -> None:
    """A server that has answered may hang up."""
    try:
        for piece in pieces:
            link.sendall(piece)
    except OSError:
        return


def _read(link: socket.socket) -> bytes:
    found = b""
    try:
        while piece := link.recv(65_536):
            found += piece
    except ConnectionResetError:
        return found
    return found


@pytest.mark.parametrize("what", BODIES)
def test_the_server_refuses_a_hostile_body_with_a_reason(server: Server, what: str) -> None:
    body, expected = BODIES[what]
    before = written(server)
    status, problem = send(server, f"Content-Length: {len(body)}", [body])
    assert (status, problem["status"]) == (expected, expected)
    assert problem["detail"]
    assert written(server) == before


def test_a_hundred_mebibytes_are_413_and_leave_the_memory_as_it_was(server: Server) -> None:
    size = 100 * MEBIBYTE
    written(server)  # what the first requests load is no growth
    before, known = peak_mebibytes(server), written(server)
    for _ in range(3):
        pieces = (PIECE for _ in range(size // len(PIECE)))
        status, problem = send(server, f"Content-Length: {size}", pieces)
        assert (status, problem["type"]) == (413, "urn:kubewise:too-large")
    assert peak_mebibytes(server) - before < 10, "a tenth of one such body"
    assert written(server) == known


def test_a_hundred_mebibytes_without_a_length_are_refused_too(server: Server) -> None:
    """In chunks nobody tells how much there is to come."""
    chunk = f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n"
    pieces = [chunk] * (100 * MEBIBYTE // len(PIECE)) + [b"0\r\n\r\n"]
    before, known = peak_mebibytes(server), written(server)
    status, problem = send(server, "Transfer-Encoding: chunked", pieces)
    assert status in (400, 411, 413), problem
    assert peak_mebibytes(server) - before < 10, "a tenth of the body"
    assert written(server) == known
