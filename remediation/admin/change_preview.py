"""What a candidate would change, computed from its frozen parameters and the incident's facts.

It is not checked by the server: the server's own dry run comes right before the write, and its
diff stands with the attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detection.models import Incident
from remediation.actions.base import Action, IncidentRecord, Line

Row = Mapping[str, Any]


def changes_of(incident: Incident, action: Action, row: Row) -> list[Line]:
    """Lines with `path`, `before` and `after`, or with `path` alone for what is no field."""
    return action.preview(recorded(incident), dict(row.get("parameters") or {}), _name(row))


def inverse_of(action: Action, incident: Incident) -> str:
    """What would undo it, in words."""
    return action.undo_in_words(recorded(incident))


def recorded(incident: Incident) -> IncidentRecord:
    return IncidentRecord(
        incident.cause, incident.revision or {}, incident.known, incident.metric_snapshot
    )


def _name(row: Row) -> str:
    target = dict(row.get("target") or {})
    return f"{target.get('namespace', '')}/{target.get('name', '')}".lstrip("/")
