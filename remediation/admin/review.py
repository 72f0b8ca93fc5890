"""Approve and reject from the admin: one plan from its page, or many from the list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from remediation import approvals, endings
from remediation.permissions import APPROVE

NUMBER = re.compile(r"[0-9]{1,18}")
VERDICTS = ("approve", "reject")
APPROVED, REJECTED, STALE, HANDLED = "approved", "rejected", "stale", "already handled"
ENDINGS: dict[type[Any], str] = {
    endings.Approved: APPROVED,
    endings.Rejected: REJECTED,
    endings.Stale: STALE,
    endings.Handled: HANDLED,
}
MORE = {
    APPROVED: "; KubeWise acts within seconds",
    STALE: ": the plan or its target has changed; a new plan is being made",
}


@dataclass(frozen=True)
class Choice:
    """What a person saw and chose: a candidate of a plan, and the digest of that plan."""

    plan_id: int
    index: int
    digest: str

    @classmethod
    def read(cls, text: str) -> Choice:
        """From the form's `PLAN:INDEX:DIGEST`. Raises BadRequest."""
        plan, _, rest = text.partition(":")
        index, _, digest = rest.partition(":")
        if not (NUMBER.fullmatch(plan) and NUMBER.fullmatch(index) and digest):
            raise BadRequest("a choice is PLAN:INDEX:DIGEST")
        return cls(int(plan), int(index), digest)


@require_POST
def review(request: HttpRequest) -> HttpResponse:
    """Approve or reject every choice of the form, and tell what came of it."""
    if not request.user.has_perm(APPROVE):
        raise PermissionDenied
    verdict = request.POST.get("verdict", "")
    choices = [Choice.read(text) for text in request.POST.getlist("choice")]
    if verdict not in VERDICTS or not choices:
        raise BadRequest("a verdict and at least one choice are needed")
    came_of_it = review_all(verdict, choices, request.user, request.POST.get("reason", ""))
    tell(request, came_of_it)
    return _back(request)


def review_all(verdict: str, choices: Iterable[Choice], user: Any, reason: str) -> Counter[str]:
    """How many ended how, by the sentence that a person reads."""
    return Counter(_ending(verdict, choice, user, reason) for choice in choices)


def _ending(verdict: str, choice: Choice, user: Any, reason: str) -> str:
    now = datetime.now(UTC)
    if verdict == "reject":
        return sentence(approvals.reject(choice.plan_id, user, reason, now))
    ending = approvals.approve(choice.plan_id, choice.index, user, reason, choice.digest, now)
    return sentence(ending)


def sentence(ending: Any) -> str:
    """What the admin says of one ending."""
    if isinstance(ending, endings.Refused):
        return f"refused: {ending.reason}"
    if isinstance(ending, endings.Stopped):
        return f"not approved: {ending.reason}"
    return ENDINGS[type(ending)]


def tell(request: HttpRequest, came_of_it: Counter[str]) -> None:
    """`Approved; KubeWise acts …` for one, `3 approved, 1 already handled` for several."""
    if came_of_it.total() == 1:
        [ending] = came_of_it
        told = f"{ending[:1].upper()}{ending[1:]}{MORE.get(ending, '')}."
    else:
        told = f"{', '.join(f'{count} {ending}' for ending, count in came_of_it.items())}."
    level = messages.SUCCESS if set(came_of_it) <= {APPROVED, REJECTED} else messages.WARNING
    messages.add_message(request, level, told)


def _back(request: HttpRequest) -> HttpResponse:
    """To the incident that the form came from, else to the list."""
    incident = request.POST.get("incident", "")
    if incident.isdigit():
        return redirect("admin:detection_incident_change", incident)
    return redirect("admin:detection_incident_changelist")
