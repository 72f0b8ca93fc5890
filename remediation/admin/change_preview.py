"""What a candidate would change, computed from its frozen parameters and the incident's facts.

It is not checked by the server: the server's own dry run comes right before the write, and its
diff stands with the attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from detection.domain.causes import Cause
from detection.models import Incident
from remediation.actions.base import Action, Effect

ARROW = " → "
Line = dict[str, str]
Row = Mapping[str, Any]


def changes_of(incident: Incident, action: Action, row: Row) -> list[Line]:
    """Lines with `path`, `before` and `after`; `after` '' for what is no field."""
    made = BY_FAMILY.get(action.family)
    if made:
        return made(incident, dict(row.get("parameters") or {}), row)
    if action.effect in (Effect.EVICT, Effect.CLEAN):
        return [{"path": f"{_name(row)}: evicted; its controller makes a new one where one is due"}]
    return []


def inverse_of(action: Action, incident: Incident, row: Row) -> str:
    """What would undo it, in words."""
    if not action.changes_cluster:
        return ""
    if action.family == "rollback":
        return "none: it would be the broken release"
    before = _replicas(incident)
    if action.family in ("scale", "restore_replicas") and before is not None:
        return f"{action.name} back to {before} replicas" if before else "none: never back to 0"
    if action.reversible:
        return "recorded from the object as it is, right before the write"
    return "none"


def _rollback(incident: Incident, given: Row, row: Row) -> list[Line]:
    revision = incident.revision or {}
    if given.get("revision") not in (revision.get("proven"), revision.get("older")):
        return [_line("revision", revision.get("current") or "?", given.get("revision"))]
    lines = [_turned(str(text)) for text in revision.get("changed", ())]
    first = [_line("revision", revision.get("current") or "?", given.get("revision"))]
    return first + lines


def _turned(text: str) -> Line:
    """The release changed `a → b`: rolling it back changes `b → a`."""
    path, _, change = text.partition(": ")
    before, arrow, after = change.partition(ARROW)
    return _line(path, after, before) if arrow else {"path": text}


def _scale(incident: Incident, given: Row, row: Row) -> list[Line]:
    before = _replicas(incident)
    return [_line("spec.replicas", "?" if before is None else before, given.get("replicas"))]


def _replicas(incident: Incident) -> int | None:
    if incident.cause == Cause.SCALED_TO_ZERO:
        return 0
    known = incident.metric_snapshot.get("deployment_replicas")
    return int(known) if isinstance(known, int | float) else None


def _resources(incident: Incident, given: Row, row: Row) -> list[Line]:
    where = f"containers[{given.get('container')}].resources"
    known = {"memory_limit": incident.facts.get("memory_limit"),
             "memory_request": incident.facts.get("memory_request")}  # fmt: skip
    paths = {"memory_limit": "limits.memory", "memory_request": "requests.memory",
             "cpu_limit": "limits.cpu", "cpu_request": "requests.cpu"}  # fmt: skip
    return [
        _line(f"{where}.{path}", known.get(name) or "?", given[name])
        for name, path in paths.items()
        if name in given
    ]


def _restart(incident: Incident, given: Row, row: Row) -> list[Line]:
    stamp = "template annotation kubectl.kubernetes.io/restartedAt"
    return [_line(stamp, "as it is", "the time of the attempt")]


def _cordon(incident: Incident, given: Row, row: Row) -> list[Line]:
    return [_line("spec.unschedulable", "false", "true")]


def _drain(incident: Incident, given: Row, row: Row) -> list[Line]:
    return [*_cordon(incident, given, row), {"path": "its pods: evicted, one at a time"}]


def _uncordon(incident: Incident, given: Row, row: Row) -> list[Line]:
    return [_line("spec.unschedulable", "true", "false")]


def _name(row: Row) -> str:
    target = dict(row.get("target") or {})
    return f"{target.get('namespace', '')}/{target.get('name', '')}".lstrip("/")


def _line(path: str, before: Any, after: Any) -> Line:
    return {"path": path, "before": str(before), "after": str(after)}


BY_FAMILY: Mapping[str, Callable[[Incident, Row, Row], list[Line]]] = {
    "rollback": _rollback,
    "scale": _scale,
    "restore_replicas": _scale,
    "adjust_resources": _resources,
    "restart": _restart,
    "cordon_node": _cordon,
    "uncordon_node": _uncordon,
    "drain_node": _drain,
}
