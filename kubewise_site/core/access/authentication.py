"""Authentication by token. No view may be imported here: DRF's own settings import this module."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import TokenAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from kubewise_site.core import clock

KEYWORDS = ("Bearer", "Token")


class BearerAuthentication(TokenAuthentication):
    """`Authorization: Bearer TOKEN`, or with the word `Token` as DRF's own clients send it."""

    keyword = KEYWORDS[0]

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        from kubewise_site.core.access import failed_logins  # the apps are loaded by now

        sent = get_authorization_header(request).partition(b" ")[0].lower()
        for keyword in KEYWORDS:
            if sent == keyword.lower().encode():
                self.keyword = keyword
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            if failed_logins.too_many(request, failed_logins.Credential.TOKEN):
                raise Throttled(failed_logins.WINDOW_SECONDS, failed_logins.WAIT) from None
            failed_logins.count_failure(request, failed_logins.Credential.TOKEN)
            raise

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        from kubewise_site.core.access import issuing

        row = issuing.find(key)
        if row is None or not row.user.is_active:
            raise AuthenticationFailed("This token is unknown, or its user is disabled.")
        if row.expires_at <= clock.now():
            ended = f"{row.expires_at:%Y-%m-%d %H:%M} UTC"
            raise AuthenticationFailed(f"This token expired at {ended}.")
        return row.user, row

    def authenticate_header(self, request: Request) -> str:
        return KEYWORDS[0]
