"""The row "a threshold": one entry of the table of dwell times says when a finding opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.detection.scenarios import load_scenarios, logs_of, objects_of
from detection.domain.causes import Cause
from detection.failures import FAILURES, Context, Dwell
from detection.failures.registry import Failure
from detection.snapshot import Snapshot
from tests.detection.builders import NOW, snapshot_from

COUNTS = {"crash_restarts", "storm_window_seconds"}
Key = tuple[str, Cause, str]


@pytest.fixture(scope="module")
def snapshots() -> dict[str, Snapshot]:
    """Of all scenarios."""
    found = {}
    for scenario in load_scenarios():
        objects = objects_of(scenario, NOW)
        logs = {key[:3]: text for key, text in logs_of(scenario, objects).items()}
        found[scenario.name] = replace(snapshot_from(objects), logs=logs)
    return found


def waits(
    snapshot: Snapshot, dwell: Dwell, functions: list[Failure] = FAILURES
) -> dict[Key, timedelta]:
    """By failure function, cause and owner: how long after its onset a finding opens."""
    return {
        (one.name, found.cause, str(found.owner)): found.opens_at - found.onset
        for one in functions
        for found in one.find(snapshot, Context(snapshot.at, dwell))
    }


def own_numbers(
    snapshots: Mapping[str, Snapshot], functions: list[Failure] = FAILURES
) -> Iterator[str]:
    """Functions that wait, and just as long when every entry of the table is half as long again."""
    longer = Dwell().scaled(1.5)
    for snapshot in snapshots.values():
        usual, slow = waits(snapshot, Dwell(), functions), waits(snapshot, longer, functions)
        yield from (key[0] for key, wait in usual.items() if wait and slow.get(key) == wait)


def test_one_entry_moves_when_a_finding_opens(snapshots: Mapping[str, Snapshot]) -> None:
    usual = waits(snapshots["f05-tag-typo"], Dwell())
    slow = waits(snapshots["f05-tag-typo"], Dwell(image_seconds=Dwell().image_seconds + 90))
    other = waits(snapshots["f05-tag-typo"], Dwell(claim_seconds=1))
    moved = {key[1]: slow[key] - wait for key, wait in usual.items() if slow[key] != wait}
    assert moved == {Cause.IMAGE_NOT_FOUND: timedelta(seconds=90)}
    assert other == usual


def test_no_failure_has_a_dwell_of_its_own(snapshots: Mapping[str, Snapshot]) -> None:
    assert set(own_numbers(snapshots)) == set()


def test_a_dwell_of_its_own_is_noticed(snapshots: Mapping[str, Snapshot]) -> None:
    usual = next(one for one in FAILURES if one.name == "node_pressure")

    def own(snapshot: Snapshot, context: Context) -> Iterator[Any]:
        for found in usual.find(snapshot, context):
            yield replace(found, opens_at=found.onset + timedelta(minutes=2))

    assert set(own_numbers(snapshots, [replace(usual, name="own", find=own)])) == {"own"}


@pytest.mark.parametrize("entry", [f.name for f in fields(Dwell) if f.name not in COUNTS])
def test_every_entry_moves_something(snapshots: Mapping[str, Snapshot], entry: str) -> None:
    longer = Dwell(**{entry: getattr(Dwell(), entry) * 1.5})
    assert any(waits(one, longer) != waits(one, Dwell()) for one in snapshots.values())
