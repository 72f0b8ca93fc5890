"""Whatever a server leaves out or sets to null, a pass goes on."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import benchmarks
from tests.detection.builders import NODES, incidents, objects, snapshot_from

FOLDER = Path(benchmarks.__file__).parent


def everything() -> list[dict[str, Any]]:
    background = yaml.safe_load((FOLDER / "background.yaml").read_text())["objects"]
    found = [*NODES, *background]
    for path in sorted((FOLDER / "scenarios").glob("f*.yaml")):
        spec = yaml.safe_load(path.read_text())
        found += [*(spec.get("nodes") or []), *(spec.get("objects") or [])]
    return objects(found)


EVERYTHING = everything()


def damaged(value: Any, chance: float, dice: random.Random) -> Any:
    """The value with members and items dropped or null here and there."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k == "kind" or dice.random() >= chance}
        return {
            k: None if k != "kind" and dice.random() < chance else damaged(v, chance, dice)
            for k, v in kept.items()
        }
    if isinstance(value, list):
        return [None if dice.random() < chance else damaged(v, chance, dice) for v in value]
    return value


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), chance=st.sampled_from([0.01, 0.05, 0.2]))
def test_nulls_and_missing_fields_never_break_a_pass(seed: int, chance: float) -> None:
    dice = random.Random(seed)
    found = [damaged(obj, chance, dice) for obj in EVERYTHING]
    for incident in incidents(snapshot_from(found)):
        assert incident.owner.kind


def test_a_pass_over_objects_without_anything_finds_nothing_that_raises() -> None:
    bare = [{"kind": obj["kind"]} for obj in EVERYTHING]
    incidents(snapshot_from(bare))
