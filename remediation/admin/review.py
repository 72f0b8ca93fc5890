"""The step between ticking incidents and approving them: nobody approves what they did not see."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from detection.domain.units import counted
from detection.models import Incident
from kubewise_site.core import clock
from kubewise_site.templatetags.kubewise import plain
from remediation import results
from remediation.admin import incident_page
from remediation.approval import approvals, next_candidate
from remediation.models.permissions import APPROVE
from remediation.models.querysets import with_history

MOST = 100


def confirm(
    model_admin: Any,
    request: HttpRequest,
    incidents: QuerySet[Incident],
    verdict: ReviewButton,
) -> HttpResponse | None:
    """What each plan would do, with a form that carries its digest; None where there is none."""
    rows = [row for incident in with_history(incidents)[:MOST] if (row := _review_item(incident))]
    if not rows:
        messages.warning(request, "None of these incidents has a plan that waits for a person.")
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{verdict.capitalize()} {counted(len(rows), 'plan')}",
        "opts": model_admin.opts,
        "rows": rows,
        "verdict": verdict,
        "left_out": incidents.order_by()[:MOST].count() - len(rows),
    }
    return TemplateResponse(request, "kubewise/confirm.html", context)


def _review_item(incident: Incident) -> dict[str, Any] | None:
    shown = incident_page.incident_context(incident, True, clock.now())
    approvable = [item for item in shown["candidates"] if item["approvable"]]
    if not (shown["reviewable"] and approvable):
        return None
    chosen = next((item for item in approvable if item["chosen"]), approvable[0])
    return {"headline": shown["headline"], "candidate": chosen}


NUMBER = re.compile(r"[0-9]{1,18}")
APPROVED, REJECTED, STALE, HANDLED = "approved", "rejected", "stale", "already handled"
ENDINGS: dict[type[Any], str] = {
    results.Approved: APPROVED,
    results.Rejected: REJECTED,
    results.Stale: STALE,
    results.Handled: HANDLED,
}
MORE = {
    APPROVED: "; KubeWise checks every gate again, then acts",
    STALE: ": the plan or its target changed; a new plan is being made",
}


class ReviewButton(StrEnum):
    """What the buttons of a form send."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True)
class ReviewedCandidate:
    """What a person saw and chose: a candidate of a plan, and the digest of that plan."""

    plan_id: int
    index: int
    digest: str

    @classmethod
    def read(cls, text: str) -> ReviewedCandidate:
        """From the form's `PLAN:INDEX:DIGEST`. Raises BadRequest."""
        plan, _, rest = text.partition(":")
        index, _, digest = rest.partition(":")
        if not (NUMBER.fullmatch(plan) and NUMBER.fullmatch(index) and digest):
            raise BadRequest("a choice is PLAN:INDEX:DIGEST")
        return cls(int(plan), int(index), digest)


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """Approve or reject every choice of the form, and tell what came of it."""
    if request.method == "GET":
        return nothing_done(request)
    if not request.user.has_perm(APPROVE):
        raise PermissionDenied
    verdict = request.POST.get("verdict", "")
    choices = [ReviewedCandidate.read(text) for text in request.POST.getlist("choice")]
    if verdict not in list(ReviewButton) or not choices:
        raise BadRequest("a verdict and at least one choice are needed")
    came_of_it = review_all(verdict, choices, request.user, request.POST.get("reason", ""))
    show_result(request, came_of_it)
    return _back(request)


def review_all(
    verdict: str, choices: Iterable[ReviewedCandidate], user: Any, reason: str
) -> Counter[str]:
    """How many ended how, by the sentence that a person reads."""
    return Counter(_ending(verdict, choice, user, reason) for choice in choices)


def _ending(verdict: str, choice: ReviewedCandidate, user: Any, reason: str) -> str:
    now = clock.now()
    if verdict == ReviewButton.REJECT:
        return sentence(approvals.reject(choice.plan_id, user, reason, now))
    ending = approvals.approve(choice.plan_id, choice.index, user, reason, choice.digest, now)
    return sentence(ending)


def sentence(ending: Any) -> str:
    """What the admin says of one ending."""
    if isinstance(ending, results.Refused):
        return f"refused: {ending.reason}"
    if isinstance(ending, results.Stopped):
        return f"not approved: {ending.reason}"
    return ENDINGS[type(ending)]


def show_result(request: HttpRequest, came_of_it: Counter[str]) -> None:
    """`Approved; KubeWise acts …` for one, `3 approved, 1 already handled` for several."""
    if came_of_it.total() == 1:
        [ending] = came_of_it
        told = f"{ending[:1].upper()}{ending[1:]}{MORE.get(ending, '')}."
    else:
        told = f"{', '.join(f'{count} {ending}' for ending, count in came_of_it.items())}."
    level = messages.SUCCESS if set(came_of_it) <= {APPROVED, REJECTED} else messages.WARNING
    messages.add_message(request, level, plain(told))


@require_http_methods(["GET", "POST"])
def plan_next_view(request: HttpRequest) -> HttpResponse:
    """Plan the candidate that the button names, and show its plan. Nothing is approved by it."""
    if request.method == "GET":
        return nothing_done(request)
    if not request.user.has_perm(APPROVE):
        raise PermissionDenied
    asked = ReviewedCandidate.read(request.POST.get("next", ""))
    ending = next_candidate.plan_next(
        asked.plan_id, asked.index, asked.digest, request.user, clock.now()
    )
    if isinstance(ending, next_candidate.Planned):
        told = f"Planned: {ending.command}. It is not approved yet: read what it would change."
        messages.success(request, plain(told))
    else:
        show_result(request, Counter([sentence(ending)]))
    return _back(request)


def nothing_done(request: HttpRequest) -> HttpResponse:
    """Where a log-in leads back to after the session ended under a form: its answer is lost."""
    messages.warning(request, "Nothing was done: your session had ended. Please answer again.")
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the incident that the form came from, else to the list."""
    incident = request.POST.get("incident") or request.GET.get("incident", "")
    if NUMBER.fullmatch(incident):
        return redirect("admin:detection_incident_change", incident)
    return redirect("admin:detection_incident_changelist")
