"""The row "a threshold": one entry of the table of dwell times says when a finding opens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.detection.scenarios import load_scenarios, logs_of, objects_of
from detection import failures
from detection.domain.causes import Cause
from detection.domain.findings import Finding
from detection.failures import FAILURES, Context, Dwell
from detection.failures.registry import Failure
from detection.snapshot import Snapshot
from tests.detection.builders import NOW, snapshot_from

Key = tuple[str, Cause, str]


def snapshots(only: str = "") -> Iterator[Snapshot]:
    """Of all scenarios that have this in their name."""
    for scenario in load_scenarios(only):
        objects = objects_of(scenario, NOW)
        logs = {key[:3]: text for key, text in logs_of(scenario, objects).items()}
        yield replace(snapshot_from(objects), logs=logs)


def waits(
    snapshot: Snapshot, dwell: Dwell, functions: list[Failure] = FAILURES
) -> dict[Key, timedelta]:
    """By failure function, cause and owner: how long after its onset a finding opens."""
    return {
        (one.name, found.cause, str(found.owner)): found.opens_at - found.onset
        for one in functions
        for found in one.find(snapshot, Context(snapshot.at, dwell))
    }


def own_numbers(only: str = "", functions: list[Failure] = FAILURES) -> Iterator[str]:
    """Functions that wait, and just as long when every entry of the table is half as long again."""
    longer = Dwell().scaled(1.5)
    for snapshot in snapshots(only):
        usual, slow = waits(snapshot, Dwell(), functions), waits(snapshot, longer, functions)
        yield from (key[0] for key, wait in usual.items() if wait and slow.get(key) == wait)


def test_one_entry_moves_when_a_finding_opens() -> None:
    (snapshot,) = snapshots("f05-tag-typo")
    usual = waits(snapshot, Dwell())
    slow = waits(snapshot, Dwell(image_seconds=Dwell().image_seconds + 90))
    moved = {key[1]: slow[key] - wait for key, wait in usual.items() if slow[key] != wait}
    assert moved == {Cause.IMAGE_NOT_FOUND: timedelta(seconds=90)}
    assert waits(snapshot, Dwell(claim_seconds=1)) == usual


@pytest.mark.timeout(600)
def test_no_failure_has_a_dwell_of_its_own() -> None:
    assert set(own_numbers()) == set()


def test_a_dwell_of_its_own_is_noticed() -> None:
    usual = next(one for one in FAILURES if one.name == "node_pressure")

    def own(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
        for found in usual.find(snapshot, context):
            yield replace(found, opens_at=found.onset + timedelta(minutes=2))

    scenario = "f53-disk-pressure"
    assert set(own_numbers(scenario, [usual])) == set()
    assert set(own_numbers(scenario, [replace(usual, name="own", find=own)])) == {"own"}


def test_every_entry_of_the_table_is_read_by_a_failure() -> None:
    folder = Path(str(failures.__file__)).parent
    text = "".join(path.read_text() for path in folder.rglob("*.py"))
    read = set(re.findall(r"\bdwell\.(\w+)", text)) - {"scaled"}
    assert read == {entry.name for entry in fields(Dwell)}
