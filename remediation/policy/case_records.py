"""What only the database knows about a case."""

from __future__ import annotations

from datetime import datetime

from detection.models import Incident
from detection.runtime.source_visibility import blind_sources
from remediation.controls import acceptances, budgets
from remediation.controls.mode_and_stop import standing
from remediation.controls.policies import covering, policy_for
from remediation.controls.storm_brake import storm_brake
from remediation.models import Attempt, MaintenanceWindow, Silence
from remediation.models.querysets import DAY, came_back
from remediation.planning.candidates import Candidate
from remediation.policy.case import Records

State = Attempt.State
DONE = (State.APPLIED, State.VERIFIED)


def records_of(
    incident: Incident, candidate: Candidate, now: datetime, undo: bool = False
) -> Records:
    now_standing = standing(incident.cluster)
    on_node = candidate.target.kind == "Node"
    costs = budgets.costs_of(incident, candidate.action, on_node, undo)
    stop_reason = now_standing.stop_reason or "no reason given"
    return Records(
        auto=now_standing.auto,
        auto_since=now_standing.auto_since,
        running_since=incident.cluster.watching_since,
        stopped=stop_reason if now_standing.stopped else "",
        maintenance=covering(MaintenanceWindow, incident, now),
        silenced=covering(Silence, incident, now),
        accepted=acceptances.sentence(incident, now),
        policy=policy_for(incident.cluster, incident.owner_namespace),
        exhausted=budgets.exhausted(incident.cluster, costs, now),
        open_attempt=_open_attempt(incident),
        same_action_in_a_day=_same_action(incident, candidate, now),
        came_back_in_a_day=came_back(incident, now).count(),
        storm=storm_brake(incident.cluster, now),
    )


def blind_besides_scan(incident: Incident, now: datetime) -> dict[str, str]:
    """Sources that the fresh snapshot says nothing about: Prometheus and its exporters."""
    found = blind_sources(incident.cluster, now)
    return {name: why for name, why in found.items() if not name.startswith("kubernetes/")}


def _open_attempt(incident: Incident) -> str:
    if not incident.owner_uid:
        return ""
    row = Attempt.objects.filter(open_target=incident.owner_uid).first()
    return row.command if row else ""


def _same_action(incident: Incident, candidate: Candidate, now: datetime) -> int:
    """How often this action was carried out on this owner for this cause within a day."""
    rows = Attempt.objects.filter(
        incident__cluster=incident.cluster,
        incident__owner_uid=incident.owner_uid,
        incident__cause=incident.cause,
        action=candidate.action,
        state__in=DONE,
        created_at__gte=now - DAY,
    )
    return rows.count()
