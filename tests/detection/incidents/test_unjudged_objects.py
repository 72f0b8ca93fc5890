"""One object that can't be judged: its owner's incident stays open, all others close."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from benchmarks.hostile.cluster import Served, workloads
from benchmarks.hostile.kinds import KINDS
from detection.domain.findings import ObjectRef
from detection.domain.unjudged import source_of
from detection.incidents.record import GONE_BEFORE_CLOSING_SECONDS, record_findings
from detection.models import Cluster, Incident, SourceState
from detection.pipeline.detect import detect
from tests.detection.builders import NOW
from tests.detection.incidents.test_record import CART, FOUND, LATER, LONG_AFTER

pytestmark = pytest.mark.django_db
OTHER = ObjectRef("Deployment", "shop", "other", "uid-other")
CLOSES = timedelta(seconds=GONE_BEFORE_CLOSING_SECONDS)
COUNT = next(kind for kind in KINDS if kind.name == "integer of 81 bits as a count")


def test_an_unjudged_object_keeps_its_own_owners_incident_open_alone() -> None:
    cluster = Cluster.objects.create(name="c")
    blind = {source_of(CART): "could not be judged: Pod shop/cart-x: TypeError"}
    both = [FOUND, replace(FOUND, owner=OTHER)]
    record_findings(cluster, both, blind, LATER)
    assert set(Incident.objects.values_list("owner_name", "degraded")) == {
        ("cart", True), ("other", False),
    }  # fmt: skip
    for now in (LATER, LONG_AFTER):
        record_findings(cluster, [], blind, now)
    assert Incident.objects.get(open_key__isnull=False).owner_name == "cart"


def test_incidents_close_in_a_cluster_with_a_hostile_object() -> None:
    cluster = Cluster.objects.create(name="c")
    detect(cluster, Served(workloads(3, NOW), [COUNT]), NOW)
    assert Incident.objects.filter(open_key__isnull=False).count() >= 3
    (row,) = SourceState.objects.filter(state=SourceState.State.BLIND)
    assert row.name.startswith("object/hostile/Deployment/integer-of-81-bits")
    assert row.reason.startswith("could not be judged: Deployment hostile/integer-of-81-bits")
    well = Served(workloads(0, NOW), [COUNT])
    for later in (timedelta(seconds=15), timedelta(seconds=16) + CLOSES):
        detect(cluster, well, NOW + later)
    assert not Incident.objects.filter(open_key__isnull=False, owner_name__startswith="d").exists()


def test_what_can_be_judged_again_is_no_source_any_more() -> None:
    cluster = Cluster.objects.create(name="c")
    detect(cluster, Served(workloads(1, NOW), [COUNT]), NOW)
    detect(cluster, Served(workloads(1, NOW)), NOW + timedelta(seconds=15))
    assert not SourceState.objects.filter(name__startswith="object/").exists()
