"""What was decided and done: read-only for everyone."""

from django.contrib import admin

from kubewise_site.core.admin.base import Record
from remediation.models import (
    Acceptance,
    Approval,
    Attempt,
    AuditEntry,
    Budget,
    Delivery,
    LlmCall,
    Mode,
    Plan,
    StopSwitch,
)


@admin.register(Acceptance)
class AcceptanceAdmin(Record):
    list_display = (
        "owner_kind", "owner_namespace", "owner_name", "cause", "author", "reason", "at",
        "review_at", "ended_at", "ended_by", "ended_why",
    )  # fmt: skip
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "cause")
    search_fields = ("owner_name",)
    ordering = ("-id",)


@admin.register(Attempt)
class AttemptAdmin(Record):
    list_display = ("command", "state", "outcome", "executor", "created_at", "settled_at")
    list_filter = ("state", "outcome", "dry_run")
    list_select_related = ("incident",)
    ordering = ("-id",)


@admin.register(Approval)
class ApprovalAdmin(Record):
    list_display = ("verdict", "user", "plan_id", "candidate_index", "at", "expires_at", "used_at")
    list_filter = ("verdict",)
    list_select_related = ("user",)
    ordering = ("-id",)


@admin.register(Plan)
class PlanAdmin(Record):
    list_display = ("id", "incident_id", "source", "created_at", "superseded_at")
    ordering = ("-id",)


@admin.register(LlmCall)
class LlmCallAdmin(Record):
    list_display = (
        "at", "task", "provider", "model", "outcome", "prompt_tokens", "answer_tokens", "cost_usd",
        "duration_seconds", "reused", "incident_id",
    )  # fmt: skip
    list_filter = ("outcome", "task", "provider")
    ordering = ("-id",)


@admin.register(Mode)
class ModeAdmin(Record):
    list_display = ("mode", "actor", "reason", "at")


@admin.register(StopSwitch)
class StopSwitchAdmin(Record):
    list_display = ("stopped", "actor", "reason", "at")


@admin.register(Budget)
class BudgetAdmin(Record):
    list_display = ("name", "spent", "window_start")
    ordering = ("name",)


@admin.register(AuditEntry)
class AuditEntryAdmin(Record):
    list_display = ("seq", "at", "kind", "actor", "model", "row_id")
    list_filter = ("kind",)
    ordering = ("-seq",)


@admin.register(Delivery)
class DeliveryAdmin(Record):
    list_display = ("incident", "state", "result", "targets", "at", "error")
    list_filter = ("state", "result")
    list_select_related = ("incident",)
    ordering = ("-id",)
