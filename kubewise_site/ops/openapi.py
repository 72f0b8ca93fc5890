"""What drf-spectacular can't know by itself: tolerant routes, and how each call may be refused."""

from __future__ import annotations

from typing import Any

Endpoint = tuple[str, str, str, Any]
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:kubewise:stale", "about:blank"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
ALWAYS = {
    "400": "It can't be read; `errors` says what and where.",
    "401": "No token, or one that is unknown or expired.",
    "403": "A scope or a permission is missing; the detail names it.",
    "406": "The media type that was asked for is not there.",
    "429": "Too many writes or failed log-ins; `Retry-After` says when to come back.",
}
# Said by the web server itself, which speaks no problem+json.
BEFORE_US = {"414": "The address is longer than 4,094 bytes."}
OF_ONE = {"404": "There is no such thing."}
OF_WRITES = {
    "413": "The body is beyond 1 MiB.",
    "415": "The body is not JSON.",
    "409": "Stale, handled already, stopped, or the same request is under way.",
    "422": "A gate refused it, or the Idempotency-Key was used for another request.",
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "The same request under the same key is done once, within a day.",
}


def one_form_of_each_path(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Of `x` and `x/`, both of which answer, the one that the route was declared with."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for endpoint in endpoints:
        key = (endpoint[0].rstrip("/"), endpoint[2])
        if key not in seen:
            kept.append(endpoint)
        seen.add(key)
    return kept


def problems_everywhere(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Each operation with the problems that it may end in, and no others."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status, why in _refusals(path, method).items():
                operation["responses"].setdefault(status, _problem(why))
            for status, why in BEFORE_US.items():
                operation["responses"].setdefault(status, {"description": why})
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return result


def _refusals(path: str, method: str) -> dict[str, str]:
    found = dict(ALWAYS)
    if "{" in path:
        found |= OF_ONE
    return found | OF_WRITES if method in ("post", "put") else found


def _problem(why: str) -> dict[str, Any]:
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {"description": why, "content": {"application/problem+json": shape}}
