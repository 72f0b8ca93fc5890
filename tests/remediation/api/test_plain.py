"""Reading values directly gives what DRF's own reading gives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework import serializers

from detection.models import Incident
from remediation.api.fast_serializers import PlainReading
from remediation.api.serializers import (
    AttemptSerializer,
    EventSerializer,
    PlanSerializer,
    TransitionSerializer,
    events_of,
    events_of_page,
)
from remediation.models import Attempt
from remediation.models.querysets import with_history, with_lists
from tests.kubewise_site import records

drf = serializers.Serializer.to_representation


@pytest.fixture
def incidents(admin: User) -> list[Incident]:
    """One with everything, one with nothing, one over."""
    plan = records.plan(records.incident("full", prediction={"at": "soon"}, score=2.5))
    records.attempt(plan, approval=records.approval(plan, admin), state="applied", outcome="")
    records.attempt(plan, inverse={"action": "scale"}, created_at=records.NOW + timedelta(0, 1, 5))
    records.plan(plan.incident, source="aside")
    records.incident("bare", diagnosis=None, decision=None, evidence=[], related=[])
    records.incident("over", status="Resolved", open_key=None, closed_at=records.NOW)
    return list(with_lists(Incident.objects.order_by("id")))


def test_an_event_reads_as_drf_reads_it(
    incidents: list[Incident], monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = events_of_page(incidents)
    monkeypatch.setattr(PlainReading, "to_representation", drf)
    slow = EventSerializer(with_history(Incident.objects.order_by("id")), many=True).data
    assert [_plain(event) for event in fast] == [_plain(event) for event in slow]
    assert [list(event) for event in fast] == [list(event) for event in slow]


def test_an_event_reads_the_same_alone_and_among_many(incidents: list[Incident]) -> None:
    alone = [events_of(with_history(Incident.objects.filter(pk=row.pk)))[0] for row in incidents]
    assert alone == events_of_page(incidents)


@pytest.mark.parametrize("shape", [AttemptSerializer, PlanSerializer, TransitionSerializer])
def test_each_shape_knows_how_to_read_every_field_it_declares(shape: Any) -> None:
    assert {name for name, _ in shape()._getters} == set(shape().fields)


def test_a_field_that_is_not_shown_as_it_is_stored_is_refused() -> None:
    class Odd(PlainReading, serializers.Serializer[Any]):
        took = serializers.DurationField()

    with pytest.raises(TypeError, match="DurationField"):
        Odd().to_representation(Attempt())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
