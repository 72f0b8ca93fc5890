"""Slow connections on real sockets: the web process, and deadlines that are short for the test."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from benchmarks.slow.clients import PLAYS, crowd
from kubewise_site.web.limits import Limits
from kubewise_site.web.protocol import GuardedHttp
from kubewise_site.web.ward import Ward
from tests.kubewise_site.server import Server, running
from tests.pairs.own import SMALL

SLOW = 60  # far more than threads; `make bench-slow` has a thousand
PIECE, PIECES = b"x" * 65_536, 300


class Quick(GuardedHttp):
    ward = Ward(Limits(header_seconds=1, body_seconds=1, reader_seconds=1, connections=1000))


async def large(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body, answers 20 MB."""
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(PIECES):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body"})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), SMALL) as found:
        yield found


@pytest.fixture(scope="module")
def quick_port() -> Iterator[int]:
    config = uvicorn.Config(large, http=Quick, ws="none", lifespan="off", loop="asyncio",
                            port=0, log_config=None, access_log=False)  # fmt: skip
    quick = uvicorn.Server(config)
    thread = threading.Thread(target=quick.run, daemon=True)
    thread.start()
    while not quick.started:
        time.sleep(0.01)
    yield quick.servers[0].sockets[0].getsockname()[1]
    quick.should_exit = True
    thread.join(20)


@pytest.mark.parametrize("names", [*[(name,) for name in PLAYS], tuple(PLAYS)], ids="+".join)
def test_everybody_is_answered_while_slow_connections_are_open(
    server: Server, names: tuple[str, ...]
) -> None:
    port = int(server.base.rpartition(":")[2])
    with crowd(port, SLOW, names) as found:
        while found.open.total() < SLOW:
            time.sleep(0.05)
        for _ in range(3):
            assert requests.get(f"{server.base}/admin/login/", timeout=30).ok
            assert ask(server, "GET", "remediation/events").ok
            assert ask(server, "PUT", "setup/stop", stopped=True, reason="enough").ok


def ask(server: Server, method: str, path: str, **body: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {server.token('operate')}"}
    url = f"{server.base}/api/v1/{path}"
    return requests.request(method, url, json=body or None, headers=headers, timeout=30)


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
             b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"], ids=["headers", "body"]
)  # fmt: skip
def test_a_drip_is_hung_up_on_although_bytes_keep_coming(quick_port: int, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", quick_port), timeout=20) as link:
        link.sendall(head)
        with pytest.raises(ConnectionError):
            drip(link)


def drip(link: socket.socket) -> None:
    for _ in range(200):
        link.sendall(b"a")
        time.sleep(0.1)


def read_all(link: socket.socket) -> None:
    while link.recv(1 << 20):
        continue


def test_who_asks_and_does_not_read_is_hung_up_on(quick_port: int) -> None:
    with socket.create_connection(("127.0.0.1", quick_port), timeout=20) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(5)
        with pytest.raises(ConnectionResetError):
            read_all(link)


def test_who_reads_slowly_but_steadily_gets_everything(quick_port: int) -> None:
    """Longer in all than the second that a connection may wait."""
    with socket.create_connection(("127.0.0.1", quick_port), timeout=20) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        got, began = 0, time.monotonic()
        while piece := link.recv(1 << 18):
            got += len(piece)
            time.sleep(0.02)
    assert got > len(PIECE) * PIECES
    assert time.monotonic() - began > 1


def test_the_process_may_hold_more_than_a_thousand_connections(server: Server) -> None:
    limits = Path(f"/proc/{server.pid}/limits").read_text()
    soft, hard = next(
        line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files")
    )
    assert soft == hard
