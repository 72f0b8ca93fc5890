"""One hostile object of each kind: every other workload is judged, in about the same time."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.hostile.kinds import KINDS, Kind
from benchmarks.hostile.passes import Outcome, passes
from tests.detection.builders import NOW

pytestmark = pytest.mark.django_db
FEW, MANY = 10, 60
# A pass over so few workloads is short: what all thirty kinds cost weighs more than in the bench.
MOST_TIMES, FLOOR_SECONDS = 6.0, 10.0


@pytest.fixture(autouse=True)
def scan_only(settings: Any) -> None:
    settings.PROMETHEUS_URL = ""


def _only_objects(outcome: Outcome) -> bool:
    return all(name.startswith("object/") for name in outcome.blind)


def test_there_are_thirty_kinds() -> None:
    assert len({kind.name for kind in KINDS}) == 30


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_hostile_object_hides_nobody_else(kind: Kind) -> None:
    found = passes(FEW, [kind], NOW, "one")
    assert found.missed == 0
    assert _only_objects(found) or kind.name == "a name that is a map", found.blind


def test_all_of_them_at_once_hide_nobody_and_cost_little() -> None:
    well = passes(MANY, (), NOW, "without")
    hostile = passes(MANY, KINDS, NOW, "with")
    assert hostile.missed == 0
    assert hostile.seconds < max(FLOOR_SECONDS, MOST_TIMES * well.seconds)
