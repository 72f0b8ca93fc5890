"""How a body is read: JSON in UTF-8, bounded in size and depth, and meaning one thing only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from kubewise_site.core.foreign_text import safe_json
from kubewise_site.core.rest.problem import Problem

MOST_BYTES = 1024 * 1024


class BoundedJSONParser(BaseParser):
    """DRF's own takes the last of two equal keys and dies of deep nesting.

    No JSONParser: of such a one DRF reads the whole body before it asks.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request: Request | None = (parser_context or {}).get("request")
        return decoded(_bounded(stream, request))


def decoded(body: bytes) -> Any:
    """The value of a JSON text, each text in it safe; raises ParseError with the reason."""
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unambiguous, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        value = _safe(body, value)
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8: byte {error.start}.") from None
    except UnicodeEncodeError:
        raise ParseError("The body holds half of a surrogate pair, which is no text.") from None
    except RecursionError:
        raise ParseError("JSON parse error - nested too deeply") from None
    except ValueError as error:
        raise ParseError(f"JSON parse error - {str(error)[:200]}") from None
    if "\\u0000" in text:
        raise ParseError("The body holds the character NUL, which no field takes.")
    return value


def _bounded(stream: IO[Any], request: Request | None) -> bytes:
    """A length that is told is believed only where it refuses: the body is counted anyway."""
    told = str(request.META.get("CONTENT_LENGTH") or "0") if request is not None else "0"
    too_long = told.isdecimal() and int(told) > MOST_BYTES
    body: bytes = b"" if too_long else stream.read(MOST_BYTES + 1)
    if too_long or len(body) > MOST_BYTES:
        detail = f"A body is at most {MOST_BYTES} bytes long."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", detail)
    return body


def _safe(body: bytes, value: Any) -> Any:
    """The gate for foreign text; what is refused has been refused before it."""
    gated = safe_json(body)
    return value if gated is body else json.loads(gated, object_pairs_hook=_unambiguous)


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two equal keys nobody knows which is meant."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:60]!r} is there twice")
        found[key] = value
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no JSON number")
