"""After too many failed log-ins an address must wait. A valid token or session is never held up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from rest_framework.request import Request
from unfold.forms import AuthenticationForm

from kubewise_site.core import cache
from kubewise_site.core.access.throttling import address_of

WINDOW_SECONDS = 300
WAIT = "Too many failed log-ins from your address. Wait five minutes."


def count_failure(request: HttpRequest | Request) -> None:
    cache.count(_key(request), WINDOW_SECONDS)


def too_many(request: HttpRequest | Request) -> bool:
    """Whether FAILED_LOGINS_MOST is reached within the window."""
    return cache.counted(_key(request)) >= settings.FAILED_LOGINS_MOST


def listen() -> None:
    """Django tells of failed passwords by signal."""
    user_login_failed.connect(_password_failed, dispatch_uid="kubewise_failed_logins")


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    """The admin's log-in; a password is not even looked at while the address must wait."""

    def clean(self) -> Any:
        if self.request is not None and too_many(self.request):
            raise ValidationError(WAIT, code="throttled")
        return super().clean()


def _password_failed(request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None:
        count_failure(request)


def _key(request: HttpRequest | Request) -> str:
    return f"limit/failed/{address_of(request)}"
