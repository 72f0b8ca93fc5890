"""An anomaly is a hint for people: alone it is never the reason for an automatic action."""

from __future__ import annotations

import pytest

from detection.domain.causes import Cause, Severity
from remediation.playbooks import playbook_of
from remediation.policy.decide import decide
from remediation.policy.verdicts import Verdict
from tests.remediation.cases import acting_case


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("action", ["restart_pod", "restart_deployment", "rollback_deployment"])
def test_whatever_is_offered_an_anomaly_alone_never_acts(action: str, severity: Severity) -> None:
    case = acting_case(action, cause=Cause.METRIC_ANOMALY, severity=severity)
    found = decide(case)
    assert found.verdict == Verdict.SUGGEST
    assert "an anomaly alone does not justify an action" in " ".join(found.reasons)


def test_nothing_but_handing_it_to_people_is_offered_for_an_anomaly() -> None:
    assert {offer.family for offer in playbook_of(Cause.METRIC_ANOMALY).offers} <= {"escalate"}
