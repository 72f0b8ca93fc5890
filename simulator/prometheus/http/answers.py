"""Query results as the API's JSON objects."""

import numpy as np

from simulator.prometheus.http.formats import sample, seconds
from simulator.prometheus.storage.labels import identity
from simulator.prometheus.storage.samples import Floats, Frame, Selection, Value

Json = dict[str, object]


def success(data: object) -> Json:
    """The envelope of an answer."""
    return {"status": "success", "data": data}


def failure(kind: str, message: str) -> Json:
    """The envelope of an error."""
    return {"status": "error", "errorType": kind, "error": message}


def instant(value: Value, time_ms: int) -> Json:
    """A vector, scalar or string at one time."""
    at = seconds(time_ms)
    if isinstance(value, str):
        return {"resultType": "string", "result": [at, value]}
    if isinstance(value, Frame):
        return {"resultType": "vector", "result": _vector(value, at)}
    return {"resultType": "scalar", "result": [at, sample(float(value[0]))]}


def raw(selection: Selection) -> Json:
    """The samples of a range vector."""
    result: list[Json] = []
    for row, labels in enumerate(selection.labels):
        low, high = selection.bounds[row], selection.bounds[row + 1]
        times, values = selection.times_ms[low:high], selection.values[low:high]
        result.append({"metric": labels, "values": _points(times.tolist(), values.tolist())})
    return _matrix(result)


def over_range(value: Frame | Floats, times_ms: list[int]) -> Json:
    """A vector or scalar at each time of a range."""
    if isinstance(value, Frame):
        return _matrix([_series_json(value, row, times_ms) for row in range(len(value.labels))])
    return _matrix([{"metric": {}, "values": _points(times_ms, value.tolist())}])


def _vector(frame: Frame, at: float) -> list[Json]:
    rows = np.flatnonzero(frame.present[:, 0])
    values = frame.values[:, 0].tolist()
    return [{"metric": frame.labels[row], "value": [at, sample(values[row])]} for row in rows]


def _series_json(frame: Frame, row: int, times_ms: list[int]) -> Json:
    steps = np.flatnonzero(frame.present[row])
    values = frame.values[row][steps].tolist()
    points = _points([times_ms[step] for step in steps], values)
    return {"metric": frame.labels[row], "values": points}


def _points(times_ms: list[int], values: list[float]) -> list[list[object]]:
    pairs = zip(times_ms, values, strict=True)
    return [[seconds(time_ms), sample(value)] for time_ms, value in pairs]


def _matrix(result: list[Json]) -> Json:
    ordered = sorted((row for row in result if row["values"]), key=_labels_of)
    return {"resultType": "matrix", "result": ordered}


def _labels_of(row: Json) -> tuple[tuple[str, str], ...]:
    metric = row["metric"]
    return identity(metric) if isinstance(metric, dict) else ()
