"""What a detector on metrics is, and the registry of those there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from detection.anomaly.context import AnomalyView
from detection.domain.causes import CAUSES, PLACES, Cause, Precedence
from detection.domain.findings import Finding
from detection.metrics.history import Window
from detection.metrics.samples import Owners, Query


@dataclass(frozen=True)
class View:
    """What a detector sees: the metric window, the queries behind it, who owns what.

    `peaks`: series key → its highest value of the day before the window.
    """

    window: Window
    queries: Sequence[Query]
    now: datetime
    owners: Owners = field(default_factory=Owners)
    anomaly: AnomalyView = field(default_factory=AnomalyView)
    peaks: Mapping[str, float] = field(default_factory=dict)


class Detector(Protocol):
    """Finds what is wrong in a window; pure, no network, no database."""

    name: str

    def find(self, view: View) -> list[Finding]:
        """Findings whose signal is there now; a gap in the data neither opens nor ends one."""


class IncompleteDetector(TypeError):
    """A detector that lacks a part; the message names the class and the part."""


DETECTORS: dict[str, Detector] = {}
CAUSES_OF: dict[str, tuple[Cause, ...]] = {}
DetectorT = TypeVar("DetectorT", bound=type[Any])


def detector(*causes: Cause) -> Callable[[DetectorT], DetectorT]:
    """Register a class of detectors and the causes that it finds. Raises IncompleteDetector."""

    def register(cls: DetectorT) -> DetectorT:
        if lacks := list(_lacking(cls, causes)):
            raise IncompleteDetector(f"{cls.__name__} lacks {'; '.join(lacks)}")
        if cls.name in DETECTORS:
            raise IncompleteDetector(f"there is a detector {cls.name!r} already")
        DETECTORS[cls.name], CAUSES_OF[cls.name] = cls(), causes
        return cls

    return register


def detectors() -> tuple[Detector, ...]:
    """In the order of their causes, whatever the order of the files."""
    return tuple(sorted(DETECTORS.values(), key=lambda one: PLACES[CAUSES_OF[one.name][0]]))


def _lacking(cls: type[Any], causes: Sequence[Cause]) -> Iterator[str]:
    if not getattr(cls, "name", ""):
        yield "name: the detector's name in logs"
    if not callable(getattr(cls, "find", None)):
        yield "find(): its findings in a View"
    if not causes:
        yield "a cause: @detector(Cause.X)"
    for cause in causes:
        if cause not in CAUSES or CAUSES[cause].precedence != Precedence.METRIC:
            yield f"precedence METRIC of its cause {cause}: see detection/domain/causes.py"
