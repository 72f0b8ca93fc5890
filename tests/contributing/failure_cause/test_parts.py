"""The row "a new failure cause" of the newcomer's table: nothing of it can be forgotten."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from detection.domain.causes import Cause
from tests.contributing.failure_cause.parts import ROOT, Parts, lacking, parts_of_the_repository

FILE_OF = {
    "rows": "causes.py",
    "finders": "failures",
    "playbooks": "remediation/playbooks",
    "scenarios": "benchmarks/scenarios",
    "page": "docs/failures.md",
}


@pytest.fixture(scope="module")
def parts() -> Parts:
    return parts_of_the_repository()


def test_every_cause_has_all_its_parts(parts: Parts) -> None:
    assert [line for cause in Cause for line in lacking(cause, parts)] == []


@pytest.mark.parametrize("part", FILE_OF)
def test_a_cause_that_lacks_one_part_is_refused_with_the_file_to_edit(
    parts: Parts, part: str
) -> None:
    without = replace(parts, **{part: set(getattr(parts, part)) - {Cause.BAD_RELEASE}})
    (line,) = lacking(Cause.BAD_RELEASE, without)
    (path,) = [word for word in line.split() if word.endswith(FILE_OF[part])][:1]
    assert (ROOT / path).exists()


def test_a_name_alone_lacks_everything(parts: Parts) -> None:
    assert len(list(lacking("ALL_NEW", parts))) == len(FILE_OF) == len(fields(Parts)) - 1


def test_what_metrics_alone_say_needs_a_detector_and_no_scenario(parts: Parts) -> None:
    bare = replace(parts, finders=(), scenarios=())
    (line,) = lacking(Cause.METRIC_ANOMALY, bare)
    assert line.endswith("add a detector to detection/detectors")
    assert len(list(lacking(Cause.BAD_RELEASE, bare))) == 2
