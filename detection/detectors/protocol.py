"""What a detector on metrics is, and the list of those there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from detection.anomaly.context import AnomalyView
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


_REGISTRY: dict[str, Detector] = {}


def register(detector: Detector) -> Detector:
    """Add a detector under its name; a second one of that name is a bug."""
    if detector.name in _REGISTRY:
        raise ValueError(f"there is a detector {detector.name!r} already")
    _REGISTRY[detector.name] = detector
    return detector


def detectors() -> tuple[Detector, ...]:
    return tuple(_REGISTRY.values())
