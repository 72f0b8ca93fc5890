"""People of the tests of the site: one who may all, one who may nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("anna", password="secret-of-tests")


@pytest.fixture
def reader(db: None) -> User:
    return records.user("rita")


@pytest.fixture
def api(admin: User) -> Api:
    return Api(admin)


@pytest.fixture
def stranger(db: None) -> Api:
    return Api()


@pytest.fixture
def browser(admin: User) -> Client:
    """Logged in to the admin."""
    client = Client()
    client.force_login(admin)
    return client
