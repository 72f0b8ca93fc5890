"""Playbooks of what metrics and alerts alone say: looked at by people, never acted on."""

from __future__ import annotations

from detection.domain.causes import Cause
from remediation.playbooks.base import BY_HAND, ESCALATE, OPEN, Playbook
from remediation.playbooks.wording import look_advice, summary_text

SIGNAL = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    diagnosis=summary_text,
    confidence=OPEN,
    advice=look_advice,
)
PLAYBOOKS: dict[Cause, Playbook] = {
    Cause.METRIC_ANOMALY: SIGNAL,
    Cause.THRESHOLD_BREACH: SIGNAL,
    Cause.FORECAST_BREACH: SIGNAL,
    Cause.EXTERNAL_ALERT: SIGNAL,
}
