"""The table of statuses and the one function that moves an incident."""

from datetime import UTC, datetime

import pytest

from detection.domain.statuses import ALLOWED, OPEN, TERMINAL, Status
from detection.incidents import states
from detection.models import Cluster, Incident

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def incident(db: None) -> Incident:
    cluster = Cluster.objects.create(name="c")
    return Incident.objects.create(
        cluster=cluster, open_key="k", owner_kind="Deployment", owner_name="cart", cause="X",
        severity="info", onset=NOW, first_seen=NOW, last_seen=NOW,
    )  # fmt: skip


def test_every_status_has_a_row_and_open_ones_can_reach_an_end() -> None:
    assert set(ALLOWED) == set(Status)
    for status in OPEN:
        assert _reachable(status) & TERMINAL, status


def test_what_is_closed_never_moves_again() -> None:
    assert all(not ALLOWED[status] for status in TERMINAL)


def test_a_move_writes_status_and_transition_together(incident: Incident) -> None:
    assert states.move_incident(incident, Status.ANALYZING, actor="a", reason="r", now=NOW)
    row = incident.transitions.get()
    assert (row.before, row.after, row.actor, row.reason) == ("Detected", "Analyzing", "a", "r")


def test_the_slower_of_two_moves_does_nothing(incident: Incident) -> None:
    slower = Incident.objects.get(pk=incident.pk)
    assert states.move_incident(incident, Status.ANALYZING, actor="a", reason="", now=NOW)
    assert not states.move_incident(slower, Status.ANALYZING, actor="b", reason="", now=NOW)
    assert incident.transitions.count() == 1


def test_a_move_that_the_table_does_not_know_is_a_bug(incident: Incident) -> None:
    with pytest.raises(states.WrongTransition):
        states.move_incident(incident, Status.VERIFICATION_PENDING, actor="a", reason="", now=NOW)


def test_a_resolved_incident_gives_up_its_key(incident: Incident) -> None:
    states.move_incident(incident, Status.RESOLVED, actor="a", reason="", now=NOW)
    incident.refresh_from_db()
    assert (incident.open_key, incident.closed_at) == (None, NOW)


def _reachable(status: Status) -> set[Status]:
    seen: set[Status] = set()
    todo = [status]
    while todo:
        for after in ALLOWED[todo.pop()] - seen:
            seen.add(after)
            todo.append(after)
    return seen
