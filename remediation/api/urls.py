"""Paths below /api/v1/ about incidents and what is done about them."""

from kubewise_site.core.rest.views import with_and_without_slash
from remediation.api import (
    views_audit,
    views_events,
    views_notes,
    views_policies,
    views_review,
    views_setup,
)

EVENT = "remediation/events/<uuid:anomaly_id>"

urlpatterns = [
    *with_and_without_slash("remediation/events", views_events.EventsView.as_view(), "events"),
    *with_and_without_slash(EVENT, views_events.EventView.as_view(), "event"),
    *with_and_without_slash(f"{EVENT}/approve", views_review.ApproveView.as_view(), "approve"),
    *with_and_without_slash(f"{EVENT}/reject", views_review.RejectView.as_view(), "reject"),
    *with_and_without_slash(f"{EVENT}/comment", views_notes.CommentView.as_view(), "comment"),
    *with_and_without_slash(f"{EVENT}/silence", views_notes.SilenceView.as_view(), "silence"),
    *with_and_without_slash(f"{EVENT}/accept", views_notes.AcceptView.as_view(), "accept"),
    *with_and_without_slash(
        f"{EVENT}/false-positive", views_notes.FalsePositiveView.as_view(), "false-positive"
    ),
    *with_and_without_slash(
        f"{EVENT}/remediate", views_review.RemediateView.as_view(), "remediate"
    ),
    *with_and_without_slash(
        "anomalies/analyze/<uuid:anomaly_id>", views_review.AnalyzeView.as_view(), "analyze"
    ),
    *with_and_without_slash("remediation/commands", views_setup.CommandsView.as_view(), "commands"),
    *with_and_without_slash("setup/mode", views_setup.ModeView.as_view(), "mode"),
    *with_and_without_slash("setup/stop", views_setup.StopView.as_view(), "stop"),
    *with_and_without_slash("policies", views_policies.PolicyList.as_view(), "policies"),
    *with_and_without_slash("policies/<int:pk>", views_policies.PolicyOne.as_view(), "policy"),
    *with_and_without_slash("maintenance-windows", views_policies.WindowList.as_view(), "windows"),
    *with_and_without_slash(
        "maintenance-windows/<int:pk>", views_policies.WindowOne.as_view(), "window"
    ),
    *with_and_without_slash("silences", views_policies.SilenceList.as_view(), "silences"),
    *with_and_without_slash(
        "silences/<int:pk>", views_policies.SilenceOne.as_view(), "silence-one"
    ),
    *with_and_without_slash("audit", views_audit.AuditView.as_view(), "audit"),
]
