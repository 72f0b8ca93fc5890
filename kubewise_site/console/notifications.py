"""The page of the notification targets: which there are, "send a test", and what was sent."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from detection.domain.units import counted
from remediation.models import Delivery
from remediation.models.permissions import SEE_DELIVERIES, SEND_TEST
from remediation.notifications import kind_of, one_line, send

SHOWN = 20
TITLE = "[KubeWise] test"


@require_http_methods(["GET", "POST"])
def notifications(request: HttpRequest) -> HttpResponse:
    """Show the kinds of the targets, never their addresses; a POST sends a test to each."""
    if not request.user.has_perm(SEE_DELIVERIES):
        raise PermissionDenied
    if request.method == "POST":
        messages.add_message(request, *_test(request))
        return redirect("notifications")
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Notifications",
        "targets": sorted(Counter(map(kind_of, settings.NOTIFY_URLS)).items()),
        "link": settings.KUBEWISE_URL,
        "may_send": request.user.has_perm(SEND_TEST),
        "deliveries": Delivery.objects.select_related("incident")[:SHOWN],
    }
    return TemplateResponse(request, "kubewise/notifications.html", context)


def _test(request: HttpRequest) -> tuple[int, str]:
    """Send it, outside any transaction, and say what came of it."""
    if not request.user.has_perm(SEND_TEST):
        raise PermissionDenied
    if not settings.NOTIFY_URLS:
        return messages.WARNING, "No notification target is configured: set NOTIFY_URLS."
    who = one_line(request.user.get_username())
    error = send(settings.NOTIFY_URLS, TITLE, f"A test, sent by {who}. Nothing is wrong.")
    if error:
        return messages.ERROR, f"The test failed: {error}."
    return messages.SUCCESS, f"The test was sent to {counted(len(settings.NOTIFY_URLS), 'target')}."
