"""The wall clock has one reader, and that one can be moved."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kubewise_site.core import clock

ROOT = Path(__file__).parents[3]
APPS = ("detection", "remediation", "kubewise_site")
READS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "timezone.now",
    "time.time",
}
# Waiting times in a queue are of two processes' real clocks.
OTHER_CLOCKS = {"kubewise_site/core/clock.py", "kubewise_site/celery.py"}


def reads_of_the_clock(code: str) -> Iterator[str]:
    """Every call of a function that gives the wall clock's time."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in READS:
            yield ast.unparse(node)


def test_a_read_of_the_clock_is_found() -> None:
    assert list(reads_of_the_clock("x = datetime.now(UTC)")) == ["datetime.now(UTC)"]
    assert not list(reads_of_the_clock("x = clock.now()"))


def test_only_the_clock_reads_the_wall_clock() -> None:
    readers = {
        str(file.relative_to(ROOT))
        for app in APPS
        for file in (ROOT / app).rglob("*.py")
        if "migrations" not in file.parts and any(reads_of_the_clock(file.read_text()))
    }
    assert readers == OTHER_CLOCKS


def test_the_clock_can_be_moved_and_given_back() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    clock.use(lambda: moment)
    try:
        assert clock.now() == moment
    finally:
        clock.use()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
