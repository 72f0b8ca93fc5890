"""A person's own command: on the incident's owner or its pods only, through every gate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from remediation.approval.commands import request_command
from remediation.clients import Clients
from remediation.execution.act import act
from remediation.planning.command_line import CommandError
from remediation.results import Approved, Ending, Handled, Refused
from tests.remediation.steps import acted, fresh, planned, real_writes, verified

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]


@pytest.fixture
def broken(cluster: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    return planned(incident_of("image_not_found"), clients, now)


def test_a_rollback_by_hand_is_carried_out_and_verified(
    broken: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any
) -> None:
    text = f"rollback_deployment name={broken.owner_name} namespace=shop"
    assert isinstance(request_command(broken.pk, text, ada, "", now), Approved)
    attempt = verified(acted(broken, clients, now), clients)
    assert (attempt.executor, attempt.outcome) == ("ada", "resolved")
    assert attempt.parameters["revision"] == 2
    assert len(real_writes(simulator)) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rollback_deployment name=web namespace=shop", "neither"),
        ("rollback_deployment name=checkout namespace=payments", "neither"),
        ("rollback_statefulset name=checkout namespace=shop", "neither"),
        ("restart_pod name=checkout namespace=shop", "neither"),
        ("restart_deployment name=checkout namespace=shop", "worse"),
        ("scale_deployment name=checkout namespace=shop replicas=9", "worse"),
        ("clean_failed_pods namespace=payments", "neither"),
        ("raise_hpa_max name=web namespace=shop max_replicas=9", "neither"),
        ("drain_node name=checkout", "neither"),
    ],
)
def test_a_command_beyond_the_incident_is_refused(
    broken: Incident, ada: Any, now: datetime, text: str, reason: str
) -> None:
    answer = request_command(broken.pk, text, ada, "", now)
    assert isinstance(answer, Refused)
    assert reason in answer.reason


def test_what_is_no_command_is_a_named_error(broken: Incident, ada: Any, now: datetime) -> None:
    with pytest.raises(CommandError):
        request_command(broken.pk, "kubectl delete ns shop", ada, "", now)


def test_a_blacklisted_command_is_refused(
    broken: Incident, ada: Any, now: datetime, settings: Any
) -> None:
    settings.BLACKLISTED_COMMANDS = ("rollback_deployment",)
    text = "rollback_deployment name=checkout namespace=shop"
    assert isinstance(request_command(broken.pk, text, ada, "", now), Refused)


def test_logs_are_read_without_touching_status_or_budget(
    broken: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any
) -> None:
    pod = next(ref["name"] for ref in broken.related if ref["kind"] == "Pod")
    text = f"view_logs name={pod} namespace=shop"
    assert isinstance(request_command(broken.pk, text, ada, "", now), Approved)
    assert act(broken.pk, clients, now) == Ending.DONE
    attempt = broken.attempts.get()
    assert attempt.open_target is None
    assert simulator.writes == []
    assert fresh(broken).status == Status.AWAITING_APPROVAL


def test_describe_masks_values_of_the_environment(
    broken: Incident, clients: Clients, now: datetime, ada: Any
) -> None:
    request_command(broken.pk, "describe name=checkout namespace=shop", ada, "", now)
    act(broken.pk, clients, now)
    found = broken.attempts.get()
    assert any(line.startswith("metadata.name: checkout") for line in found.response["object"])


def test_a_resolved_incident_takes_no_command(broken: Incident, ada: Any, now: datetime) -> None:
    Incident.objects.filter(pk=broken.pk).update(status=Status.RESOLVED)
    text = "rollback_deployment name=checkout namespace=shop"
    assert isinstance(request_command(broken.pk, text, ada, "", now), Handled)
