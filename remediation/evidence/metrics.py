"""How the owner's metrics went within the window, in numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from detection.domain.units import counted, duration, with_unit
from detection.metrics.history import MetricFrame
from detection.metrics.samples import Query, parse_key
from remediation.evidence.pack import Item, Scene

MOST_TRENDS = 8


def trend_items(scene: Scene) -> Iterator[Item]:
    """One line a series of this owner; those beyond their threshold first."""
    owner, queries = scene.finding.owner, {query.name: query for query in scene.queries}
    keys = dict.fromkeys(key for frame in scene.frames for key in frame.values)
    found: list[tuple[bool, str]] = []
    for key in keys:
        metric, entity = parse_key(key)
        same = (entity.kind, entity.namespace, entity.name) == (
            owner.kind, owner.namespace, owner.name,
        )  # fmt: skip
        if same and metric in queries:
            found += _line(queries[metric], entity.container, _points(scene.frames, key))
    lines = [line for _, line in sorted(found, key=lambda one: not one[0])[:MOST_TRENDS]]
    if lines:
        yield Item("metrics", "\n".join(lines))


def _points(frames: Sequence[MetricFrame], key: str) -> list[tuple[float, float]]:
    points = [(frame.at, frame.values.get(key, math.nan)) for frame in frames]
    return [(at, value) for at, value in points if not math.isnan(value)]


def _line(
    query: Query, container: str, points: list[tuple[float, float]]
) -> list[tuple[bool, str]]:
    """Whether it breaches, and the sentence; nothing for a single point that is well."""
    if not points:
        return []
    values = [value for _, value in points]
    breached = any(query.breaches(value) for value in values)
    if len(values) < 2 and not breached:
        return []
    name = f"{query.name} of {container}" if container else query.name
    span = duration(points[-1][0] - points[0][0])
    numbers = (
        f"first {with_unit(values[0], query.unit)}, lowest {with_unit(min(values), query.unit)}, "
        f"highest {with_unit(max(values), query.unit)}, last {with_unit(values[-1], query.unit)}"
    )
    limit = "" if query.threshold is None else f", bad {query.direction} " + with_unit(
        query.threshold, query.unit
    )  # fmt: skip
    return [(breached, f"{name} over {span} in {counted(len(values), 'point')}: {numbers}{limit}")]
