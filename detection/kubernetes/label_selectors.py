"""Label selectors as Kubernetes reads them: matchLabels and matchExpressions together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from detection.kubernetes.objects.core import Selector

OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


def selects(selector: Selector | None, labels: Mapping[str, str]) -> bool:
    """An empty selector selects everything; None selects nothing."""
    if selector is None or not has_labels(labels, selector.match_labels):
        return False
    return all(
        holds(one.operator, labels.get(one.key), one.values) for one in selector.match_expressions
    )


def has_labels(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether all of `wanted` are there: matchLabels, or the selector of a Service."""
    return all(labels.get(key) == value for key, value in wanted.items())


def holds(operator: str, value: str | None, values: Collection[Any]) -> bool:
    """One requirement on the `value` of a label; None: the label is not there."""
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False


def selector_of(raw: Mapping[str, Any] | None) -> Selector | None:
    """The selector of an object as the API server writes it. Raises msgspec.ValidationError."""
    if raw is None:
        return None
    given = {name: value for name, value in raw.items() if value is not None}
    return msgspec.convert(given, Selector)
