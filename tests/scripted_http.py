"""A local HTTP server that answers by a script: well, badly, slowly, or not to the end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to send. `announced` is the Content-Length where it is to be a lie; `drip_seconds` lie
    between two bytes; `drop` closes without a word; `delay_seconds` pass before the first byte."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    drip_seconds: float = 0.0
    delay_seconds: float = 0.0
    drop: bool = False

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Reply:
        return cls(json.dumps(value).encode(), status)


class ScriptedServer:
    """`replies` are given in turn, the last one for ever; `requests` is what came."""

    def __init__(self, *replies: Reply | Callable[[Request], Reply]) -> None:
        self.replies, self.requests = list(replies), list[Request]()
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(request) if callable(reply) else reply

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(*replies: Reply | Callable[[Request], Reply]) -> Iterator[ScriptedServer]:
    server = ScriptedServer(*replies)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _handler(script: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            request = Request(self.command, self.path, dict(self.headers), body)
            self._send(script.answer(request))

        do_POST = do_GET

        def _send(self, reply: Reply) -> None:
            script.closing.wait(reply.delay_seconds)
            if reply.drop:
                self.close_connection = True
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            length = len(reply.body) if reply.announced is None else reply.announced
            self.send_header("Content-Length", str(length))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = reply.announced is not None
            self._write(reply)

        def _write(self, reply: Reply) -> None:
            pieces = [bytes([one]) for one in reply.body] if reply.drip_seconds else [reply.body]
            try:
                for piece in pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()
                    if script.closing.wait(reply.drip_seconds):
                        return
            except OSError:
                return  # the client has had enough

        def log_message(self, format: str, *args: object) -> None:
            """Tests print nothing."""

    return Handler
