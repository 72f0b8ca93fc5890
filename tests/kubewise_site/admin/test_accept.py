"""Accepting a failure on its page, and where it is seen afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from detection.models import Incident
from kubewise_site.console import trends
from remediation.controls import acceptances
from remediation.models import Acceptance
from tests.kubewise_site import records

LIST = "/admin/detection/incident/"


def do(client: Client, found: Incident, verb: str, **body: str) -> str:
    answer = client.post(f"{LIST}{found.pk}/do/{verb}/", body)
    assert answer.status_code == 302, answer.status_code
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def day(ahead: int) -> str:
    return f"{records.NOW + timedelta(days=ahead):%Y-%m-%d}"


def page(client: Client, path: str) -> str:
    return str(client.get(path).content.decode())


def test_it_is_accepted_and_ended_on_its_page(browser: Client, admin: User) -> None:
    found = records.incident()
    records.plan(found)
    assert "Accept it" in page(browser, f"{LIST}{found.pk}/change/")
    assert "Approve or reject" in page(browser, f"{LIST}{found.pk}/change/")
    assert do(browser, found, "accept", review=day(30), reason="known").startswith("Accepted until")
    assert Acceptance.objects.get().author == admin.username
    shown = page(browser, f"{LIST}{found.pk}/change/")
    assert "<strong>Accepted</strong> by anna" in shown
    assert "Accept it" not in shown
    assert "Approve or reject" not in shown, "every gate would refuse it"
    assert do(browser, found, "end-acceptance").startswith("It is no longer accepted")
    assert "Accept it" in page(browser, f"{LIST}{found.pk}/change/")


@pytest.mark.parametrize(
    ("review", "reason"),
    [("", "known"), (day(0), "known"), (day(-1), "known"), (day(91), "known"), (day(30), " "),
     ("9999-12-31", "known"), ("0000-00-00", "known"), ("2026-02-30", "known"), ("\x00", "known"),
     (day(30), "\x00"), (day(30), "\u202e\u200b"), ("９９９９-12-31", "known")],
)  # fmt: skip
def test_what_is_wrong_is_told_and_nothing_is_accepted(
    browser: Client, review: str, reason: str
) -> None:
    found = records.incident()
    assert do(browser, found, "accept", review=review, reason=reason).startswith("Not accepted: ")
    assert not Acceptance.objects.exists()


def test_a_double_click_is_told(browser: Client) -> None:
    found = records.incident()
    do(browser, found, "accept", review=day(30), reason="known")
    told = do(browser, found, "accept", review=day(30), reason="known")
    assert told.endswith("Not accepted: It is accepted already.")
    assert Acceptance.objects.count() == 1


def test_the_list_and_the_dashboard_count_it_apart(browser: Client) -> None:
    found = records.incident()
    records.incident("other")
    do(browser, found, "accept", review=day(30), reason="known")
    assert "shop/cart" not in page(browser, LIST)
    assert "shop/cart" not in page(browser, f"{LIST}?state=waiting")
    assert "shop/cart" in page(browser, f"{LIST}?state=all")
    accepted = page(browser, f"{LIST}?state=accepted")
    assert "shop/cart" in accepted
    assert "shop/other" not in accepted
    first = page(browser, "/admin/")
    assert "1 incident accepted" in first
    assert "1</strong> critical" in first
    assert "1 incident waiting for a person" in first


def test_the_statistics_leave_it_out(admin: User) -> None:
    found = records.incident(first_seen=records.NOW - timedelta(hours=2))
    acceptances.accept(found, "anna", "known", records.NOW + timedelta(days=9), records.NOW)
    again = records.incident(
        open_key="again", status="Resolved", closed_at=records.NOW + timedelta(minutes=9),
        first_seen=records.NOW + timedelta(minutes=1), last_seen=records.NOW + timedelta(minutes=8),
    )  # fmt: skip
    later = records.NOW + timedelta(minutes=10)
    assert sum(sum(row["values"]) for row in trends.over_time(later)["opened"]) == 1
    resolved = next(one for one in trends.durations(later) if one.step == "to resolve")
    assert resolved.timed == 0, again
