"""What a handler returns; a stream for watches and followed logs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.apimachinery.errors import ApiError
from simulator.apimachinery.store import encode


@dataclass
class Response:
    code: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterator[bytes] | None = None


def json_response(value: Any, code: int = 200) -> Response:
    return Response(code, encode(value))


def text_response(text: str, code: int = 200) -> Response:
    return Response(code, text.encode(), "text/plain; charset=utf-8")


def error_response(error: ApiError) -> Response:
    response = json_response(error.status(), error.code)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
