"""The kubelet's HTTPS endpoint: `/containerLogs/NAMESPACE/POD/CONTAINER`, which the API server asks
for `kubectl logs`.
"""

import ssl
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tests.controlplane.container import Container
from tests.controlplane.pod import Pod

Line = tuple[datetime, str]
Find = Callable[[str, str], Pod | None]
Clock = Callable[[], datetime]


class NoLogs(Exception):
    """Why there are none, in the kubelet's words; the API server passes them on with status 400."""


class KubeletStopped(Exception):
    """The node's kubelet answers nobody: the connection is closed without a word."""


class LogServer(ThreadingHTTPServer):
    """Serves the logs of the pods that `find` (by namespace and name) knows; it raises
    KubeletStopped for those of a dead one.
    """

    daemon_threads = True

    def __init__(self, address: str, find: Find, clock: Clock, context: ssl.SSLContext) -> None:
        super().__init__((address, 0), _Handler)
        self.find, self.clock = find, clock
        # The handshake is left to the request's thread: a silent client must not stop others.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def start(self) -> int:
        """Serve in a thread of its own and return the port."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return int(self.server_address[1])


def tls(certificate: Path, key: Path, client_authority: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def lines_of(container: Container, pod: str, is_previous: bool) -> list[Line]:
    """The lines of the current run or of the one before it, as the kubelet chooses; NoLogs says why
    there are none.
    """
    waiting = container.state.get("waiting")
    if is_previous:
        if not container.last_state:
            raise NoLogs(
                f'previous terminated container "{container.name}" in pod "{pod}" not found'
            )
        return container.log if waiting else container.previous_log
    if waiting is None or container.last_state:
        return container.log
    why = {
        "ErrImagePull": "image can't be pulled",
        "ImagePullBackOff": "trying and failing to pull image",
    }.get(waiting["reason"], waiting["reason"])
    raise NoLogs(f'container "{container.name}" in pod "{pod}" is waiting to start: {why}')


def selected(lines: list[Line], query: dict[str, str], now: datetime) -> list[Line]:
    """What tailLines, sinceSeconds and sinceTime leave."""
    if "sinceSeconds" in query:
        lines = [
            line for line in lines if line[0] >= now - timedelta(seconds=int(query["sinceSeconds"]))
        ]
    if "sinceTime" in query:
        lines = [line for line in lines if line[0] >= datetime.fromisoformat(query["sinceTime"])]
    tail = int(query.get("tailLines", -1))
    return lines[max(0, len(lines) - tail) :] if tail >= 0 else lines


class _Handler(BaseHTTPRequestHandler):
    server: LogServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        names = parts.path.strip("/").split("/")
        if len(names) != 4 or names[0] != "containerLogs":
            return self._answer(404, "404 page not found\n")
        try:
            self._logs(names[1], names[2], names[3], dict(parse_qsl(parts.query)))
        except NoLogs as error:
            self._answer(400, str(error))
        except KubeletStopped:
            self.close_connection = True

    def _logs(self, namespace: str, name: str, container: str, query: dict[str, str]) -> None:
        pod = self.server.find(namespace, name)
        found = pod.find(container) if pod else None
        if found is None:
            raise NoLogs(f'container "{container}" in pod "{name}" is not available')
        source = lines_of(found, name, query.get("previous") == "true")
        text = "".join(_text(line, query) for line in selected(source, query, self.server.clock()))
        limit = int(query.get("limitBytes", len(text.encode())))
        self._answer(200, text.encode()[:limit].decode(errors="ignore"))
        if query.get("follow") == "true":
            self._follow(found, source, query)

    def _follow(self, container: Container, source: list[Line], query: dict[str, str]) -> None:
        sent = len(source)
        while container.is_running and container.log is source:
            time.sleep(0.1)
            fresh, sent = source[sent:], len(source)
            self.wfile.write("".join(_text(line, query) for line in fresh).encode())
            self.wfile.flush()

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(text.encode())
        self.wfile.flush()

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are not logged."""


def _text(line: Line, query: dict[str, str]) -> str:
    moment = (
        line[0].strftime("%Y-%m-%dT%H:%M:%S.%f000Z ") if query.get("timestamps") == "true" else ""
    )
    return f"{moment}{line[1]}\n"
