"""The row "a detector on metrics": one file finds, once its cause has all its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from detection import detectors
from detection.detectors.protocol import IncompleteDetector, View, detector
from detection.domain import causes
from detection.domain.causes import Cause
from detection.domain.findings import Finding
from detection.failures import docs_table
from remediation.playbooks import metrics
from tests.contributing.failure_cause.parts import PAGE, shown
from tests.contributing.repository_copy import CHECK, append, edit, run

NAME = '    METRIC_SILENT = "METRIC_SILENT"\n'
ROW = '    CauseInfo(Cause.METRIC_SILENT, "", "A node tells no metrics", P.METRIC),\n'
PLAYBOOK = "\nPLAYBOOKS[Cause.METRIC_SILENT] = SIGNAL\n"
DETECTOR = """
from detection.detectors.protocol import View, detector
from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding, ObjectRef


@detector(Cause.METRIC_SILENT)
class Silence:
    name = "silence"

    def find(self, view: View) -> list[Finding]:
        if view.window.keys:
            return []
        node = ObjectRef("Node", "", "n1", "u")
        text = "Node n1 tells nothing"
        return [Finding(Cause.METRIC_SILENT, node, Severity.INFO, text, view.now, view.now)]
"""
LOOK = """
import datetime, os
import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
from detection.detectors import View, find_in
from detection.metrics.history import window_of

for found in find_in(View(window_of([]), [], datetime.datetime.now(datetime.UTC))):
    print(found.cause, found.summary)
"""


@pytest.mark.timeout(600)
def test_a_file_finds_once_its_cause_has_all_its_parts(copy: Path) -> None:
    edit(copy, causes, '    METRIC_ANOMALY = "METRIC_ANOMALY"\n', NAME)
    anomaly = '    CauseInfo(Cause.METRIC_ANOMALY, "", "Its metrics look unusual", P.METRIC),\n'
    edit(copy, causes, anomaly, ROW)
    assert refused(copy) == ["detection/detectors", shown(PAGE), "remediation/playbooks"]
    (copy / shown(detectors) / "silence.py").write_text(DETECTOR)
    (copy / shown(PAGE)).write_text(run(copy, docs_table.__name__).stdout)
    append(copy, metrics, PLAYBOOK)
    assert refused(copy) == []
    (copy / "look.py").write_text(LOOK)
    found = run(copy, "look")
    assert found.stdout == "METRIC_SILENT Node n1 tells nothing\n", found.stderr


def refused(copy: Path) -> list[str]:
    """The files that are named for METRIC_SILENT, which is all that lacks anything."""
    done = run(copy, CHECK)
    assert bool(done.returncode) == bool(done.stdout), done.stderr
    lines = done.stdout.splitlines()
    assert all(line.startswith("METRIC_SILENT") for line in lines), done.stdout
    named = ("detection/detectors", shown(PAGE), "remediation/playbooks")
    return [file for file in named if any(file in line for line in lines)]


class Whole:
    name = "whole"

    def find(self, view: View) -> list[Finding]:
        return []


def without(part: str) -> type[Any]:
    return type("Silence", (), {key: vars(Whole)[key] for key in {"name", "find"} - {part}})


@pytest.mark.parametrize(
    ("part", "given", "named"),
    [
        ("name", (Cause.METRIC_ANOMALY,), "Silence lacks name: the detector's name in logs"),
        ("find", (Cause.METRIC_ANOMALY,), "Silence lacks find(): its findings in a View"),
        ("", (), "Silence lacks a cause: @detector(Cause.X)"),
        ("", (Cause.BAD_RELEASE,), "Silence lacks precedence METRIC of its cause BAD_RELEASE"),
    ],
)
def test_a_detector_that_lacks_something_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, part: str, given: tuple[Cause, ...], named: str
) -> None:
    monkeypatch.setattr("detection.detectors.protocol.DETECTORS", {})
    monkeypatch.setattr("detection.detectors.protocol.CAUSES_OF", {})
    with pytest.raises(IncompleteDetector) as error:
        detector(*given)(without(part))
    assert str(error.value).startswith(named)
    detector(Cause.METRIC_ANOMALY)(without(""))
    assert [one.name for one in detectors.detectors()] == ["whole"]
