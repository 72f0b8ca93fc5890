"""Who may take an observation of a moment ago, counted in requests at the API server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from detection.models import Cluster, Incident
from detection.pipeline.shared_observations import SHARED_FOR
from remediation.analysis.analyze import analyze
from remediation.clients import Clients
from remediation.execution.act import act
from remediation.models import Attempt
from remediation.observation.observe import observe_incident as observed
from remediation.policy.decisions import decide_incident
from remediation.verification.verify import verify
from tests.remediation.steps import QUICK, acted, planned

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]
MOMENT = timedelta(seconds=1)


@pytest.fixture
def lists(simulator: Any) -> Callable[[], int]:
    """How often pods were listed since this was last asked.

    Once in every look; twice where its namespace alone told another cause.
    """

    def count() -> int:
        found = int(simulator.reads.get("list pods", 0))
        simulator.reset_counters()
        return found

    return count


@pytest.fixture
def two(incident_of: Make) -> tuple[Incident, Incident]:
    """Of one namespace, both seen in the newest pass."""
    first = incident_of("image_not_found")
    second = incident_of("image_not_found", target="shop/deployment/web")
    first.refresh_from_db()
    assert (first.owner_name, second.owner_name) == ("checkout", "web")
    assert first.owner_namespace == second.owner_namespace
    return first, second


def test_two_analyses_of_one_namespace_within_seconds_share_one_look(
    two: tuple[Incident, Incident], clients: Clients, lists: Callable[[], int], now: datetime
) -> None:
    first, second = two
    analyze(first.pk, clients, now)
    assert lists() > 0
    analyze(second.pk, clients, now + MOMENT)
    assert lists() == 0
    assert second.plans.exists()


def test_what_is_shared_says_the_same(
    two: tuple[Incident, Incident], clients: Clients, now: datetime
) -> None:
    first, second = two
    analyze(first.pk, clients, now)
    shared = observed(clients.reader, second, now + MOMENT, may_share=True)
    own = observed(clients.reader, second, now + MOMENT)
    assert (shared.at, own.at) == (now, now + MOMENT)
    assert [(f.owner, f.cause) for f in shared.opened] == [(f.owner, f.cause) for f in own.opened]


def test_after_some_seconds_an_analysis_looks_for_itself(
    two: tuple[Incident, Incident], clients: Clients, lists: Callable[[], int], now: datetime
) -> None:
    first, second = two
    analyze(first.pk, clients, now)
    lists()
    analyze(second.pk, clients, now + SHARED_FOR)
    assert lists() > 0


def test_a_look_from_before_its_newest_sign_is_not_taken(
    two: tuple[Incident, Incident], clients: Clients, lists: Callable[[], int], now: datetime
) -> None:
    first, second = two
    analyze(first.pk, clients, now)
    lists()
    Incident.objects.filter(pk=second.pk).update(last_seen=now + MOMENT)
    analyze(second.pk, clients, now + 2 * MOMENT)
    assert lists() > 0


def test_a_decision_may_take_the_look_of_its_analysis(
    incident_of: Make, clients: Clients, lists: Callable[[], int], now: datetime
) -> None:
    incident = incident_of("image_not_found")
    analyze(incident.pk, clients, now)
    lists()
    decide_incident(incident.pk, clients, now + MOMENT)
    incident.refresh_from_db()
    assert incident.decision
    assert lists() == 0


def test_act_looks_for_itself_before_it_writes(
    auto: Cluster, incident_of: Make, clients: Clients, lists: Callable[[], int],
    simulator: Any, now: datetime,
) -> None:  # fmt: skip
    incident = planned(incident_of("image_not_found"), clients, now)
    lists()
    act(incident.pk, clients, now)
    written = [write for write in simulator.writes if not write.dry_run]
    assert lists() > 0
    assert len(written) == 1


def test_every_look_of_a_verification_is_its_own(
    auto: Cluster, incident_of: Make, clients: Clients, lists: Callable[[], int], now: datetime
) -> None:
    attempt = acted(planned(incident_of("image_not_found"), clients, now), clients, now)
    Attempt.objects.update(verify_due_at=now)
    lists()
    for _ in range(3):
        verify(attempt.pk, clients, now, QUICK)
        assert lists() > 0


def test_no_look_is_kept_by_act_or_a_verification(
    auto: Cluster, two: tuple[Incident, Incident], clients: Clients, lists: Callable[[], int],
    now: datetime,
) -> None:  # fmt: skip
    first, second = two
    attempt = acted(planned(first, clients, now), clients, now + MOMENT)
    Attempt.objects.update(verify_due_at=now)
    later = now + SHARED_FOR
    verify(attempt.pk, clients, later, QUICK)
    lists()
    analyze(second.pk, clients, later)
    assert lists() > 0


def test_after_something_was_tried_for_an_incident_it_is_always_looked_at_anew(
    auto: Cluster, two: tuple[Incident, Incident], clients: Clients, lists: Callable[[], int],
    now: datetime,
) -> None:  # fmt: skip
    first, second = two
    acted(planned(first, clients, now), clients, now)
    analyze(second.pk, clients, now + MOMENT)
    lists()
    found = observed(clients.reader, first, now + 2 * MOMENT, may_share=True)
    assert found.at == now + 2 * MOMENT
    assert lists() > 0
