"""What a model provider may send, as data: from what HTTP and JSON allow. Written before the code.

A mode is a list of steps: bytes to send, a `Drip` of single bytes, a `Flood`, or `SILENCE`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.remediation.llm.gemini_server import GOOD

DEEP = 10_000


@dataclass(frozen=True)
class Drip:
    content: bytes
    seconds: float = 0.2


@dataclass(frozen=True)
class Flood:
    content: bytes
    times: int


SILENCE = Drip(b"", 30)
Steps = list[bytes | Drip | Flood]
Envelope = Callable[..., bytes]
Mode = Callable[[Envelope], Steps]
TEXT = json.dumps(GOOD)


def openai_envelope(text: Any = TEXT, usage: str = "", finish: Any = "stop", **more: Any) -> bytes:
    """The body of a chat completion; `usage` is raw JSON for one token count."""
    message = {"role": "assistant", "content": text, "refusal": None, **more}
    body = {
        "id": "x", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }  # fmt: skip
    counts = f'{{"prompt_tokens": {usage or 800}, "completion_tokens": {usage or 60}}}'
    return json.dumps(body)[:-1].encode() + f', "usage": {counts}}}'.encode()


def gemini_envelope(text: Any = TEXT, usage: str = "", finish: Any = "STOP", **more: Any) -> bytes:
    content = {"role": "model", "parts": [{"text": text}], **more}
    body = {"candidates": [{"content": content, "finishReason": finish, "index": 0}]}
    counts = f'{{"promptTokenCount": {usage or 800}, "candidatesTokenCount": {usage or 60}}}'
    return json.dumps(body)[:-1].encode() + f', "usageMetadata": {counts}}}'.encode()


ENVELOPES = {"openai": openai_envelope, "gemini": gemini_envelope}


def http(
    body: bytes, status: str = "200 OK", kind: str = "application/json", *headers: str,
    length: int | str | None = None,
) -> bytes:  # fmt: skip
    told = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {told}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def chunked(body: bytes) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + body


def _usage(raw: str) -> Mode:
    return lambda envelope: [http(envelope(usage=raw))]


def _text(value: Any) -> Mode:
    return lambda envelope: [http(envelope(text=value))]


def _body(body: bytes, *rest: Any, **options: Any) -> Mode:
    return lambda envelope: [http(body, *rest, **options)]


def _raw(*steps: Any) -> Mode:
    return lambda envelope: list(steps)


def _status(line: str, *headers: str) -> Mode:
    return _body(b"{}", line, "application/json", *headers)


def _deep(opening: str, closing: str, inside: str = "1") -> bytes:
    return (opening * DEEP + inside + closing * DEEP).encode()


def _answer(**changed: Any) -> Mode:
    return _text(json.dumps({**GOOD, **changed}))


OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GZIP = "Content-Encoding: gzip"

USAGE: dict[str, Mode] = {
    f"usage {name}": _usage(raw)
    for name, raw in {
        "text": '"many"', "digits as text": '"12"', "dict": "{}", "list": "[1]", "NaN": "NaN",
        "infinite": "Infinity", "negative": "-5", "1e999": "1e999", "1.5": "1.5", "true": "true",
        "2^63": str(2**63), "5,000 digits": "9" * 5000, "2^31": str(2**31), "deep": "[" * DEEP,
        "null": "null",
    }.items()
}  # fmt: skip
MESSAGES: dict[str, Mode] = {
    "message list": _text(["a", {"type": "text"}]),
    "message dict": _text({"a": 1}),
    "message number": _text(1),
    "message null": _text(None),
    "message true": _text(True),
    "message empty": _text(" \n "),
    "message prose": _text("Run kubectl delete ns shop."),
    "message deep list": _text("[" * DEEP),
    "message deep object": _text('{"a":' * DEEP),
    "message duplicate keys": _text(TEXT[:-1] + ', "cause": "X", "cause": "Y", "z": 1}'),
    "message NaN": _text(TEXT.replace("0.9", "NaN")),
    "message 1e999": _text(TEXT.replace("0.9", "1e999")),
    "message lone surrogate": _text(TEXT.replace("heap", "\\ud800")),
    "message raw surrogate": _text(TEXT.replace("heap", "\ud800")),
    "message NUL": _text(TEXT.replace("heap", "\\u0000")),
    "message raw NUL": _text(TEXT.replace("heap", "\x00")),
    "message long": _answer(impact="x" * 100_000),
    "message many": _answer(recommendations=["x"] * 1_000),
    "message unknown field": _answer(command="kubectl delete ns shop"),
    "message invents": _answer(objects=["Pod/kube-system/etcd"]),
    "finish list": lambda envelope: [http(envelope(finish=["stop"]))],
    "finish unknown": lambda envelope: [http(envelope(text=" ", finish="WHATEVER"))],
    "refusal dict": lambda envelope: [http(envelope(refusal={"a": "b"}, role=5))],
}
BODIES: dict[str, Mode] = {
    "no body": _body(b""),
    "null": _body(b"null"),
    "list": _body(b"[]"),
    "number": _body(b"7"),
    "string": _body(b'"text"'),
    "empty object": _body(b"{}"),
    "choices null": _body(b'{"object": "chat.completion", "choices": null, "candidates": null}'),
    "choices text": _body(b'{"object": "chat.completion", "choices": "x", "candidates": "x"}'),
    "choices of numbers": _body(
        b'{"object": "chat.completion", "choices": [1], "candidates": [1]}'
    ),
    "choices of null": _body(
        b'{"object": "chat.completion", "choices": [null], "candidates": [null]}'
    ),
    "choices dict": _body(b'{"object": "chat.completion", "choices": {"0": 1}, "candidates": {}}'),
    "choice without end": _body(
        b'{"object": "chat.completion", "choices": [{"message": {"content": "x"}}],'
        b' "candidates": [{}]}'
    ),
    "message is text": _body(
        b'{"object": "chat.completion", "choices": [{"message": "x", "finish_reason": "stop"}],'
        b' "candidates": [{"content": "x"}]}'
    ),
    "duplicate keys": _body(b'{"choices": [], "choices": 1, "candidates": [], "candidates": 1}'),
    "lists 10,000 deep": _body(_deep("[", "]")),
    "objects 10,000 deep": _body(_deep('{"a":', "}")),
    "deep in choices": _body(
        b'{"object": "chat.completion", "choices": ' + _deep("[", "]") + b', "candidates": '
        + _deep("[", "]") + b"}"
    ),
    "not closed": _body(b'{"choices": ['),
    "two documents": _body(b"{}{}"),
    "invalid UTF-8": _body(b'{"choices": "\xff\xfe"}'),
    "UTF-16": _body("{}".encode("utf-16")),
    "byte order mark": _body(b"\xef\xbb\xbf{}"),
    "HTML": _body(b"<html>log in</html>", "200 OK", "text/html"),
    "HTML as JSON": _body(b"<html>log in</html>"),
    "text/plain": _body(b"hello", "200 OK", "text/plain"),
    "an image": _body(b"\x89PNG\r\n", "200 OK", "image/png"),
    "event stream": _body(b"data: {}\n\ndata: [DONE]\n\n", "200 OK", "text/event-stream"),
    "unknown charset": _body(b"{}", "200 OK", "application/json; charset=no-such"),
    "gzip bomb": _body(gzip.compress(b" " * 50_000_000), "200 OK", "application/json", GZIP),
    "gzip broken": _body(b"\x1f\x8bno", "200 OK", "application/json", GZIP),
    "gzip that is none": _body(b"{}", "200 OK", "application/json", GZIP),
    "unknown encoding": _body(b"{}", "200 OK", "application/json", "Content-Encoding: x-no"),
    "shorter than announced": _body(b'{"choices"', length=5_000),
    "length is a word": _body(b"{}", length="many"),
    "length negative": _body(b"{}", length=-1),
    "length twice": _body(b"{}", "200 OK", "application/json", "Content-Length: 7"),
}  # fmt: skip
STATUSES: dict[str, Mode] = {
    "204": _raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "205": _raw(b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"),
    "206": _status("206 Partial Content"),
    "301 to nowhere": _status("301 Moved", "Location: http://127.0.0.1:1/"),
    "302 without place": _status("302 Found"),
    "307 to a file": _status("307 Temporary", "Location: file:///etc/passwd"),
    "400 deep": _body(_deep("[", "]"), "400 Bad Request"),
    "401": _status("401 Unauthorized"),
    "429 for a year": _status("429 Too Many", "Retry-After: 31536000"),
    "500": _status("500 No"),
    "503 HTML": _body(b"<h1>no</h1>", "503 No", "text/html"),
    "error is a list": _body(b'[{"error": []}]', "500 No"),
    "error is text": _body(b'{"error": "x"}', "500 No"),
    "error code is a dict": _body(b'{"error": {"code": {}, "message": [], "details": 1}}', "400 B"),
    "error NUL": _body(b'{"error": {"code": "x", "message": "a\\u0000b"}}', "400 Bad"),
    "status 999": _status("999 What"),
    "status 099": _status("099 What"),
    "status is a word": _status("OK OK"),
}
SOCKETS: dict[str, Mode] = {
    "closes at once": _raw(),
    "never a byte": _raw(SILENCE),
    "not HTTP": _raw(b"SSH-2.0-OpenSSH_9\r\n"),
    "HTTP/0.9": _raw(b"{}"),
    "dripped status line": _raw(Drip(b"HTTP/1.1 200 OK" + b" " * 200)),
    "dripped headers": _raw(b"HTTP/1.1 200 OK\r\n", Drip(b"X-A: 1\r\n" * 50)),
    "dripped body": _raw(OK_HEAD + b"Content-Length: 500\r\n\r\n", Drip(b" " * 500)),
    "dripped chunks": _raw(chunked(b""), Drip(b"1\r\n \r\n" * 100)),
    "dripped chunk size": _raw(chunked(b""), Drip(b"0" * 500)),
    "dripped error": _raw(b"HTTP/1.1 500 No\r\nContent-Length: 500\r\n\r\n", Drip(b" " * 500)),
    "dripped 100 Continue": _raw(Drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 0.05)),
    "endless 100 Continue": _raw(Flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 2_000)),
    "endless headers": _raw(OK_HEAD, Flood(b"X-A: 1\r\n" * 1_000, 2_000)),
    "a header of 10 MB": _raw(OK_HEAD + b"X-A: ", Flood(b"a" * 100_000, 100)),
    "100 MB": _raw(OK_HEAD + b"Content-Length: 100000000\r\n\r\n", Flood(b" " * 100_000, 1_000)),
    "never ends": _raw(OK_HEAD + b"\r\n", Flood(b" " * 100_000, 1_000_000)),
    "head, then silence": _raw(OK_HEAD, SILENCE),
    "half a body, then silence": _raw(OK_HEAD + b"Content-Length: 9\r\n\r\n{", SILENCE),
    "chunk size is a word": _raw(chunked(b"many\r\n{}\r\n")),
    "chunk size is huge": _raw(chunked(b"ffffffffffffffffff\r\n{}")),
    "chunks cut off": _raw(chunked(b"5\r\n{}")),
    "header without a colon": _raw(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}"),
    "header with NUL": _raw(b"HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n{}"),
}
MODES: dict[str, Mode] = USAGE | MESSAGES | BODIES | STATUSES | SOCKETS
