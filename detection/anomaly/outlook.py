"""What the detector knows about one entity, beside its findings: for the page and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from detection.anomaly.history_join import Owner
from detection.anomaly.level_change import LevelChange
from detection.domain.arrays import Bools, Floats, Ints

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Outlook:
    """`false_alarms`: alarms in the `history_hours` of its own that was looked at; None: not yet.

    `changed`: levels that changed; `ended`: changes that are over, as the level went back.
    """

    owner: Owner
    known_since: datetime
    false_alarms: int | None = None
    history_hours: float = 0.0
    changed: tuple[LevelChange, ...] = ()
    ended: tuple[LevelChange, ...] = ()


@dataclass
class Notebook:
    """What one pass noted: the first sample of each owner, and its closer looks."""

    first_seen: dict[Owner, datetime] = field(default_factory=dict)
    looks: list[Outlook] = field(default_factory=list)


def runs(alarm: Bools) -> int:
    """How often an alarm began."""
    return int((np.diff(alarm.astype(np.int8), prepend=0) == 1).sum())


def first_sample(values: Floats, times: Floats) -> datetime | None:
    """When anything of it was first measured. `values` [samples, metrics]."""
    known = np.flatnonzero(np.isfinite(values).any(axis=1))
    return datetime.fromtimestamp(float(times[known[0]]), UTC) if len(known) else None


def first_samples(
    owners: Sequence[Owner], groups: Ints, values: Any, times: Floats
) -> dict[Owner, datetime]:
    """When each owner was first measured within the window. `values` [series, samples]."""
    finite = np.isfinite(values)
    first = np.where(finite.any(axis=1), finite.argmax(axis=1), len(times))
    earliest = np.full(len(owners), len(times))
    np.minimum.at(earliest, groups, first)
    return {
        owner: datetime.fromtimestamp(float(times[at]), UTC)
        for owner, at in zip(owners, earliest, strict=True)
        if at < len(times)
    }
