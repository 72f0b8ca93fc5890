"""What is refused at the start, what HTTPS switches on, and that Django's own check agrees."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kubewise_site.core.config.reading import BASE_DIR, WrongSetting, read_settings
from kubewise_site.core.config.unsafe import refuse_what_is_unsafe

STRONG = "k3uX9-pLq27_vRz81mWc40TyBd56HsJe"


def refused(**environment: str) -> str:
    """Why the start is refused; '' where it is not."""
    try:
        refuse_what_is_unsafe(read_settings(environment))
    except WrongSetting as error:
        return str(error)
    return ""


@pytest.mark.parametrize("key", ["a", "a" * 50, "abc" * 20, "django-insecure"])
def test_a_weak_secret_key_is_refused_without_showing_it(key: str) -> None:
    said = refused(SECRET_KEY=key)
    assert said.startswith("SECRET_KEY is too easy to guess")
    assert "openssl rand -hex 32" in said


def test_debug_is_refused_where_others_can_reach_it() -> None:
    assert "kubewise.example" in refused(DEBUG="True", ALLOWED_HOSTS="localhost,kubewise.example")
    assert refused(DEBUG="True") == ""


def test_a_strong_key_and_none_are_taken() -> None:
    assert refused(SECRET_KEY=STRONG) == ""
    assert refused() == ""


def test_djangos_check_of_a_deployment_finds_nothing() -> None:
    settings = {
        "HTTPS": "True",
        "HTTPS_PROXY_HEADER": "X-Forwarded-Proto",
        "SECRET_KEY": STRONG * 2,
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=BASE_DIR,
        env=os.environ | settings | {"DJANGO_SETTINGS_MODULE": "kubewise_site.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues (2 silenced)" in done.stdout + done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5"])
def test_debug_is_refused_with_a_public_bind(host: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kubewise_site.web", "--host", host, "--port", "1"],
        cwd=BASE_DIR,
        env=os.environ | {"DEBUG": "True", "DJANGO_SETTINGS_MODULE": "kubewise_site.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "DEBUG shows settings and code to everybody" in done.stderr
