"""Filters of the list, and following what changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from detection.incidents import states
from detection.models import Transition
from remediation.api import views_events
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

pytestmark = pytest.mark.django_db


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [event["entity_id"] for event in answer.json()["events"]]


def listed(api: Api, **params: Any) -> list[str]:
    return names(api.get("remediation/events", **params))


@pytest.mark.parametrize(
    ("field", "value", "param", "asked"),
    [
        ("severity", "info", "severity", "info"),
        ("cause", "BAD_RELEASE", "cause", "BAD_RELEASE"),
        ("owner_namespace", "payments", "namespace", "payments"),
        ("owner_kind", "StatefulSet", "entity_type", "statefulset"),
        ("owner_namespace", "payments", "q", "payments/"),
        ("owner_namespace", "payments", "q", "payments/b"),
    ],
)
def test_each_filter_keeps_only_what_it_names(
    api: Api, field: str, value: str, param: str, asked: str
) -> None:
    records.incident("a")
    records.incident("b", **{field: value})
    assert listed(api, **{param: asked}) == ["b"]


def test_a_search_finds_an_anomaly_id_and_no_middle_of_a_name(api: Api) -> None:
    found = records.incident("cart")
    records.incident("shop-cart")
    assert listed(api, q=str(found.anomaly_id)) == ["cart"]
    assert listed(api, q="CAR") == ["cart"]
    assert listed(api, q="art") == []


def test_the_pages_of_a_search_are_by_name_and_hold_every_event_once(api: Api) -> None:
    for name in ("app-b", "app-a", "app-b", "app-c", "other"):
        closed = {"open_key": None, "status": "Resolved"}
        records.incident(name, **closed)
    pages = [api.get("remediation/events", q="app", limit=1)]
    while (following_page := pages[-1].json()["next"]) and len(pages) < 9:
        pages.append(api.client.get(following_page))
    assert [name for page in pages for name in names(page)] == ["app-a", "app-b", "app-b", "app-c"]
    back = api.client.get(pages[2].json()["previous"])
    assert back.json()["events"] == pages[1].json()["events"]


def test_a_cursor_of_the_list_is_none_of_a_search(api: Api) -> None:
    records.incident("app-a")
    records.incident("app-b")
    after = api.get("remediation/events", limit=1).json()["next"].partition("cursor=")[2]
    cursor = unquote(after.partition("&")[0])
    check_problem(api.get("remediation/events", q="app", cursor=cursor), 400)


def test_more_events_than_a_page_of_one_moment_are_each_told_once(api: Api) -> None:
    """A storm: one pass opens them all, so all have its time."""
    for number in range(7):
        records.incident(f"app-{number}")
    answer, seen = api.get("remediation/events", limit=2), list[str]()
    while True:
        seen += names(answer)
        if answer.json()["next"] is None:
            break
        answer = api.client.get(answer.json()["next"])
    assert seen == [f"app-{number}" for number in range(6, -1, -1)]


def test_since_is_inclusive_and_until_exclusive(api: Api) -> None:
    for minutes in (30, 20, 10):
        seen = records.NOW - timedelta(minutes=minutes)
        records.incident(f"at-{minutes}", first_seen=seen)
    since, until = (
        (records.NOW - timedelta(minutes=m)).isoformat().replace("+00:00", "Z") for m in (20, 10)
    )
    assert listed(api, since=since) == ["at-10", "at-20"]
    assert listed(api, until=until) == ["at-20", "at-30"]
    assert listed(api, since=since, until=until) == ["at-20"]


@pytest.mark.parametrize(
    ("param", "value"),
    [("since", "yesterday"), ("until", "2026-03-01T03:00:00"), ("severity", "bad"),
     ("cause", "GREMLINS"), ("q", "x" * 201), ("namespace", "\x00")],
)  # fmt: skip
def test_a_wrong_filter_is_400_and_names_it(api: Api, param: str, value: str) -> None:
    body = check_problem(api.get("remediation/events", **{param: value}), 400)
    assert body["errors"][0]["field"] == param


@pytest.mark.parametrize("path", ["remediation/events", "metrics/", "audit"])
def test_a_misspelt_filter_is_400_and_does_not_answer_everything(api: Api, path: str) -> None:
    body = check_problem(api.get(path, sevrity="critical"), 400)
    assert body["errors"][0]["field"] == "sevrity"


def test_following_tells_each_change_once_oldest_first(api: Api) -> None:
    first, second = records.incident("first"), records.incident("second")
    cursor = api.get("remediation/events").json()["cursor"]
    assert listed(api, after=cursor) == []
    for incident in (second, first, second):
        states.note_event(incident, "comment", actor="a", reason="look", now=records.NOW)
    answer = api.get("remediation/events", after=cursor)
    assert names(answer) == ["first", "second"]
    assert listed(api, after=answer.json()["cursor"]) == []


def test_following_from_0_in_small_pages_reaches_everything(api: Api) -> None:
    for number in range(5):
        records.incident(f"app-{number}")
    seen, cursor = set(), "0"
    for _ in range(20):
        body = api.get("remediation/events", after=cursor, limit=3).json()
        seen |= {event["entity_id"] for event in body["events"]}
        cursor = body["cursor"]
        if body["next"] is None:
            break
    assert seen == {f"app-{number}" for number in range(5)}


def test_a_change_that_is_committed_late_is_not_lost(api: Api) -> None:
    """On PostgreSQL a lower number may become visible after a higher one."""
    late, early = records.incident("late"), records.incident("early")
    cursor = api.get("remediation/events").json()["cursor"]
    fields = {"at": records.NOW, "actor": "a", "kind": "comment"}
    last = Transition.objects.order_by("-id").values_list("id", flat=True)[0]
    Transition.objects.create(id=last + 2, incident=early, **fields)
    answer = api.get("remediation/events", after=cursor).json()
    assert [event["entity_id"] for event in answer["events"]] == ["early"]
    Transition.objects.create(id=last + 1, incident=late, **fields)
    assert listed(api, after=answer["cursor"]) == ["late"]


def test_a_cursor_stays_short_however_many_numbers_are_missing(api: Api) -> None:
    incident = records.incident()
    last = Transition.objects.order_by("-id").values_list("id", flat=True)[0]
    Transition.objects.create(
        id=last + 10_000_000, incident=incident, at=records.NOW, actor="a", kind="comment"
    )
    cursor = views_events.changes_after(str(last), 10).cursor
    assert len(cursor.split(".")) <= views_events.GAP_DEPTH + 1
    assert views_events.changes_after(cursor, 10).incident_ids == []


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.", "1..2", "9" * 19, "1;drop"])
def test_a_cursor_that_is_none_is_400(api: Api, cursor: str) -> None:
    check_problem(api.get("remediation/events", after=cursor), 400)
