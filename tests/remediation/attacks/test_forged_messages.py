"""A forged message names a record; whether anything is due for it, the database says."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

import pytest

from detection.domain.statuses import Status
from detection.models import Incident
from remediation.execution.act import act
from remediation.models import Attempt
from tests.kubewise_site import records

pytestmark = pytest.mark.django_db


class NoCluster:
    """Whoever asks it for a connection was let through."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"a forged message reached the cluster: {name}")


def clients() -> Any:
    return NoCluster()


@pytest.mark.parametrize("status", [one for one in Status if one != Status.REMEDIATION_SUGGESTED])
def test_a_forged_act_does_nothing_without_its_approval(status: Status, now: datetime) -> None:
    waiting = records.incident(status=status)
    records.plan(waiting)
    act(waiting.pk, clients(), now)
    assert not Attempt.objects.exists()
    assert Incident.objects.get(pk=waiting.pk).status == status
