"""A threaded HTTP server around the API, for tests."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit

from simulator.prometheus.faults import Faults
from simulator.prometheus.http.transport import PrometheusResponse, respond
from simulator.prometheus.storage.store import SampleSource


class PrometheusServer:
    """Serves a store on a free port between `__enter__` and `__exit__`; `faults` may be set."""

    def __init__(
        self,
        store: SampleSource,
        *,
        faults: Faults | None = None,
        clock: Callable[[], float] = time.time,
        port: int = 0,
    ) -> None:
        self.store = store
        self.faults = faults or Faults()
        self.clock = clock
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", port), self, self._closing)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        """The base address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "PrometheusServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def respond(self, target: str, form: str, authorization: str) -> PrometheusResponse:
        """The response to a request for a path with its query, and a form."""
        parts = urlsplit(target)
        params = parse_qs("&".join(filter(None, [form, parts.query])), keep_blank_values=True)
        now = self.clock()
        path = unquote(parts.path)
        return respond(path, params, self.store, now, self.faults, authorization)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], owner: PrometheusServer, closing: threading.Event
    ) -> None:
        super().__init__(address, _Handler)
        self.owner = owner
        self.closing = closing


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._send(self._response(""))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._send(self._response(self.rfile.read(length).decode()))

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""

    def _response(self, form: str) -> PrometheusResponse:
        authorization = self.headers.get("Authorization", "")
        return self.server.owner.respond(self.path, form, authorization)

    def _send(self, response: PrometheusResponse) -> None:
        self.server.closing.wait(response.delay_seconds)
        if response.dropped:
            self.close_connection = True
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
