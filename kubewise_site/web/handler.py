"""Django behind the event loop: a request gets a thread once it is here as a whole.

The thread is free again as soon as the answer is made: neither a slow body nor a slow reader holds
one, and an answer that is an async iterator (server-sent events) flows from the event loop.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from django import db
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from kubewise_site.core.rest.parsers import MOST_BYTES as BODY_BYTES
from kubewise_site.core.rest.problems import CONTENT_TYPE, problem

THREADS = 4
IN_MEMORY_BYTES = 1 << 16
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class BodyTooLong(Exception):
    """More than BODY_BYTES."""


class PooledHandler(ASGIHandler):
    """Middleware and views run as under WSGI: in one thread from the first to the last."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="answer")

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            _refuse_what_is_told_too_long(scope)
            await super().handle(scope, receive, send)
        except BodyTooLong:
            await self.send_response(_too_long(scope["path"]), send)

    async def read_body(self, receive: Receive) -> Any:
        body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 Django closes it
        more = True
        while more:
            message = await receive()
            body.write(message.get("body", b""))
            if message["type"] == "http.disconnect" or body.tell() > BODY_BYTES:
                body.close()
                raise RequestAborted if message["type"] == "http.disconnect" else BodyTooLong
            more = message.get("more_body", False)
        body.seek(0)
        return body

    async def get_response_async(self, request: Any) -> HttpResponseBase:
        """The thread keeps its connections to database and cache: it runs in its own context."""
        answer: HttpResponseBase = await self._in_a_thread(self._answer, request)
        return answer

    async def send_response(self, response: HttpResponseBase, send: Send) -> None:
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            source: Any = response.streaming_content
            response.streaming_content = self._in_pieces(iter(source))
        await super().send_response(response, send)

    async def _in_pieces(self, source: Iterator[bytes]) -> AsyncIterator[bytes]:
        """A thread for each piece, none while the client reads it."""
        while (piece := await self._in_a_thread(next, source, None)) is not None:
            yield piece

    def _answer(self, request: ASGIRequest) -> HttpResponseBase:
        db.reset_queries()
        db.close_old_connections()
        set_script_prefix(get_script_prefix(request.scope))
        try:
            return _made_here(self.get_response(request))
        finally:
            db.close_old_connections()

    async def _in_a_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, function, *arguments)


def _refuse_what_is_told_too_long(scope: dict[str, Any]) -> None:
    told = dict(scope["headers"]).get(b"content-length", b"0")
    if told.isdigit() and int(told) > BODY_BYTES:
        raise BodyTooLong


def _too_long(path: str) -> HttpResponse:
    """The same for pages and API, which has no smaller limit."""
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    detail = f"A body is at most {BODY_BYTES} bytes long."
    told = problem(status, detail, path, kind="too-large")
    answer = JsonResponse(told, status=status, content_type=CONTENT_TYPE)
    answer["Content-Length"] = len(answer.content)
    return answer


def _made_here(response: HttpResponseBase) -> HttpResponseBase:
    """Rows are read in the thread that has the database, before the client is asked to read."""
    if not isinstance(response, StreamingHttpResponse) or isinstance(response, FileResponse):
        return response
    if response.is_async:
        return response
    rows: Any = response.streaming_content
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 the response closes it
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]
    file.writelines(rows)
    file.seek(0)
    response.streaming_content = iter(lambda: file.read(IN_MEMORY_BYTES), b"")
    return response
