"""Parquet files of samples: read into series, written back with scores. Never in a detect worker.

The format: one row per entity and sample, `entity`, `split` ("train" may be fitted on, "test" is
scored), a time (`ts` in epoch seconds or `t`, a sample's number), any float columns as metrics.
`label`, `event_id`, `app`, `day` and `pod` are known names; entity and day make one series.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from detection.anomaly.scoring.series import Series
from detection.domain.arrays import Bools, Floats, Ints

KNOWN = frozenset(
    {"entity", "app", "day", "pod", "ts", "t", "label", "event_id", "split", "score", "alarm"}
)
DEFAULT_STEP_SECONDS = 60.0
USUAL_STEPS_SECONDS = (60, 300)
DAY_SECONDS = 86_400


class WrongData(ValueError):
    """A file that is not in the format above; the message says what is missing."""


def read(path: Path) -> tuple[pa.Table, list[Series]]:
    """The table as it is and its series. Raises WrongData, also for a file that is not parquet."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise WrongData(f"{path} can't be read as parquet: {error}") from error
    missing = sorted({"entity", "split"} - set(table.column_names))
    if missing:
        raise WrongData(f"{path} lacks the columns {', '.join(missing)}")
    return table, series_of(table, str(path))


def series_of(table: pa.Table, where: str) -> list[Series]:
    """One Series for each entity and day; WrongData where there is no metric or no time."""
    metrics = metric_columns(table)
    if not metrics:
        raise WrongData(f"{where} has no column with numbers that could be a metric")
    time = _time(table, where)
    entities, days = _texts(table, "entity"), _texts(table, "day")
    train = np.array(_texts(table, "split")) == "train"
    values = np.column_stack([_numbers(table, name) for name in metrics])
    labels = _labels(table)
    step = None if "ts" in table.column_names else DEFAULT_STEP_SECONDS
    found = []
    for (entity, day), rows in _groups(entities, days).items():
        rows = rows[np.lexsort((time[rows], ~train[rows]))] if step else _by_time(rows, time)
        every = step or _spacing(time[rows])
        found.append(
            Series(
                entity, day, metrics, values[rows], train[rows], labels[rows], rows, every,
                ticks=_ticks(time[rows], 1.0 if step else every),
                days=_possible_days() if step else days_of(every),
            )
        )  # fmt: skip
    return found


def _ticks(time: Floats, step: float) -> Ints:
    return np.asarray(np.round(np.nan_to_num(time) / max(step, 1e-9)), dtype=np.int64)


def days_of(step_seconds: float) -> tuple[int, ...]:
    """The length of a day in samples, where the step is known and divides it."""
    samples = round(DAY_SECONDS / step_seconds) if step_seconds > 0 else 0
    return (samples,) if samples >= 1 else ()


def _possible_days() -> tuple[int, ...]:
    """Where a sample has a number and no time: of the steps that the model was trained on."""
    return tuple(DAY_SECONDS // step for step in USUAL_STEPS_SECONDS)


def metric_columns(table: pa.Table) -> tuple[str, ...]:
    """The columns with numbers that have no other meaning."""
    return tuple(
        field.name
        for field in table.schema
        if field.name not in KNOWN
        and (pa.types.is_floating(field.type) or pa.types.is_integer(field.type))
    )


def write_scores(table: pa.Table, scores: Floats, alarms: Bools, path: Path) -> None:
    """The same rows in the same order, with `score` and `alarm` added or replaced."""
    kept = [name for name in table.column_names if name not in ("score", "alarm")]
    scored = table.select(kept)
    scored = scored.append_column("score", pa.array(scores, pa.float64()))
    scored = scored.append_column("alarm", pa.array(alarms, pa.bool_()))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(scored, path)


def _groups(entities: Sequence[str], days: Sequence[str]) -> dict[tuple[str, str], Ints]:
    rows: dict[tuple[str, str], list[int]] = {}
    for at, key in enumerate(zip(entities, days, strict=True)):
        rows.setdefault(key, []).append(at)
    return {key: np.array(found, dtype=np.int64) for key, found in rows.items()}


def _by_time(rows: Ints, time: Floats) -> Ints:
    return np.asarray(rows[np.argsort(time[rows], kind="stable")], dtype=np.int64)


def _time(table: pa.Table, where: str) -> Floats:
    for name in ("ts", "t"):
        if name in table.column_names:
            return _numbers(table, name)
    raise WrongData(f"{where} has no time: neither a column ts nor t")


def _texts(table: pa.Table, name: str) -> list[str]:
    if name not in table.column_names:
        return [""] * table.num_rows
    return ["" if value is None else str(value) for value in table[name].to_pylist()]


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(zero_copy_only=False))


def _labels(table: pa.Table) -> Ints:
    if "label" not in table.column_names:
        return np.zeros(table.num_rows, dtype=np.int64)
    return np.asarray(table["label"].to_numpy(zero_copy_only=False), dtype=np.int64)


def _spacing(time: Floats) -> float:
    """Seconds between samples, as usual as they are."""
    return float(np.median(np.diff(np.sort(time)))) if len(time) > 1 else DEFAULT_STEP_SECONDS
