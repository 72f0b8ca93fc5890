"""What a failure cause consists of, and the file to edit for each part that it lacks.

`python -m tests.contributing.failure_cause` prints what is lacking in this repository.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from benchmarks.detection.scenarios import FILES, load_scenarios
from detection import detectors, failures
from detection.detectors.protocol import CAUSES_OF
from detection.domain import causes
from detection.domain.causes import CAUSES, Cause, Precedence
from detection.failures import FAILURES, docs_table
from remediation import playbooks
from remediation.playbooks import PLAYBOOKS

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "failures.md"
FOUND_ELSEWHERE = {Cause.BARE_POD_FAILING, Cause.EXTERNAL_ALERT}


@dataclass(frozen=True)
class Parts:
    """The causes that have each part; `signals` are told by metrics and alerts alone.

    The registry itself finds BARE_POD_FAILING, and Alertmanager's webhook EXTERNAL_ALERT.
    """

    rows: Collection[str]
    signals: Collection[str]
    finders: Collection[str]
    playbooks: Collection[str]
    scenarios: Collection[str]
    page: Collection[str]


def parts_of_the_repository() -> Parts:
    return Parts(
        rows=set(CAUSES),
        signals={c for c, row in CAUSES.items() if row.precedence == Precedence.METRIC},
        finders={cause for found in finders() for cause in found} | FOUND_ELSEWHERE,
        playbooks=set(PLAYBOOKS),
        scenarios={one["causes"][0] for case in load_scenarios() for one in case.expected},
        page={cell for line in PAGE.read_text().splitlines() for cell in line.split("`")},
    )


def finders() -> Iterator[tuple[Cause, ...]]:
    """The causes of each failure function and of each detector."""
    yield from (entry.causes for entry in FAILURES)
    yield from CAUSES_OF.values()


def lacking(cause: str, parts: Parts) -> Iterator[str]:
    """A line for each part that the cause lacks."""
    if cause not in parts.rows:
        yield f"{cause} has no place in the order of causes: add its row to {shown(causes)}"
    if cause not in parts.playbooks:
        yield f"{cause} has no playbook: add one to the file of its topic in {shown(playbooks)}"
    if cause not in parts.page:
        command = f"python -m {docs_table.__name__} > {shown(PAGE)}"
        yield f"{cause} is not documented: make {shown(PAGE)} anew with {command}"
    if cause not in parts.finders:
        yield f"{cause} is found by nothing: add {_finder(cause in parts.signals)}"
    if cause not in parts.scenarios and cause not in parts.signals:
        yield f"{cause} has no scenario: add a file that expects it first to {shown(FILES)}"


def _finder(is_signal: bool) -> str:
    if is_signal:
        return f"a detector to {shown(detectors)}"
    return f"a function to a file in {shown(failures)}"


def shown(place: ModuleType | Path) -> str:
    """The file, or the folder of a package, as seen from the root of the repository."""
    path = place if isinstance(place, Path) else Path(str(place.__file__))
    return (path.parent if path.name == "__init__.py" else path).relative_to(ROOT).as_posix()
