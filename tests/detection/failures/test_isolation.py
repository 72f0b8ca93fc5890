"""An object on which a failure function breaks is named; all others are judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from detection.failures import FAILURES, Context, find_all, isolation, registry
from detection.failures.registry import Failure
from detection.snapshot import Snapshot
from tests.detection.builders import NOW, crash, snapshot_of

WELL = [
    {"deployment": f"d{n}", "revisions": [{"pods": [{"age": "1h", "containers": crash()}]}]}
    for n in range(12)
]


def breaking_on(*names: str) -> Failure:
    """Crash loops, as found by the product, unless a pod of such a name is among them."""
    crashes = next(one for one in FAILURES if Cause.CRASH_STABLE_REVISION in one.causes)

    def find(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
        for pod in snapshot.pods:
            if any(pod.metadata.name.startswith(name) for name in names):
                raise TypeError(f"{pod.metadata.name} can't be read")
        yield from crashes.find(snapshot, context)

    return Failure("crashes", crashes.causes, find)


def owners(snapshot: Snapshot) -> set[str]:
    return {one.owner.name for one in find_all(snapshot, Context(NOW))}


@pytest.mark.parametrize("bad", [(), ("d3",), ("d0", "d11"), ("d2", "d5", "d7")])
def test_all_but_the_culprits_are_judged(
    monkeypatch: pytest.MonkeyPatch, bad: tuple[str, ...]
) -> None:
    monkeypatch.setattr(registry, "FAILURES", [breaking_on(*(f"{name}-" for name in bad))])
    snapshot = snapshot_of(*WELL)
    assert owners(snapshot) >= {f"d{n}" for n in range(12)} - set(bad)
    assert set(snapshot.blind) == {f"object/shop/Deployment/{d}" for d in bad}
    for name, said in snapshot.blind.items():
        assert said.startswith("could not be judged: Pod shop/")
        assert f"/{name.rpartition('/')[2]}-" in said


def test_the_snapshot_itself_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "FAILURES", [breaking_on("d3-")])
    snapshot = snapshot_of(*WELL)
    before = len(snapshot.pods)
    owners(snapshot)
    assert len(snapshot.pods) == before


def test_more_culprits_than_it_looks_for_are_a_blind_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "FAILURES", [breaking_on("d")])
    monkeypatch.setattr(isolation, "MOST_CULPRITS", 10)
    snapshot = snapshot_of(*WELL)
    assert owners(snapshot) == set()
    assert snapshot.blind["detection/crashes"].startswith("TypeError")


def test_a_few_calls_find_one_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    entry = breaking_on("d7-")

    def counted(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
        calls.append(1)
        yield from entry.find(snapshot, context)

    monkeypatch.setattr(registry, "FAILURES", [replace(entry, find=counted)])
    owners(snapshot_of(*WELL))
    assert len(calls) <= 12
