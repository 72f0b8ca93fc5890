"""Connections of strangers that take their time, all from one thread; cut ones come back."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

DRIP_SECONDS = 1.0
HEAD = b"Host: 127.0.0.1\r\nUser-Agent: slow\r\n"
LARGE_FILE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
Play = Callable[[socket.socket], Awaitable[None]]


async def header_drip(link: socket.socket) -> None:
    """A byte of a header now and then."""
    await _send(link, b"GET /admin/login/ HTTP/1.1\r\n" + HEAD + b"X-Slow: ")
    while True:
        await asyncio.sleep(DRIP_SECONDS)
        await _send(link, b"a")


async def body_drip(link: socket.socket) -> None:
    """A form that is announced whole and sent byte by byte."""
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n"
    await _send(link, b"POST /admin/login/ HTTP/1.1\r\n" + HEAD + form)
    while True:
        await asyncio.sleep(DRIP_SECONDS)
        await _send(link, b"a")


async def no_reader(link: socket.socket) -> None:
    """Asks for the largest file there is, again and again, and reads nothing."""
    asked = f"GET {LARGE_FILE} HTTP/1.1\r\n".encode() + HEAD + b"\r\n"
    await _send(link, asked * 3)
    while True:
        await asyncio.sleep(DRIP_SECONDS)
        await _send(link, asked)


PLAYS: dict[str, Play] = {"header": header_drip, "body": body_drip, "reader": no_reader}


@dataclass
class Crowd:
    """`open` is how many connections stand now, by what they do; `cut` how often one was ended."""

    open: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)

    async def play(self, name: str, port: int) -> None:
        while True:
            link = socket.socket()
            link.setblocking(False)
            # So little is taken that an answer stays with the server.
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            await self._once(name, link, port)
            self.cut[name] += 1
            await asyncio.sleep(DRIP_SECONDS)

    async def _once(self, name: str, link: socket.socket, port: int) -> None:
        with link, suppress(OSError):
            await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", port))
            self.open[name] += 1
            try:
                await PLAYS[name](link)
            finally:
                self.open[name] -= 1


@contextmanager
def crowd(port: int, number: int, names: tuple[str, ...] = tuple(PLAYS)) -> Iterator[Crowd]:
    """`number` connections, shared out among `names`, for as long as the block runs."""
    found, over = Crowd(), threading.Event()
    plays = [(names[n % len(names)], port) for n in range(number)]
    thread = threading.Thread(target=lambda: asyncio.run(_all(found, plays, over)), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


async def _all(found: Crowd, plays: list[tuple[str, int]], over: threading.Event) -> None:
    """`asyncio.run` ends them all when this returns."""
    running = [asyncio.create_task(found.play(*play)) for play in plays]
    while not over.is_set():
        await asyncio.sleep(0.1)
    for one in running:
        one.cancel()


async def _send(link: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(link, data)
