"""Making and finding tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from kubewise_site.core.access.models import ApiToken
from kubewise_site.core.access.scopes import checked_scopes

PREFIX = "kw_"
RANDOM_BYTES = 32
HINT_LENGTH = 7
DAYS_DEFAULT = 90
DAYS_MOST = 366


def issue(
    user: Any, name: str, scopes: Iterable[str], days: int, now: datetime
) -> tuple[ApiToken, str]:
    """The row and the token itself, which nobody can read again.

    `days` until it expires, 1 to 366. Raises ValueError for other days and unknown scopes.
    """
    if not 1 <= days <= DAYS_MOST:
        raise ValueError(f"a token is valid for 1 to {DAYS_MOST} days, not {days}")
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    row = ApiToken.objects.create(
        user=user,
        name=name,
        digest=token_digest(token),
        hint=token[:HINT_LENGTH],
        scopes=checked_scopes(scopes),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return row, token


def find(token: str) -> ApiToken | None:
    """The row of a token, expired or not."""
    return ApiToken.objects.select_related("user").filter(digest=token_digest(token)).first()


def token_digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
