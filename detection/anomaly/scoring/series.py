"""The samples of one entity, as scoring and training see them."""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Series:
    """One entity: `values` [samples, metrics] as given (NaN: not measured), in time order.

    `rows` are the numbers of the samples' rows in the file, `train` says which may be fitted on.
    `ticks` are the numbers of the samples' steps, `days` the lengths that a day may have in steps;
    without them no daily pattern is looked for.
    """

    entity: str
    group: str
    metrics: tuple[str, ...]
    values: Floats
    train: Bools
    labels: Ints
    rows: Ints
    step_seconds: float
    ticks: Ints | None = None
    days: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Entity, with the day where the file has days."""
        return f"{self.entity} {self.group}".strip()
