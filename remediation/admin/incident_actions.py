"""What a person may ask of one incident besides yes and no; each verb with its own permission."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from detection.incidents.feedback import NotAnAnomaly, false_positive
from detection.models import Incident
from kubewise_site.core import clock
from remediation.analysis import reanalysis
from remediation.controls import acceptances, silences
from remediation.models.permissions import (
    ACCEPT,
    ANALYZE,
    COMMENT,
    END_ACCEPTANCE,
    FEEDBACK,
    SILENCE,
)

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


def _accept(incident: Incident, request: HttpRequest, now: datetime) -> Told:
    reason, day = request.POST.get("reason", ""), _day(request.POST.get("review", ""))
    if day is None:
        return messages.WARNING, "Not accepted: the review date is no date such as 2026-03-01."
    try:
        row = acceptances.accept(incident, request.user.get_username(), reason, day, now)
    except (acceptances.BadAcceptance, acceptances.NotAcceptable) as error:
        return messages.WARNING, f"Not accepted: {error}".removesuffix(".") + "."
    return messages.SUCCESS, f"Accepted until {row.review_at:%Y-%m-%d %H:%M} UTC."


def _day(text: str) -> datetime | None:
    """The beginning of a day, UTC; None where the text is no day."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None


def review_days(now: datetime) -> dict[str, str]:
    """The first and the last day that may be chosen, and the one that is proposed."""
    days = {"first": timedelta(days=1), "last": acceptances.LONGEST, "proposed": timedelta(days=30)}
    return {name: f"{now + ahead:%Y-%m-%d}" for name, ahead in days.items()}


def _end_acceptance(incident: Incident, request: HttpRequest, now: datetime) -> Told:
    why = request.POST.get("reason", "")[: silences.LONGEST_TEXT]
    if acceptances.end(incident, request.user.get_username(), why, now):
        return messages.SUCCESS, "It is no longer accepted: KubeWise decides on it anew."
    return messages.WARNING, "It is not accepted."


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
    "accept": (ACCEPT, _accept),
    "end-acceptance": (END_ACCEPTANCE, _end_acceptance),
    "feedback": (FEEDBACK, _feedback),
}
