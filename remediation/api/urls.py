"""Paths below /api/v1/ about incidents and what is done about them."""

from kubewise_site.core.rest.views import both
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
    *both("remediation/events", views_events.EventsView.as_view(), "events"),
    *both(EVENT, views_events.EventView.as_view(), "event"),
    *both(f"{EVENT}/approve", views_review.ApproveView.as_view(), "approve"),
    *both(f"{EVENT}/reject", views_review.RejectView.as_view(), "reject"),
    *both(f"{EVENT}/comment", views_notes.CommentView.as_view(), "comment"),
    *both(f"{EVENT}/silence", views_notes.SilenceView.as_view(), "silence"),
    *both(f"{EVENT}/false-positive", views_notes.FalsePositiveView.as_view(), "false-positive"),
    *both(f"{EVENT}/remediate", views_review.RemediateView.as_view(), "remediate"),
    *both("anomalies/analyze/<uuid:anomaly_id>", views_review.AnalyzeView.as_view(), "analyze"),
    *both("remediation/commands", views_setup.CommandsView.as_view(), "commands"),
    *both("setup/mode", views_setup.ModeView.as_view(), "mode"),
    *both("setup/stop", views_setup.StopView.as_view(), "stop"),
    *both("policies", views_policies.PolicyList.as_view(), "policies"),
    *both("policies/<int:pk>", views_policies.PolicyOne.as_view(), "policy"),
    *both("maintenance-windows", views_policies.WindowList.as_view(), "windows"),
    *both("maintenance-windows/<int:pk>", views_policies.WindowOne.as_view(), "window"),
    *both("silences", views_policies.SilenceList.as_view(), "silences"),
    *both("silences/<int:pk>", views_policies.SilenceOne.as_view(), "silence-one"),
    *both("audit", views_audit.AuditView.as_view(), "audit"),
]
