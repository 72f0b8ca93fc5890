"""Colours of severities and statuses in the admin, and severities with the worst first."""

from __future__ import annotations

from django.db.models import Case, Value, When

from detection.domain.causes import Severity
from detection.domain.statuses import Status

SEVERITY_COLOURS = {
    Severity.CRITICAL.value: "danger",
    Severity.WARNING.value: "warning",
    Severity.INFO.value: "info",
}


WORST_FIRST = Case(
    *(When(severity=severity.value, then=Value(-severity.rank)) for severity in Severity),
    default=Value(1),
)


STATUS_COLOURS = {
    Status.DETECTED.value: "info",
    Status.PREDICTED_FAILURE.value: "info",
    Status.ANALYZING.value: "info",
    Status.DISMISSED.value: "default",
    Status.AWAITING_APPROVAL.value: "primary",
    Status.REMEDIATION_SUGGESTED.value: "primary",
    Status.REMEDIATION_ATTEMPTED.value: "info",
    Status.VERIFICATION_PENDING.value: "info",
    Status.RESOLVED.value: "success",
    Status.REMEDIATION_FAILED.value: "danger",
    Status.ESCALATED.value: "warning",
}
