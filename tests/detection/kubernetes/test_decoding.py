"""From bytes to objects: fast where all is well, object by object where something is odd."""

from __future__ import annotations

import pytest

from detection.kubernetes.decoding import Undecodable, decode_object, decode_page
from detection.kubernetes.objects.core import Deployment, Event, Pod


def test_null_lists_and_labels_count_as_missing() -> None:
    content = b'{"items":[{"metadata":{"name":"a","labels":null},"status":{"conditions":null}}]}'
    (pod,) = decode_page(content, Pod).items
    assert pod.metadata.labels == {}
    assert pod.status.conditions == ()


def test_an_undecodable_object_is_skipped_and_counted_and_the_others_are_kept() -> None:
    content = b'{"items":[{"metadata":{"name":"a"}},{"spec":[]},null,{"metadata":{"name":"b"}}]}'
    page = decode_page(content, Pod)
    assert [pod.metadata.name for pod in page.items] == ["a", "b"]
    assert page.skipped == 2
    assert "null" in page.why or "object" in page.why


def test_a_null_list_is_an_empty_list() -> None:
    assert decode_page(b'{"kind":"PodList","items":null}', Pod).items == ()


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>log in</html>", b'{"kind":"Status"}', b"[]", b'{"items":[{"metadata":{"na'],
)
def test_what_is_no_list_is_an_error_and_never_an_empty_cluster(content: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_page(content, Pod)


def test_templates_stay_raw_bytes() -> None:
    found = decode_object(b'{"spec":{"template":{"spec":{"x":1}}}}', Deployment)
    assert bytes(found.spec.template) == b'{"spec":{"x":1}}'


def test_the_continue_token_and_the_rest_are_told() -> None:
    page = decode_page(b'{"items":[],"metadata":{"continue":"t","remainingItemCount":7}}', Pod)
    assert (page.continue_token, page.remaining) == ("t", 7)


def test_an_event_of_either_api_knows_when_it_was_last_seen() -> None:
    old = b'{"lastTimestamp":"2026-03-01T10:00:00Z","count":4,"eventTime":null}'
    new = b'{"eventTime":"2026-03-01T09:00:00.5Z","series":{"count":9,"lastObservedTime":null}}'
    first, second = decode_object(old, Event), decode_object(new, Event)
    assert first.at is not None
    assert (first.at.hour, first.times) == (10, 4)
    assert second.at is not None
    assert (second.at.hour, second.times) == (9, 9)


def test_a_time_without_a_zone_makes_the_object_undecodable_rather_than_wrong() -> None:
    with pytest.raises(Undecodable):
        decode_object(b'{"metadata":{"creationTimestamp":"2026-03-01T10:00:00"}}', Pod)
