"""A client's requests answered without a socket: what urllib3 sends here is handed over."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from urllib3 import HTTPResponse
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ProtocolError

from simulator.http.control import Front
from simulator.http.request import Request
from simulator.http.server_faults import Dropped

if TYPE_CHECKING:
    from simulator.simulator import Simulator


@contextmanager
def answered_in_process(simulator: "Simulator") -> Iterator[None]:
    """Until it ends, requests of this process to the simulator's address need no server.

    Whoever uses urllib3 or requests is served by the very handler that the sockets lead to; pools
    of threads, and the environment's proxies, are left out on the way.
    Watches, and the delays of switches, are not for this way.
    """
    front, port = Front(simulator), simulator.server.server_address[1]
    plain = HTTPConnectionPool.urlopen

    def urlopen(pool: Any, method: str, url: str, body: Any = None, headers: Any = None,
                *args: Any, **options: Any) -> Any:  # fmt: skip
        if (pool.host, pool.port) != ("127.0.0.1", port):
            return plain(pool, method, url, body, headers, *args, **options)
        return _answer(front, method, url, body, headers, options.get("preload_content", True))

    with (
        patch.object(HTTPConnectionPool, "urlopen", urlopen),
        patch.object(ThreadPoolExecutor, "submit", _at_once),
        patch("requests.sessions.get_environ_proxies", lambda url, no_proxy=None: {}),
        patch("requests.sessions.resolve_proxies", lambda *_: {}),
    ):
        yield


def _at_once(pool: ThreadPoolExecutor, call: Any, /, *args: Any, **options: Any) -> Future[Any]:
    """Nothing is waited for, so threads would only take turns."""
    done = Future[Any]()
    try:
        done.set_result(call(*args, **options))
    except Exception as error:
        done.set_exception(error)
    return done


def _answer(front: Front, method: str, url: str, body: Any, headers: Any, preload: bool) -> Any:
    sent = body.encode() if isinstance(body, str) else body or b""
    named = {name.lower(): _text(value) for name, value in dict(headers or {}).items()}
    try:
        response = front.handle(Request(method, url, named, sent))
    except Dropped as error:
        raise ProtocolError("Connection aborted.", error) from error
    return HTTPResponse(
        body=BytesIO(response.body),
        headers={"Content-Type": response.content_type, **response.headers},
        status=response.code,
        preload_content=preload,
        request_method=method,
        request_url=url,
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
