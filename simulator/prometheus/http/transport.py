"""Answers as bytes, with the faults that only show there."""

import json
from dataclasses import dataclass

from simulator.prometheus.faults import NONE, Faults
from simulator.prometheus.http.http import handle
from simulator.prometheus.http.params import Params, timeout_seconds
from simulator.prometheus.storage.store import SampleSource

JSON, TEXT, HTML = "application/json", "text/plain; charset=utf-8", "text/html; charset=utf-8"
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


@dataclass(frozen=True)
class PrometheusResponse:
    """What to send, `delay_seconds` from now; nothing and a closed connection if `dropped`."""

    status: int
    content_type: str
    body: bytes
    delay_seconds: float = 0.0
    dropped: bool = False


def respond(
    path: str,
    params: Params,
    store: SampleSource,
    now: float,
    faults: Faults = NONE,
    authorization: str = "",
) -> PrometheusResponse:
    """The response to a request; `authorization` is the header of that name."""
    refused = _refused(faults, authorization)
    if refused is not None:
        return refused
    status, answer = handle(path, params, store, now, faults)
    if "text" in answer:
        return PrometheusResponse(status, TEXT, f"{answer['text']}\n".encode())
    body = json.dumps(answer, separators=(",", ":")).encode()
    body = body[: len(body) // 2] if faults.truncated else body
    return PrometheusResponse(
        status, JSON, body, faults.slow_seconds if status != 503 else _allowed(params)
    )


def _refused(faults: Faults, authorization: str) -> PrometheusResponse | None:
    if faults.away:
        return PrometheusResponse(0, TEXT, b"", dropped=True)
    if faults.unavailable:
        return PrometheusResponse(503, TEXT, b"Service Unavailable")
    if faults.token is not None and authorization != f"Bearer {faults.token}":
        return PrometheusResponse(401, TEXT, b"Unauthorized\n")
    return PrometheusResponse(200, HTML, PAGE) if faults.html else None


def _allowed(params: Params) -> float:
    return timeout_seconds(params) or 0.0
