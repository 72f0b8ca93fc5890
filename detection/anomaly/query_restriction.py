"""A metric query that answers for some owners alone, and whose a series was.

The query's own text stays as it is: its series get a label of all that may name their entity, and
those whose label matches are kept. It may match some more; `entity_among` says exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from detection.metrics.promql import escape_regex, quote
from detection.metrics.samples import NODE_LABELS, WORKLOAD_LABELS, Entity, Owners, Query, entity_of

NAMED, PICKED = "kubewise_named", "kubewise_picked"
Owner = tuple[str, str, str]
_RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"  # the letters that Kubernetes makes names of
_PODS = {
    "Deployment": re.compile(rf"-{_RANDOM}{{6,10}}-{_RANDOM}{{5}}"),
    "DaemonSet": re.compile(rf"-{_RANDOM}{{5}}"),
    "StatefulSet": re.compile(r"-[0-9]{1,5}"),
}


def restricted(query: Query, owners: Iterable[Owner]) -> str:
    """`query` for these owners; every name is escaped."""
    names = ", ".join(quote(label) for label in _naming(query))
    matching = quote("|".join(_pattern(query, owner) for owner in owners))
    named = f'label_join(\n{query.query}\n, "{NAMED}", "/", {names})'
    marked = f'label_replace({named}, "{PICKED}", "1", "{NAMED}", {matching})'
    return f'{marked} and on ({PICKED}) label_replace(vector(1), "{PICKED}", "1", "", "")'


def entity_among(
    query: Query, labels: Mapping[str, str], owners: Owners, wanted: Iterable[Owner]
) -> Entity | None:
    """The entity of a series of `restricted`, where it belongs to a wanted owner.

    A pod that is gone belongs to the controller whose pods have such names.
    """
    own = {name: value for name, value in labels.items() if name not in (NAMED, PICKED)}
    entity = entity_of(query, own, owners)
    if entity is None or entity[:3] in wanted:
        return entity
    if entity.kind == "Pod":
        for kind, namespace, name in wanted:
            if namespace == entity.namespace and _is_pod_name_of(kind, name, entity.name):
                return entity._replace(kind=kind, name=name)
    return None


def _is_pod_name_of(kind: str, name: str, pod: str) -> bool:
    """Whether a controller gives its pods such names."""
    rest = _PODS.get(kind)
    return bool(rest and pod.startswith(name) and rest.fullmatch(pod[len(name) :]))


def _pattern(query: Query, owner: Owner) -> str:
    _, namespace, name = owner
    more = {"pod": "(-[^/]*)?", "node": "(:[0-9]+)?"}.get(query.entity_kind, "")
    within = f"(.*/)?{escape_regex(namespace)}/" if namespace else ""
    return f"{within}(.*/)?{escape_regex(name)}{more}(/.*)?"


def _naming(query: Query) -> list[str]:
    """The labels that may name the entity: namespace first, then the name."""
    if query.entity_kind == "node":
        return [query.labels["node"]] if "node" in query.labels else list(NODE_LABELS)
    namespace = _either(query, "namespace")
    if query.entity_kind == "workload":
        if "name" in query.labels:
            return [*namespace, query.labels["name"]]
        return [*namespace, *(f"exported_{one}" for one in WORKLOAD_LABELS), *WORKLOAD_LABELS]
    part = "pod" if query.entity_kind == "pod" else "persistentvolumeclaim"
    return [*namespace, *_either(query, part)]


def _either(query: Query, part: str) -> list[str]:
    return [query.labels[part]] if part in query.labels else [f"exported_{part}", part]
