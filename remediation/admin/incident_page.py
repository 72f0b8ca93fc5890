"""What the page of one incident shows, from its records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from detection.admin.badges import STATUS_COLOURS
from detection.domain.causes import CAUSES, Cause
from detection.domain.facts import AnomalyFacts
from detection.domain.statuses import IN_HAND, OPEN, WAITING
from detection.models import Incident
from remediation.actions import find
from remediation.admin.change_preview import changes_of, inverse_of
from remediation.admin.decision_view import gates_of, remarks_of
from remediation.approval.approvals import VALIDITY
from remediation.approval.next_candidate import FIXED
from remediation.controls import acceptances
from remediation.llm.usage.totals import usage_of
from remediation.models import Plan
from remediation.models.querysets import shown_plan
from remediation.planning.command_line import format_command

SEPARATOR = " → "
NO_PLAN: dict[str, Any] = {
    "plan": None, "candidates": [], "approvable": False, "reviewable": False, "next_choice": "",
    "undecided": False, "signature": "", "answered": False,
}  # fmt: skip


def incident_context(incident: Incident, may_review: bool, now: datetime) -> dict[str, Any]:
    """All that the template names."""
    held = acceptances.held_for(incident, now)
    return {
        **_recorded(incident),
        **_planned(incident, shown_plan(incident), now),
        "acceptance": held,
        "acceptable": incident.closed_at is None and incident.status in OPEN - IN_HAND,
        "may_review": may_review and held is None,
    }


def _recorded(incident: Incident) -> dict[str, Any]:
    decision = incident.decision or {}
    return {
        "incident": incident,
        "headline": headline(incident),
        "status_colour": STATUS_COLOURS.get(incident.status, ""),
        "diagnosis": incident.diagnosis or {},
        "decision": decision,
        "gates": gates_of(decision),
        "remarks": remarks_of(decision),
        "contributions": contributions(incident),
        "evidence": cited(incident),
        "model_says": model_says(incident),
        "attempts": [attempt_shown(row) for row in incident.attempts.all()],
        "approvals": approvals(incident),
        "timeline": list(incident.transitions.all()),
    }


def _planned(incident: Incident, plan: Plan | None, now: datetime) -> dict[str, Any]:
    """`undecided`: the gates have not been asked about the candidate that is planned now."""
    if plan is None:
        return NO_PLAN
    live = not plan.superseded_at and incident.status in WAITING
    answered = bool(plan.answered_at and now - plan.answered_at < VALIDITY)
    reviewable = live and not answered
    options = review_items(plan)
    return {
        "plan": plan,
        "candidates": options,
        "approvable": any(option["approvable"] for option in options),
        "reviewable": reviewable,
        "next_choice": next_choice(plan, options),
        "undecided": reviewable and _index(incident) != plan.chosen,
        "signature": f"{plan.pk}-{plan.digest}" if reviewable else "",
        "answered": live and answered,
    }


def cited(incident: Incident) -> list[dict[str, Any]]:
    """The observations that the diagnosis cites, as they were kept."""
    wanted = set((incident.diagnosis or {}).get("evidence") or ())
    pack = incident.evidence_packs.first() if wanted else None
    return [item for item in pack.items if item["id"] in wanted] if pack else []


def model_says(incident: Incident) -> str:
    """Why no model spoke, and what its calls took; '' where none was asked."""
    details = (incident.diagnosis or {}).get("details") or {}
    return ", ".join(part for part in (details.get("model", ""), usage_of(incident)) if part)


def headline(incident: Incident) -> str:
    """`Deployment shop/cart: the image does not exist`."""
    return f"{owner(incident)}: {_lower_first(cause_title(incident.cause))}"


def owner(incident: Incident) -> str:
    place = f"{incident.owner_namespace}/" if incident.owner_namespace else ""
    return f"{incident.owner_kind} {place}{incident.owner_name}"


def cause_title(code: str) -> str:
    return CAUSES[Cause(code)].title if code in Cause.__members__ else code


def _lower_first(sentence: str) -> str:
    """An abbreviation at the beginning stays as it is: CPU, DNS."""
    return sentence if sentence[:2].isupper() else sentence[:1].lower() + sentence[1:]


def review_items(plan: Plan) -> list[dict[str, Any]]:
    """Best first, each with the value that a review form sends for it."""
    options = [_candidate(plan, index, row) for index, row in enumerate(plan.candidates)]
    ticked = plan.chosen
    if not any(option["approvable"] and option["index"] == ticked for option in options):
        ticked = next((option["index"] for option in options if option["approvable"]), -1)
    return [option | {"ticked": option["index"] == ticked} for option in options]


def next_choice(plan: Plan, options: list[dict[str, Any]]) -> str:
    """What the form sends for the candidate after the ticked one; '' where there is none."""
    if plan.source in FIXED:
        return ""
    approvable = [option for option in options if option["approvable"] and not option["ticked"]]
    ticked = next((option["index"] for option in options if option["ticked"]), -1)
    ordered = sorted(approvable, key=lambda option: option["index"] < ticked)
    return str(ordered[0]["choice"]) if ordered else ""


def _index(incident: Incident) -> int:
    """Of the candidate that the decision on record is about; 0 where there is no decision."""
    return int((incident.decision or {}).get("index", 0))


def contributions(incident: Incident) -> list[dict[str, Any]]:
    """Metric and its share of the model's score in percent, the largest first."""
    shares = incident.facts_as(AnomalyFacts).contributions
    rows = sorted(shares.items(), key=lambda item: -item[1])
    return [{"metric": metric, "percent": round(100 * share)} for metric, share in rows]


def _candidate(plan: Plan, index: int, row: dict[str, Any]) -> dict[str, Any]:
    action = find(str(row.get("action", "")))
    told: dict[str, Any] = {}
    if action:
        told = {"description": action.description, "impact": action.impact}
        told["changes"] = changes_of(plan.incident, action, row)
        told["inverse"] = inverse_of(action, plan.incident)
        told["takes"] = action.estimated_duration
    return told | row | {
        "index": index,
        "chosen": index == plan.chosen,
        "approvable": bool(action and action.changes_cluster),
        "choice": f"{plan.pk}:{index}:{plan.digest}",
    }  # fmt: skip


def attempt_shown(attempt: Any) -> dict[str, Any]:
    inverse = attempt.inverse
    undo = format_command(inverse["action"], inverse["parameters"]) if inverse else ""
    return {"row": attempt, "diff": [diff_line(line) for line in attempt.diff], "inverse": undo}


def diff_line(line: Any) -> dict[str, str]:
    """`path: old → new` in its parts, so that each gets its colour."""
    path, _, change = str(line).partition(": ")
    before, arrow, after = change.partition(SEPARATOR)
    return {"path": path, "before": before, "after": after} if arrow else {"path": str(line)}


def approvals(incident: Incident) -> list[Any]:
    """Of every plan, newest first; prefetched with the plans."""
    return [row for plan in incident.plans.all() for row in plan.approvals.all()]
