"""The admin of the anomaly model: the version in force, and what people called no anomaly."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import action

from detection import clients
from detection.anomaly.model.artifacts import ModelRefused
from detection.detectors import outlook_shown
from detection.models import Heartbeat
from detection.models.anomaly import AnomalyFeedback, ModelVersion
from detection.training.model import versions
from kubewise_site.core import clock
from kubewise_site.core.admin.base import Record

SHOWN_ENTITIES = 20
PERMISSION = "detection.use_modelversion"
OURS = "KubeWise"
TOLD = (
    ("f1", "F1"),
    ("event_recall", "events found"),
    ("false_alarms_per_day", "false alarms a day"),
)


def _scores_of(name: str, found: Any) -> str:
    """`asd: F1 0.4, events found 0.564, …`; '' for what is no table of scores."""
    given = found if isinstance(found, dict) else {}
    told = [f"{label} {given[key]:.3g}" for key, label in TOLD
            if isinstance(given.get(key), int | float)]  # fmt: skip
    return f"{name}: {', '.join(told)}" if told else ""


def _outlooks() -> dict[str, Any]:
    """What is learned until when, how often each entity would err, what changed its level."""
    cluster, now = clients.current_cluster(), clock.now()
    return {
        "metric_source": outlook_shown.source(cluster, now),
        "learning": [row for row in outlook_shown.youngest(cluster, now, SHOWN_ENTITIES)
                     if row.until],
        "noisiest": outlook_shown.noisiest(cluster, now, SHOWN_ENTITIES),
        "level_changes": outlook_shown.changes(cluster, SHOWN_ENTITIES),
    }  # fmt: skip


@admin.register(ModelVersion)
class ModelVersionAdmin(Record):
    list_display = (
        "version",
        "in_force",
        "scores_text",
        "source",
        "trained_at",
        "used_at",
        "used_by",
    )
    list_filter = ("source", "in_force")
    actions = ("use_this_one",)
    list_before_template = "kubewise/model_data.html"

    @admin.display(description="Scores")
    def scores_text(self, row: ModelVersion) -> str:
        """On each data set: F1, share of the events found, false alarms a day."""
        ours = row.scores.get(OURS, {}) if isinstance(row.scores, dict) else {}
        shown = [_scores_of(name, found) for name, found in ours.items()]
        return "; ".join(filter(None, shown)) or "not evaluated"

    def has_use_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    @action(description="Use this one", permissions=["use"])  # type: ignore[untyped-decorator]
    def use_this_one(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> None:
        row = chosen.first()
        if row is None or chosen.count() > 1:
            self.message_user(request, "Choose one version.", messages.WARNING)
            return
        self._tell(request, row.version)

    def get_urls(self) -> list[Any]:
        name = "detection_modelversion_go_back"
        view = require_POST(self.admin_site.admin_view(self.go_back))
        return [path("go-back/", view, name=name), *super().get_urls()]

    def go_back(self, request: HttpRequest) -> HttpResponse:
        """One click; the second one goes forth again."""
        if not self.has_use_permission(request):
            raise PermissionDenied
        self._tell(request, "")
        return HttpResponseRedirect(reverse("admin:detection_modelversion_changelist"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list below what there is to train on, and the way back."""
        last, former = Heartbeat.objects.filter(name="train").first(), versions.former()
        more = {
            "training": last.detail if last else {},
            "training_at": last.at if last else None,
            "former": former.version if former else "",
            "may_use": self.has_use_permission(request),
            **_outlooks(),
        }
        shown: HttpResponse = super().changelist_view(request, more | (extra_context or {}))
        return shown

    def _tell(self, request: HttpRequest, version: str) -> None:
        """'' is the version before. A refusal is said, and changes nothing."""
        who, now = request.user.get_username(), clock.now()
        try:
            row = versions.use(version, who, now) if version else versions.go_back(who, now)
        except (ModelRefused, OSError) as error:
            self.message_user(request, f"Nothing changed: {error}", messages.ERROR)
            return
        self.message_user(request, f"{row.version} is in use.")


@admin.register(AnomalyFeedback)
class AnomalyFeedbackAdmin(Record):
    list_display = ("owner_name", "owner_kind", "owner_namespace", "by", "at", "score", "note")
    search_fields = ("owner_name__startswith",)
