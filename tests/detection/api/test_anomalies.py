"""What the anomaly detector is learning and expects of itself, over REST."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detection.anomaly.level_change import LevelChange
from detection.anomaly.outlook import Notebook, Outlook
from detection.clients import current_cluster
from detection.detectors import outlook_records
from kubewise_site.core import clock
from tests.kubewise_site.api_client import Api, check_problem

CART, SHIP = ("Deployment", "shop", "cart"), ("Deployment", "shop", "ship")


@pytest.fixture(autouse=True)
def with_prometheus(settings: Any) -> None:
    settings.PROMETHEUS_URL = "http://prometheus.example"
    settings.ANOMALY_LEARNING_HOURS = 24


def test_without_a_source_or_data_it_says_so(api: Api, settings: Any) -> None:
    assert api.get("metrics/anomalies").json()["source"]["state"] == "no data yet"
    settings.PROMETHEUS_URL = ""
    body = api.get("metrics/anomalies").json()
    assert body["source"]["state"] == "no source"
    assert (body["entities"], body["changes"], body["next"]) == ([], [], None)


def test_learning_until_is_told_per_source_and_entity(api: Api) -> None:
    now = clock.now()
    outlook_records.save(current_cluster(), Notebook(first_seen={CART: now}), now)
    body = api.get("metrics/anomalies").json()
    assert (body["source"]["state"], body["source"]["learning"]) == ("learning", 1)
    assert body["source"]["learning_until"] == body["entities"][0]["learning_until"]
    assert body["entities"][0]["expected_false_alarms"] is None


def test_what_is_known_for_a_day_is_judged_and_says_what_to_expect(api: Api) -> None:
    now = clock.now()
    change = LevelChange("cpu/app", now - timedelta(hours=1), 0.2, 0.6)
    look = Outlook(CART, now - timedelta(days=3), 6, 72.0, (change,))
    outlook_records.save(current_cluster(), Notebook({SHIP: now}, [look]), now)
    body = api.get("metrics/anomalies").json()
    assert (body["source"]["state"], body["source"]["learning"]) == ("judging", 1)
    cart = next(row for row in body["entities"] if row["owner_name"] == "cart")
    assert (cart["learning_until"], cart["expected_false_alarms"]) == (None, 2.0)
    assert [row["metric"] for row in body["changes"]] == ["cpu/app"]


def test_pages_follow_one_another(api: Api) -> None:
    now = clock.now()
    outlook_records.save(current_cluster(), Notebook({CART: now, SHIP: now}), now)
    first = api.get("metrics/anomalies?limit=1").json()
    second = api.get(f"metrics/anomalies?limit=1&after={first['next']}").json()
    names = [row["entities"][0]["owner_name"] for row in (first, second)]
    assert sorted(names) == ["cart", "ship"]


def test_a_wrong_limit_is_400(api: Api) -> None:
    check_problem(api.get("metrics/anomalies?limit=0"), 400)
