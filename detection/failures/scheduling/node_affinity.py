"""Which nodes a pod may be placed on, by the objects themselves rather than the scheduler's words.

Resources, volumes and other pods are not looked at: about those the scheduler's message decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from detection.kubernetes.label_selectors import OPERATORS, has_labels, holds
from detection.kubernetes.objects import core as o

UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable"
LIFECYCLE = "node.kubernetes.io/"
# https://kubernetes.io/docs/reference/labels-annotations-taints/
STATES = (LIFECYCLE, "node.cloudprovider.kubernetes.io/", "node.cilium.io/agent-not-ready")
OLD_ROLE = "kubernetes.io/role"
CONTROL_PLANE = frozenset(
    {
        "node-role.kubernetes.io/control-plane",
        "node-role.kubernetes.io/master",
        "node-role.kubernetes.io/controlplane",
        "node-role.kubernetes.io/etcd",
    }
)
KEEPS_AWAY = frozenset({"NoSchedule", "NoExecute"})


def parsed_json(raw: bytes) -> Any:
    """What a raw part of a spec holds; None where it is not set or can't be read."""
    try:
        return json.loads(bytes(raw) or b"null")
    except (ValueError, RecursionError):
        return None


def matches_selector(pod: o.Pod, node: o.Node) -> bool:
    """`nodeSelector` and the required node affinity."""
    labels = node.metadata.labels
    return has_labels(labels, pod.spec.node_selector) and _meets_any(_required_terms(pod), node)


def _required_terms(pod: o.Pod) -> list[Any]:
    found: Any = parsed_json(pod.spec.affinity)
    for key in ("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"):
        found = found.get(key) if isinstance(found, dict) else None
    terms = found.get("nodeSelectorTerms") if isinstance(found, dict) else None
    return terms if isinstance(terms, list) else []


def asks_for_labels(pod: o.Pod) -> bool:
    return bool(pod.spec.node_selector) or bool(_required_terms(pod))


def _dicts(value: Any) -> list[dict[str, Any]]:
    """Raw parts may hold anything, null too."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _meets_any(terms: Sequence[Any], node: o.Node) -> bool:
    return not terms or any(_meets(term, node) for term in terms if isinstance(term, dict))


def _meets(term: Mapping[str, Any], node: o.Node) -> bool:
    labels = node.metadata.labels
    by_label = [_holds(one, labels) for one in _dicts(term.get("matchExpressions"))]
    own = {"metadata.name": node.metadata.name}
    by_field = [_holds(one, own) for one in _dicts(term.get("matchFields"))]
    return bool(by_label or by_field) and all((*by_label, *by_field))


def _holds(one: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """A node's labels can be compared, too. What no operator is keeps no pod away."""
    given = one.get("values")
    value, values = labels.get(str(one.get("key"))), given if isinstance(given, list) else []
    operator = one.get("operator")
    if operator in ("Gt", "Lt"):
        return _compares(operator, value, values)
    return operator not in OPERATORS or holds(operator, value, values)


def _compares(operator: str, value: str | None, values: Sequence[Any]) -> bool:
    try:
        left, right = int(value or ""), int(values[0])
    except (ValueError, IndexError, TypeError):
        return False
    return left > right if operator == "Gt" else left < right


def untolerated(pod: o.Pod, node: o.Node) -> list[o.Taint]:
    """Taints that keep this pod away, a cordon's own left out."""
    found = parsed_json(pod.spec.tolerations)
    tolerations = _dicts(found)
    return [
        taint
        for taint in node.spec.taints
        if taint.effect in KEEPS_AWAY
        and taint.key != UNSCHEDULABLE_TAINT
        and not any(_tolerates(one, taint) for one in tolerations)
    ]


def _tolerates(one: Mapping[str, Any], taint: o.Taint) -> bool:
    if one.get("effect") and one["effect"] != taint.effect:
        return False
    if not one.get("key"):
        return one.get("operator") == "Exists"
    if one["key"] != taint.key:
        return False
    return one.get("operator") == "Exists" or (one.get("value") or "") == taint.value


def required_labels(pod: o.Pod) -> list[str]:
    """What the Pod spec asks of a node, one text a requirement: `disk=ssd`, `zone In a, b`."""
    selector = [f"{key}={value}" for key, value in sorted(pod.spec.node_selector.items())]
    terms = [term for term in _required_terms(pod) if isinstance(term, dict)]
    rules = [
        _requirement_text(one)
        for term in terms
        for name in ("matchExpressions", "matchFields")
        for one in _dicts(term.get(name))
    ]
    return [*selector, *dict.fromkeys(rules)]


def _requirement_text(one: Mapping[str, Any]) -> str:
    given = one.get("values")
    values = [str(value) for value in given] if isinstance(given, list) else []
    return f"{one.get('key')} {one.get('operator')} {', '.join(values[:10])}".rstrip()


def required_keys(pod: o.Pod) -> list[str]:
    """The labels that it asks for, by key."""
    terms = [term for term in _required_terms(pod) if isinstance(term, dict)]
    rules = [str(r.get("key")) for term in terms for r in _dicts(term.get("matchExpressions"))]
    return list(dict.fromkeys([*sorted(pod.spec.node_selector), *rules]))


def nodes_have(nodes: Iterable[o.Node], key: str) -> str:
    """Which values of a label the nodes have, for a person to compare."""
    values = sorted({n.metadata.labels[key] for n in nodes if key in n.metadata.labels})
    return f"nodes have {key}={', '.join(values[:10])}" if values else f"no node has a label {key}"


def dedicated(taints: Iterable[o.Taint]) -> list[o.Taint]:
    """Without those that say how the node is (not ready, under pressure)."""
    return [taint for taint in taints if not is_about_state(taint)]


def cordoned_for(pod: o.Pod, nodes: Iterable[o.Node]) -> list[o.Node]:
    """Cordoned nodes that would otherwise do for this pod."""
    return [
        node
        for node in nodes
        if node.spec.unschedulable and matches_selector(pod, node) and not untolerated(pod, node)
    ]


def is_control_plane(node: o.Node) -> bool:
    """By the role that its labels give it."""
    labels = node.metadata.labels
    return labels.get(OLD_ROLE) == "master" or any(role in labels for role in CONTROL_PLANE)


def is_about_state(taint: o.Taint) -> bool:
    """Set for as long as the node is in that state, and removed by who set it."""
    return taint.key.startswith(STATES)
