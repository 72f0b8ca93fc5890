"""What all tests share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.site import records


@pytest.fixture(autouse=True)
def records_are_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health and approvals compare with the clock; a long run must not make the records old."""
    monkeypatch.setattr(records, "NOW", datetime.now(UTC).replace(microsecond=0))
