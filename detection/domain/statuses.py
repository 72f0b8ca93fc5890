"""The statuses of an incident, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models


class Status(models.TextChoices):
    DETECTED = "Detected"
    PREDICTED_FAILURE = "PredictedFailure", "PredictedFailure"
    ANALYZING = "Analyzing"
    REMEDIATION_SUGGESTED = "RemediationSuggested", "RemediationSuggested"
    AWAITING_APPROVAL = "AwaitingApproval", "AwaitingApproval"
    REMEDIATION_ATTEMPTED = "RemediationAttempted", "RemediationAttempted"
    VERIFICATION_PENDING = "VerificationPending", "VerificationPending"
    RESOLVED = "Resolved"
    REMEDIATION_FAILED = "RemediationFailed", "RemediationFailed"
    ESCALATED = "Escalated"
    DISMISSED = "Dismissed"


START = frozenset({Status.DETECTED, Status.PREDICTED_FAILURE})


WAITING = frozenset({Status.REMEDIATION_SUGGESTED, Status.AWAITING_APPROVAL, Status.ESCALATED})


IN_HAND = frozenset({Status.REMEDIATION_ATTEMPTED, Status.VERIFICATION_PENDING})


TERMINAL = frozenset({Status.RESOLVED, Status.DISMISSED})


OPEN = frozenset(Status) - TERMINAL


ALLOWED: Mapping[str, frozenset[Status]] = {
    Status.DETECTED: frozenset({Status.ANALYZING, Status.RESOLVED, Status.DISMISSED}),
    Status.PREDICTED_FAILURE: frozenset(
        {Status.DETECTED, Status.ANALYZING, Status.RESOLVED, Status.DISMISSED}
    ),
    Status.ANALYZING: WAITING
    | {Status.DETECTED, Status.REMEDIATION_ATTEMPTED, Status.RESOLVED, Status.DISMISSED},
    Status.REMEDIATION_SUGGESTED: WAITING
    | {Status.ANALYZING, Status.REMEDIATION_ATTEMPTED, Status.RESOLVED, Status.DISMISSED},
    Status.AWAITING_APPROVAL: WAITING
    | {Status.ANALYZING, Status.REMEDIATION_ATTEMPTED, Status.RESOLVED, Status.DISMISSED},
    Status.REMEDIATION_ATTEMPTED: frozenset(
        {
            Status.VERIFICATION_PENDING,
            Status.REMEDIATION_FAILED,
            Status.AWAITING_APPROVAL,
            Status.ESCALATED,
            Status.ANALYZING,
        }
    ),
    Status.VERIFICATION_PENDING: frozenset(
        {Status.RESOLVED, Status.REMEDIATION_FAILED, Status.ESCALATED}
    ),
    Status.REMEDIATION_FAILED: frozenset(
        {Status.ANALYZING, Status.ESCALATED, Status.RESOLVED, Status.DISMISSED}
    ),
    Status.ESCALATED: frozenset(
        {
            Status.ANALYZING,
            Status.AWAITING_APPROVAL,
            Status.REMEDIATION_ATTEMPTED,
            Status.RESOLVED,
            Status.DISMISSED,
        }
    ),
    Status.DISMISSED: frozenset(),
    Status.RESOLVED: frozenset(),
}
