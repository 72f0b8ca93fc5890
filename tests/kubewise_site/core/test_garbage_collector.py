"""The web process leaves its own start out of every collection."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from kubewise_site.core import garbage_collector


@pytest.fixture
def restored() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_there_at_the_start_is_never_collected_again(restored: None) -> None:
    gc.unfreeze()
    garbage_collector.settle_garbage()
    assert gc.get_freeze_count() > len(gc.get_objects())
    assert gc.get_threshold() == garbage_collector.THRESHOLDS
