"""The step between ticking incidents and approving them: nobody approves what they did not see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from detection.models import Incident
from remediation.admin import page
from remediation.querysets import with_history

MOST = 100


def confirm(
    model_admin: Any,
    request: HttpRequest,
    incidents: QuerySet[Incident],
    verdict: str,
) -> HttpResponse | None:
    """What each plan would do, with a form that carries its digest; None where there is none."""
    rows = [row for incident in with_history(incidents)[:MOST] if (row := _row(incident))]
    if not rows:
        messages.warning(request, "None of these incidents has a plan that waits for a person.")
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{verdict.capitalize()} {len(rows)} plan{'s' if len(rows) > 1 else ''}",
        "opts": model_admin.opts,
        "rows": rows,
        "verdict": verdict,
        "left_out": incidents.order_by()[:MOST].count() - len(rows),
    }
    return TemplateResponse(request, "kubewise/confirm.html", context)


def _row(incident: Incident) -> dict[str, Any] | None:
    shown = page.contents(incident, True, datetime.now(UTC))
    approvable = [item for item in shown["candidates"] if item["approvable"]]
    if not (shown["reviewable"] and approvable):
        return None
    chosen = next((item for item in approvable if item["chosen"]), approvable[0])
    return {"headline": shown["headline"], "candidate": chosen}
