"""A request that is sent twice under one Idempotency-Key is done once and answered twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from kubewise_site.core import clock
from kubewise_site.core.access.models import IdempotencyKey
from kubewise_site.core.rest.problem import Problem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 200
FORM = re.compile(rf"[!-~]{{1,{LONGEST}}}")
KEPT = timedelta(days=1)
LEASE = timedelta(seconds=60)
Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Wrap a view's `post`: without the header nothing changes."""

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        return _once(request, _checked(key), lambda: handler(view, request, *args, **kwargs))

    return once


def _once(request: Request, key: str, call: Callable[[], Response]) -> Response:
    now = clock.now()
    row, mine = _claim(request, key, now)
    if not mine:
        return _answer_of(row, _fingerprint(request))
    try:
        answer = call()
    except Exception:
        row.delete()  # refused or failed: nothing was done, so it may be tried again
        raise
    _save_answer(row, answer)
    return answer


def _claim(request: Request, key: str, now: datetime) -> tuple[IdempotencyKey, bool]:
    """The row, and whether this request is the one that does the work."""
    user: Any = request.user
    rows = IdempotencyKey.objects.filter(user=user)
    rows.filter(at__lt=now - KEPT).delete()
    fields = {"fingerprint": _fingerprint(request), "at": now}
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(user=user, key=key, **fields), True
    except IntegrityError:
        row = rows.get(key=key)
    died = rows.filter(pk=row.pk, status=None, at__lt=now - LEASE, fingerprint=row.fingerprint)
    return row, row.fingerprint == fields["fingerprint"] and bool(died.update(at=now))


def _answer_of(row: IdempotencyKey, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        detail = f"This {HEADER} was used for another request."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail)
    if row.status is None:
        detail = f"The request with this {HEADER} is still being answered."
        raise Problem(HTTPStatus.CONFLICT, "in-progress", detail)
    headers = {**row.headers, REPLAYED: "true"}
    return Response(json.loads(row.body or "null"), status=row.status, headers=headers)


def _save_answer(row: IdempotencyKey, answer: Response) -> None:
    row.status = answer.status_code
    row.body = JSONRenderer().render(answer.data).decode()
    row.headers = {"Location": answer["Location"]} if answer.has_header("Location") else {}
    row.save(update_fields=["status", "body", "headers"])


def _fingerprint(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True, default=str)
    return sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _checked(key: str) -> str:
    if not FORM.fullmatch(key):
        detail = f"{HEADER} is 1 to {LONGEST} printable ASCII characters without spaces."
        raise Problem(HTTPStatus.BAD_REQUEST, "idempotency-key", detail)
    return key
