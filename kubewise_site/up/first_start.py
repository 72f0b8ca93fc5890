"""What a database needs before the first task: an admin, queries and the schedule."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model

from detection.metrics.queries import seed
from kubewise_site.core import clock
from kubewise_site.schedule import sync_schedule


def prepare_database() -> list[str]:
    """Idempotent. Returns the warnings that the operator should read."""
    seed(clock.now())
    return sync_schedule()


def create_admin() -> str:
    """The new admin's password, or '' where somebody can log in already."""
    users = get_user_model().objects
    if users.filter(is_superuser=True, is_active=True).exists():
        return ""
    password = secrets.token_urlsafe(12)
    users.create_superuser("admin", password=password)
    return password
