"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from detection.pipeline.observe import SHARED
from tests.controlplane.up import versions
from tests.kubewise_site import records
from tests.pairs import guard
from tests.pairs.numbers import BROKER, QUEUES
from tests.pairs.own import Pair
from tests.pairs.selection import touches


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which real API servers were asked: what `/version` said, not what was meant to run."""
    for version in sorted(versions):
        terminalreporter.write_line(f"real Kubernetes API server: {version}")


@pytest.fixture(autouse=True)
def records_are_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health and approvals compare with the clock; a long run must not make the records old."""
    monkeypatch.setattr(records, "NOW", datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(autouse=True)
def cache_and_queues_are_empty(request: pytest.FixtureRequest) -> Iterator[None]:
    """They outlive a test's database. Who does not ask for them does not get them."""
    if touches(request.node):
        guard.empty(BROKER, QUEUES)
        yield
    else:
        with guard.refused(BROKER):
            yield


@pytest.fixture(scope="session")
def pair(request: pytest.FixtureRequest) -> Pair:
    """For tests that start processes: what database and broker these work with."""
    return Pair(request.config.getoption("pair"))


@pytest.fixture
def shared_servers() -> None:
    """Cache and broker, for a test that touches no database."""


@pytest.fixture(autouse=True)
def nothing_was_observed_before() -> None:
    """An observation may be shared for seconds, and a test's cluster is another one."""
    SHARED.clear()
