"""Counting requests in the shared cache, so that a limit holds over all web processes.

With the cache away nothing is limited: an approval at night matters more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from kubewise_site.core import cache

if TYPE_CHECKING:
    from rest_framework.views import APIView

MINUTE_SECONDS = 60


def address_of(request: HttpRequest | Request) -> str:
    """The client's address; X-Forwarded-For is believed for TRUSTED_PROXIES hops only."""
    hops = settings.TRUSTED_PROXIES
    told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if hops and len(told) >= hops and told[-hops]:
        return str(told[-hops])
    return str(request.META.get("REMOTE_ADDR", ""))


class WriteThrottle(BaseThrottle):
    """So many writes a minute for each user; reading is free."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method in SAFE_METHODS or not request.user.is_authenticated:
            return True
        key = f"limit/writes/{request.user.pk}"
        return cache.count(key, MINUTE_SECONDS) <= settings.API_WRITES_PER_MINUTE

    def wait(self) -> float:
        return MINUTE_SECONDS
