"""What is being watched is read from whatever table says so; without one the report has a dash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.soak import records
from benchmarks.soak.records import OWNER, Watcher, watched_now

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
WEB = ("Deployment", "shop", "web")


def table(fields: tuple[str, ...], rows: list[dict[str, Any]]) -> Any:
    """A model as far as it is asked."""
    columns = [SimpleNamespace(name=name) for name in (*OWNER, *fields)]
    manager = SimpleNamespace(
        values_list=lambda *names: [tuple(row[name] for name in names) for row in rows]
    )
    meta = SimpleNamespace(get_fields=lambda: columns)
    return SimpleNamespace(_meta=meta, _default_manager=manager)


def row(**more: Any) -> dict[str, Any]:
    return dict(zip(OWNER, WEB, strict=True)) | more


def test_a_product_without_the_table_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_watch_model", lambda: None)
    watcher = Watcher()
    watcher._note_watched(NOW)
    assert watched_now() is None
    assert watcher.watched is None


def test_since_and_due_are_found_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    later = NOW + timedelta(seconds=60)
    model = table(("since", "due_at"), [row(since=NOW, due_at=later)])
    monkeypatch.setattr(records, "_watch_model", lambda: model)
    assert watched_now() == [(WEB, NOW, later)]


def test_a_table_without_a_due_time_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_watch_model", lambda: table(("since",), [row(since=NOW)]))
    assert watched_now() == [(WEB, NOW, None)]


def test_it_counts_from_the_pass_in_which_it_was_first_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "_watch_model", lambda: table(("since",), [row(since=NOW)]))
    watcher = Watcher()
    for seconds in (10, 25):
        watcher._note_watched(NOW + timedelta(seconds=seconds))
    assert watcher.watched == {WEB: {NOW: (NOW + timedelta(seconds=10), None)}}
