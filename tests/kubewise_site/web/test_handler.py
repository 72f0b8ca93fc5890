"""The handler alone: what holds a thread, and what does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from kubewise_site.web.handler import BODY_BYTES, THREADS, PooledHandler

HEADERS = [(b"host", b"testserver")]
LISTENERS = 10 * THREADS
names: list[str] = []


def _lines() -> Iterator[str]:
    for number in range(3000):
        names.append(threading.current_thread().name)
        yield f"{number}\n"


async def _events() -> AsyncIterator[bytes]:
    while True:
        yield b"data: here\n\n"
        await asyncio.sleep(3600)


def stream(_: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_lines())


def events(_: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_events(), content_type="text/event-stream")


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{len(request.body)} bytes")


urlpatterns = [path("stream", stream), path("events", events), path("plain", plain)]


class Client:
    """One request as a server passes it on; `sent` is what came back."""

    def __init__(self, *pieces: bytes, **scope: Any) -> None:
        self.scope = {"type": "http", "method": "POST", "path": "/plain", "query_string": b"",
                      "headers": HEADERS, **scope}  # fmt: skip
        self.pieces, self.sent = list(pieces), list[dict[str, Any]]()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.pieces:
            body = self.pieces.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(self.pieces)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def ask(self, handler: PooledHandler) -> None:
        await handler(self.scope, self.receive, self.send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


@pytest.fixture
def handler(settings: Any) -> PooledHandler:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    return PooledHandler()


def test_server_sent_events_hold_no_thread(handler: PooledHandler) -> None:
    """Ten times as many listeners as threads, and a page is answered meanwhile."""

    async def run() -> None:
        listeners = [Client(b"", path="/events") for _ in range(LISTENERS)]
        tasks = [asyncio.create_task(one.ask(handler)) for one in listeners]
        while not all(one.body for one in listeners):
            await asyncio.sleep(0.01)
        page = Client(b"")
        await asyncio.wait_for(page.ask(handler), 20)
        assert page.status == 200
        for one in listeners:
            one.gone.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)

    asyncio.run(run())


def test_a_stream_of_rows_is_made_in_one_thread_and_sent_whole(handler: PooledHandler) -> None:
    """The thread that has the database's connection; another may not use it."""
    names.clear()
    client = Client(b"", path="/stream")
    asyncio.run(client.ask(handler))
    assert client.body == b"".join(b"%d\n" % number for number in range(3000))
    assert len(names) == 3000
    assert len(set(names)) == 1
    assert names[0].startswith("answer")


def test_a_dripped_body_holds_no_thread(handler: PooledHandler) -> None:
    async def run() -> None:
        slow = [Client(b"a", b"b") for _ in range(LISTENERS)]
        for one in slow:
            one.scope["path"] = "/plain"
            one.pieces = []  # nothing comes until it is gone
        tasks = [asyncio.create_task(one.ask(handler)) for one in slow]
        page = Client(b"a", b"bc")
        await asyncio.wait_for(page.ask(handler), 20)
        assert page.body == b"3 bytes"
        for one in slow:
            one.gone.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
        assert not any(one.sent for one in slow)

    asyncio.run(run())


@pytest.mark.parametrize("told", [True, False])
def test_a_body_over_the_limit_is_refused_before_it_is_kept(
    handler: PooledHandler, told: bool
) -> None:
    length = [(b"content-length", b"%d" % (BODY_BYTES + 1))] if told else []
    client = Client(*[b"a" * 65_536] * 100, headers=[*HEADERS, *length])
    asyncio.run(client.ask(handler))
    assert client.status == 413
    assert len(client.pieces) >= 80, "most of it was not read"
