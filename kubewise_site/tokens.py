"""Authentication by token. No view may be imported here: DRF's own settings import this module."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import TokenAuthentication, get_authorization_header
from rest_framework.request import Request

KEYWORDS = ("Bearer", "Token")


class BearerAuthentication(TokenAuthentication):
    """`Authorization: Bearer TOKEN`, or with the word `Token` as DRF's own clients send it."""

    keyword = KEYWORDS[0]

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        sent = get_authorization_header(request).partition(b" ")[0].lower()
        for keyword in KEYWORDS:
            if sent == keyword.lower().encode():
                self.keyword = keyword
        return super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return KEYWORDS[0]
