"""Label selectors in object form, and field selectors."""

from typing import Any

from simulator.apimachinery.label_selectors import BadSelector, Match
from simulator.apimachinery.objects import Obj


def _expression(labels: dict[str, str], expression: Obj) -> bool:
    key, operator = expression["key"], expression["operator"]
    values = expression.get("values") or []
    if operator == "In":
        return bool(labels.get(key) in values)
    if operator == "NotIn":
        return bool(labels.get(key) not in values)
    return bool((key in labels) == (operator == "Exists"))


def selects(selector: Obj | None, labels: dict[str, str]) -> bool:
    """A metav1.LabelSelector on labels: absent selects nothing, empty selects everything."""
    if selector is None:
        return False
    plain = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in plain.items()):
        return False
    return all(_expression(labels, e) for e in selector.get("matchExpressions") or ())


def selector_text(selector: Obj | None) -> str:
    """As scale.status.selector writes it."""
    parts = [f"{k}={v}" for k, v in sorted(((selector or {}).get("matchLabels") or {}).items())]
    for e in (selector or {}).get("matchExpressions") or ():
        parts.append(f"{e['key']} {e['operator'].lower()} ({','.join(e.get('values') or [])})")
    return ",".join(parts)


def field_value(obj: Obj, path: str) -> str:
    node: Any = obj
    for part in path.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    if node is None:
        return "false" if path == "spec.unschedulable" else ""
    return str(node).lower() if isinstance(node, bool) else str(node)


def _field_term(term: str, fields: frozenset[str] | None) -> Match:
    operator = next((o for o in ("!=", "==", "=") if o in term), None)
    if operator is None:
        raise BadSelector(f"invalid selector: '{term}'; can't understand '{term}'")
    path, value = (part.strip() for part in term.split(operator, 1))
    if fields is not None and path not in fields:
        raise BadSelector(f"field label not supported: {path}")
    wanted = operator != "!="
    return lambda obj: (field_value(obj, path) == value) == wanted


COMMON = frozenset({"metadata.name", "metadata.namespace"})
FIELDS: dict[str, frozenset[str]] = {
    "pods": COMMON
    | {
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    },
    "events": COMMON
    | {f"involvedObject.{p}" for p in ("kind", "namespace", "name", "uid", "apiVersion")}
    | {"involvedObject.fieldPath", "involvedObject.resourceVersion", "reason", "type", "source"}
    | {"reportingComponent"},
    "nodes": COMMON | {"spec.unschedulable"},
    "namespaces": COMMON | {"status.phase"},
    "secrets": COMMON | {"type"},
    "jobs.batch": COMMON | {"status.successful"},
    "replicasets.apps": COMMON | {"status.replicas"},
}


def field_match(text: str, table: str) -> Match | None:
    """None when empty; BadSelector for a field that the kind doesn't index."""
    terms = [t.strip() for t in text.split(",") if t.strip()]
    if not terms:
        return None
    checks = [_field_term(term, FIELDS.get(table, COMMON)) for term in terms]
    return lambda obj: all(check(obj) for check in checks)
