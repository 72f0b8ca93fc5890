"""A copy of the repository; the people and clients of the site's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contributing.repository_copy import copied_to
from tests.kubewise_site.conftest import admin, api, browser

__all__ = ["admin", "api", "browser", "copy"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copied_to(tmp_path)
