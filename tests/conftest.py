"""What all tests share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.cache import cache

from detection.pipeline.observe import SHARED
from tests.controlplane.up import versions
from tests.kubewise_site import records


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which real API servers were asked: what `/version` said, not what was meant to run."""
    for version in sorted(versions):
        terminalreporter.write_line(f"real Kubernetes API server: {version}")


@pytest.fixture(autouse=True)
def records_are_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health and approvals compare with the clock; a long run must not make the records old."""
    monkeypatch.setattr(records, "NOW", datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(autouse=True)
def limits_begin_anew() -> None:
    """Writes and failed log-ins are counted in the cache, which outlives a test's database."""
    cache.clear()


@pytest.fixture(autouse=True)
def nothing_was_observed_before() -> None:
    """An observation may be shared for seconds, and a test's cluster is another one."""
    SHARED.clear()
