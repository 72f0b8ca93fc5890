"""After too many failed log-ins an address must wait. A valid token or session is never held up.

Passwords and tokens are counted apart: a script with an old token locks nobody out of the admin.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from rest_framework.request import Request
from unfold.forms import AuthenticationForm

from kubewise_site.core import cache
from kubewise_site.core.access.throttling import address_of
from kubewise_site.core.foreign_text import safe

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 300
WAIT = "Too many failed log-ins from your address. Wait five minutes."
NAME_CHARACTERS = 150  # Django's limit for a user name


class Credential(StrEnum):
    """What was wrong; each kind has its own count."""

    PASSWORD = auto()
    TOKEN = auto()


def count_failure(request: HttpRequest | Request, credential: Credential) -> None:
    cache.count(_key(request, credential), WINDOW_SECONDS)


def too_many(request: HttpRequest | Request, credential: Credential) -> bool:
    """Whether FAILED_LOGINS_MOST is reached within the window."""
    return cache.counted(_key(request, credential)) >= settings.FAILED_LOGINS_MOST


def listen() -> None:
    """Django tells of failed passwords by signal."""
    user_login_failed.connect(_password_failed, dispatch_uid="kubewise_failed_logins")


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    """The admin's log-in; a password is not even looked at while the address must wait."""

    def clean(self) -> Any:
        if self.request is not None and too_many(self.request, Credential.PASSWORD):
            _note("a log-in must wait", self.request, self.cleaned_data)
            raise ValidationError(WAIT, code="throttled")
        return super().clean()


def _password_failed(
    credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    if request is not None:
        count_failure(request, Credential.PASSWORD)
        _note("a log-in failed", request, credentials)


def _note(event: str, request: HttpRequest, told: Mapping[str, Any]) -> None:
    """Whose log-in it was, from where; never the password."""
    user = safe(str(told.get("username") or ""))[:NAME_CHARACTERS]
    log.warning(event, user=user, address=safe(address_of(request)))


def _key(request: HttpRequest | Request, credential: Credential) -> str:
    return f"limit/failed/{credential}/{address_of(request)}"
