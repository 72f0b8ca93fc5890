"""What a person may ask of one incident besides yes and no; each verb with its own permission."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from detection.incidents.feedback import NotAnAnomaly, false_positive
from detection.models import Incident
from kubewise_site.core import clock
from remediation.analysis import reanalysis
from remediation.controls import silences
from remediation.models.permissions import ANALYZE, COMMENT, FEEDBACK, SILENCE

SILENT_HOURS = (1, 4, 24, 168)
Told = tuple[int, str]
Verb = Callable[[Incident, HttpRequest, datetime], Told]


@require_http_methods(["GET", "POST"])
def do(request: HttpRequest, incident_id: int, verb: str) -> HttpResponse:
    """Carry out `verb`, tell what came of it, and go back to the incident."""
    if verb not in VERBS:
        raise Http404
    if request.method == "GET":
        messages.warning(request, "Nothing was done: your session had ended. Please ask again.")
        return redirect("admin:detection_incident_change", incident_id)
    permission, carry_out = VERBS[verb]
    if not request.user.has_perm(permission):
        raise PermissionDenied
    incident = Incident.objects.filter(pk=incident_id).first()
    if incident is None:
        raise Http404
    messages.add_message(request, *carry_out(incident, request, clock.now()))
    return redirect("admin:detection_incident_change", incident.pk)


def _analyze(incident: Incident, request: HttpRequest, now: datetime) -> Told:
    asked = reanalysis.request_reanalysis(incident, request.user.get_username(), now)
    well = asked == reanalysis.ReanalysisResult.PUBLISHED
    return messages.SUCCESS if well else messages.WARNING, f"{asked[:1].upper()}{asked[1:]}."


def _comment(incident: Incident, request: HttpRequest, now: datetime) -> Told:
    try:
        silences.comment(incident, request.user.get_username(), request.POST.get("text", ""), now)
    except silences.NoReason:
        return messages.WARNING, "A comment needs a text."
    return messages.SUCCESS, "The comment stands in the timeline."


def _silence(incident: Incident, request: HttpRequest, now: datetime) -> Told:
    hours, reason = request.POST.get("hours", ""), request.POST.get("reason", "")
    if not hours.isascii() or not hours.isdigit() or len(hours) > 6:
        raise BadRequest("hours is a whole number")
    try:
        until = now + timedelta(hours=int(hours))
        row = silences.silence_owner(incident, request.user.get_username(), reason, until, now)
    except ValueError as error:
        return messages.WARNING, f"Not silenced: {error}."
    return messages.SUCCESS, f"Silenced until {row.ends_at:%Y-%m-%d %H:%M} UTC."


def _feedback(incident: Incident, request: HttpRequest, now: datetime) -> Told:
    """The owner's threshold rises, and its hours stay training data."""
    note = request.POST.get("note", "")[: silences.LONGEST_TEXT]
    try:
        row = false_positive(incident, request.user.get_username(), now, note)
    except NotAnAnomaly as error:
        return messages.WARNING, f"Not marked: {error}."
    if row is None:
        return messages.WARNING, "It is marked already."
    return messages.SUCCESS, "Marked: the limit of this owner rises, and training learns from it."


VERBS: dict[str, tuple[str, Verb]] = {
    "analyze": (ANALYZE, _analyze),
    "comment": (COMMENT, _comment),
    "silence": (SILENCE, _silence),
    "feedback": (FEEDBACK, _feedback),
}
