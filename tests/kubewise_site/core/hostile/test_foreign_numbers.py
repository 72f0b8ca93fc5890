"""Numbers and times that no database or calendar holds end at the gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from detection.kubernetes.decoding import Undecodable, decode_object, decode_page
from detection.kubernetes.objects.core import Deployment, Pod
from kubewise_site.core.foreign_numbers import is_plausible, plausible_times, span
from tests.kubewise_site.core.hostile.growth import MOST, grows

MIDDLE = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
     "1899-12-31t23:59:59.999999z", "3000-01-01T00:00:00Z"],
)  # fmt: skip
def test_a_time_of_another_age_counts_as_missing(text: str) -> None:
    content = b'{"items":[{"metadata":{"name":"a","creationTimestamp":"%s"}}]}' % text.encode()
    (pod,) = decode_page(content, Pod).items
    assert (pod.metadata.name, pod.metadata.creation_timestamp) == ("a", None)


@pytest.mark.parametrize(
    "content",
    [b'{"a":"1900-01-01T00:00:00Z"}', b'{"a":"2999-12-31T00:00:00Z"}',
     b'{"0001-01-01T00:00:00Z" : 1}', b'{"a":"said \\"0001-01-01T00:00:00Z\\" twice"}'],
)  # fmt: skip
def test_everything_else_stays_as_it_is(content: bytes) -> None:
    assert plausible_times(content) == content


@pytest.mark.parametrize("number", ["1e999", "-1e999", str(2**80), str(-(2**80)), str(2**31)])
def test_a_count_outside_32_bits_is_refused(number: str) -> None:
    with pytest.raises(Undecodable):
        decode_object(b'{"spec":{"replicas":%s}}' % number.encode(), Deployment)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_generation_outside_64_bits_is_refused(number: int) -> None:
    with pytest.raises(Undecodable):
        decode_object(b'{"metadata":{"generation":%d}}' % number, Deployment)


def test_names_that_no_column_holds_are_refused() -> None:
    with pytest.raises(Undecodable):
        decode_object(b'{"metadata":{"name":"%s"}}' % (b"x" * 254), Pod)
    with pytest.raises(Undecodable):
        decode_object(b'{"metadata":{"uid":"%s"}}' % (b"x" * 65), Pod)


@pytest.mark.parametrize("seconds", [1e300, float("inf"), float("-inf"), float("nan"), 2.0**62])
def test_foreign_seconds_never_leave_the_calendar(seconds: float) -> None:
    assert is_plausible(MIDDLE + span(seconds))
    assert is_plausible(MIDDLE - span(seconds))


def test_a_moment_is_plausible_with_its_zone_alone() -> None:
    assert is_plausible(MIDDLE)
    assert not is_plausible(MIDDLE.replace(tzinfo=None))
    assert not is_plausible(datetime.fromisoformat("0001-01-01T00:00:00+23:59"))
    assert span(60) == timedelta(minutes=1)


def test_an_object_that_cannot_be_read_is_known_by_its_name_and_owner() -> None:
    owner = b'[{"kind":"ReplicaSet","name":"r","uid":"u","controller":true}]'
    bad = b'{"metadata":{"name":"b","ownerReferences":%s},"spec":[]}' % owner
    page = decode_page(b'{"items":[{"metadata":{"name":"a"}},%s,{"spec":[]}]}' % bad, Pod)
    assert (len(page.items), page.skipped) == (1, 2)
    (unread,) = page.unread
    assert unread.item.metadata.name == "b"
    assert unread.item.controller is not None
    assert unread.item.controller.uid == "u"


@pytest.mark.parametrize("shape", ['"0001-01-01T', '"0001-01-01T00:00:00"   ', '"0000-00-00 1'])
def test_it_is_linear(shape: str) -> None:
    def gate(text: str) -> bytes:
        return plausible_times(text.encode())

    assert grows(gate, lambda length: shape * (length // 4)) <= MOST
