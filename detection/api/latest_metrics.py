"""The latest metrics by entity, in pages."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from detection.metrics.history import MetricFrame
from detection.metrics.samples import Entity, parse_key


@dataclass(frozen=True)
class MetricsPage:
    """`metrics` is `namespace/kind/name` → values; `last` is where the next page begins."""

    metrics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    at: datetime | None = None
    last: str | None = None


@dataclass(frozen=True)
class MetricsFilter:
    """What the values are narrowed by, each exactly; '' is whatever there is."""

    namespace: str = ""
    entity_type: str = ""
    name: str = ""
    metric: str = ""

    def fits(self, metric: str, entity: Entity) -> bool:
        pairs = (
            (self.namespace, entity.namespace),
            (self.entity_type.lower(), entity.kind.lower()),
            (self.name, entity.name),
            (self.metric, metric),
        )
        return all(wanted in ("", found) for wanted, found in pairs)


def page(
    frame: MetricFrame | None, units: dict[str, str], after: str, limit: int, **wanted: str
) -> MetricsPage:
    """`limit` entities in the order of their names, from the first one behind `after`.

    `wanted` are the fields of `MetricsFilter`.
    """
    if frame is None:
        return MetricsPage()
    found: dict[str, list[dict[str, Any]]] = {}
    fits = MetricsFilter(**wanted).fits
    for key, value in frame.values.items():
        metric, entity = parse_key(key)
        if not fits(metric, entity):
            continue
        one = _value(metric, entity, value, units, frame.pods.get(key, ""))
        found.setdefault(entity_name(entity), []).append(one)
    names = sorted(name for name in found if name > after)
    shown, more = names[:limit], len(names) > limit
    at = datetime.fromtimestamp(frame.at, UTC)
    return MetricsPage({name: found[name] for name in shown}, at, shown[-1] if more else None)


def entity_name(entity: Entity) -> str:
    return f"{entity.namespace}/{entity.kind.lower()}/{entity.name}"


def _value(
    metric: str, entity: Entity, value: float, units: dict[str, str], pod: str
) -> dict[str, Any]:
    return {
        "metric": metric,
        "container": entity.container,
        "value": value if math.isfinite(value) else None,
        "unit": units.get(metric, ""),
        "pod": pod,
    }
