"""METRICS_TOKEN reads /metrics and health alone; a user without a group reads nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

TOKEN = "k3uX9-pLq27_vRz81mWc40TyBd56HsJe"
pytestmark = pytest.mark.django_db


def status(path: str, token: str) -> int:
    return Client().get(path, headers={"Authorization": f"Bearer {token}"}).status_code


def test_the_token_reads_two_paths(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert status("/metrics", TOKEN) == 200
    assert status("/api/v1/health/", TOKEN) in (200, 503)
    assert status("/api/v1/remediation/events/", TOKEN) == 401
    assert status("/metrics", TOKEN[:-1]) == 401


def test_without_the_setting_no_token_is_empty(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert Client().get("/metrics").status_code == 401


@pytest.mark.parametrize(
    "path", ["/api/v1/remediation/events/", "/api/v1/setup/config", "/metrics", "/api/v1/health/"]
)
def test_a_user_without_a_group_reads_nothing(path: str) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))
    assert stranger.get(path).status_code == 403
