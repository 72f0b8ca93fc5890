"""The page of the mode and the stop switch: each change with its reason, on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from detection.clients import current_cluster
from kubewise_site.core import clock
from remediation.controls import mode_and_stop
from remediation.models import Mode, ModeChoice, StopSwitch
from remediation.models.permissions import PULL_STOP, SET_MODE

SHOWN = 20


@require_http_methods(["GET", "POST"])
def switches(request: HttpRequest) -> HttpResponse:
    """Show both switches; a POST with `mode` or `stopped` sets one."""
    if request.method == "POST":
        messages.success(request, _change(request))
        return redirect("admin:index" if request.POST.get("back") == "dashboard" else "switches")
    cluster = current_cluster()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Mode and stop switch",
        "standing": mode_and_stop.standing(cluster),
        "modes": ModeChoice.values,
        "may_set_mode": request.user.has_perm(SET_MODE),
        "may_stop": request.user.has_perm(PULL_STOP),
        "mode_rows": Mode.objects.filter(cluster=cluster)[:SHOWN],
        "stop_rows": StopSwitch.objects.filter(cluster=cluster)[:SHOWN],
    }
    return TemplateResponse(request, "kubewise/switches.html", context)


def _change(request: HttpRequest) -> str:
    """Set what the form says; the sentence that the person gets."""
    if "mode" in request.POST:
        return _set_mode(request, request.POST["mode"])
    if request.POST.get("stopped") in ("0", "1"):
        return _set_stop(request, request.POST["stopped"] == "1")
    raise BadRequest("the form says neither a mode nor a stop")


def _set_mode(request: HttpRequest, mode: str) -> str:
    _require(request, SET_MODE)
    if mode not in ModeChoice.values:
        raise BadRequest(f"valid modes are {', '.join(ModeChoice.values)}")
    row = mode_and_stop.set_mode(current_cluster(), mode, *_by(request))
    return f"The mode is {row.mode} now."


def _set_stop(request: HttpRequest, stopped: bool) -> str:
    _require(request, PULL_STOP)
    mode_and_stop.set_stop(current_cluster(), stopped, *_by(request))
    return "Stopped: KubeWise changes nothing." if stopped else "Running again."


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _by(request: HttpRequest) -> tuple[str, str, datetime]:
    """Actor, reason and time, in the order that `modes` takes them."""
    return request.user.get_username(), request.POST.get("reason", "")[:2000], clock.now()
