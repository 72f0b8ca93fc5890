"""A client of the REST API with a token, as scripts use it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from kubewise_site.core.access import issuing
from kubewise_site.core.access.scopes import TokenScope

PROBLEM_KEYS = {"type", "title", "status", "detail", "instance", "errors"}


class Api:
    """Paths are below /api/v1/. `word` is the first word of the Authorization header."""

    def __init__(
        self,
        user: User | None = None,
        word: str = "Bearer",
        scopes: Iterable[str] = tuple(TokenScope),
    ) -> None:
        headers = {}
        if user is not None:
            _, token = issuing.issue(user, "of tests", scopes, 1, datetime.now(UTC))
            headers = {"Authorization": f"{word} {token}"}
        self.client = Client(raise_request_exception=False, headers=headers)

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", params)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`headers` in Python's spelling: idempotency_key="k" is Idempotency-Key."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, f"/api/v1/{path}", _json(body), content_type="application/json", headers=more
        )


def _json(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def check_problem(answer: Any, status: int) -> dict[str, Any]:
    """Assert that the answer is a problem of RFC 9457 with this status."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) == PROBLEM_KEYS
    assert body["status"] == status
    assert body["detail"]
    return body
