"""Watches: what they tell, in which order, and when they are too late."""

from collections.abc import Iterator
from typing import Any

from tests.contract.objects import configmap
from tests.contract.target import Space, Target
from tests.controlplane.rest import Json

MINE = "mine=yes"


def version_of(space: Space) -> str:
    listed = space.get("configmaps").ok()
    return str(listed["metadata"]["resourceVersion"])


def watch(space: Space, **params: Any) -> Iterator[Json]:
    return space.api.watch(space.path("configmaps"), timeout_seconds=30, **params)


def seen(events: Iterator[Json], count: int) -> list[tuple[str, str]]:
    found = [next(events) for _ in range(count)]
    return [(one["type"], one["object"]["metadata"]["name"]) for one in found]


def test_a_watch_from_a_list_tells_every_later_change_in_order(space: Space) -> None:
    version = version_of(space)
    space.create("configmaps", configmap("one")).ok()
    space.api.patch(space.path("configmaps", "one"), {"data": {"k": "v"}}, "merge").ok()
    space.api.delete(space.path("configmaps", "one")).ok()
    events = watch(space, resourceVersion=version)
    assert seen(events, 3) == [("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]


def test_watched_objects_name_their_kind_and_a_rising_version(space: Space) -> None:
    version = version_of(space)
    for name in ("one", "two"):
        space.create("configmaps", configmap(name)).ok()
    events = watch(space, resourceVersion=version)
    objects = [next(events)["object"] for _ in range(2)]
    assert [one["kind"] for one in objects] == ["ConfigMap", "ConfigMap"]
    versions = [int(one["metadata"]["resourceVersion"]) for one in objects]
    assert int(version) < versions[0] < versions[1]


def test_a_deleted_object_is_told_with_a_version_of_its_own(space: Space) -> None:
    made = space.create("configmaps", configmap("one")).ok()["metadata"]["resourceVersion"]
    events = watch(space, resourceVersion=made)
    space.api.delete(space.path("configmaps", "one")).ok()
    deleted = next(events)
    assert deleted["type"] == "DELETED"
    assert int(deleted["object"]["metadata"]["resourceVersion"]) > int(made)


def test_a_watch_without_a_version_begins_with_what_is_there(space: Space) -> None:
    space.create("configmaps", configmap("one", {"mine": "yes"})).ok()
    events = watch(space, labelSelector=MINE)
    assert seen(events, 1) == [("ADDED", "one")]
    space.create("configmaps", configmap("two", {"mine": "yes"})).ok()
    assert seen(events, 1) == [("ADDED", "two")]


def test_an_object_that_comes_under_the_selector_is_added_and_one_that_leaves_it_deleted(
    space: Space,
) -> None:
    space.create("configmaps", configmap("one", {"mine": "no"})).ok()
    events = watch(space, resourceVersion=version_of(space), labelSelector=MINE)
    for value in ("yes", "no"):
        label = {"metadata": {"labels": {"mine": value}}}
        space.api.patch(space.path("configmaps", "one"), label, "merge").ok()
    assert seen(events, 2) == [("ADDED", "one"), ("DELETED", "one")]


def test_a_watch_of_one_name_tells_of_that_object_alone(space: Space) -> None:
    events = watch(space, resourceVersion=version_of(space), fieldSelector="metadata.name=two")
    for name in ("one", "two"):
        space.create("configmaps", configmap(name)).ok()
    assert seen(events, 1) == [("ADDED", "two")]


def test_a_watch_from_a_version_that_is_gone_is_told_410_expired(target: Target) -> None:
    (event,) = list(target.api.watch(target.aged, timeout_seconds=30, resourceVersion="1"))
    assert event["type"] == "ERROR"
    status = event["object"]
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


def test_a_watch_ends_by_itself_after_its_timeout(space: Space) -> None:
    version, path = version_of(space), space.path("configmaps")
    told = space.api.watch(path, timeout_seconds=1, resourceVersion=version, labelSelector=MINE)
    assert list(told) == []


def test_bookmarks_end_the_initial_events_where_they_are_asked_for(space: Space) -> None:
    space.create("configmaps", configmap("one", {"mine": "yes"})).ok()
    events = watch(
        space,
        labelSelector=MINE,
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    )
    first, mark = next(events), next(events)
    assert (first["type"], mark["type"]) == ("ADDED", "BOOKMARK")
    metadata = mark["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(metadata["resourceVersion"]) > 0
