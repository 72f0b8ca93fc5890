"""The page of model versions says what is learned until when, and what to expect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse

from detection.anomaly.level_change import LevelChange
from detection.anomaly.outlook import Notebook, Outlook
from detection.clients import current_cluster
from detection.detectors import outlook_records
from kubewise_site.core import clock
from tests.detection.admin.test_anomaly import client

CART, SHIP = ("Deployment", "shop", "cart"), ("Deployment", "shop", "ship")


def page() -> str:
    answer = client("view_modelversion").get(reverse("admin:detection_modelversion_changelist"))
    return str(answer.content.decode())


def test_without_prometheus_nothing_is_learned(db: None, settings: Any) -> None:
    settings.PROMETHEUS_URL = ""
    assert "No Prometheus is watched" in page()


def test_the_page_says_what_is_empty(db: None, settings: Any) -> None:
    settings.PROMETHEUS_URL = "http://prometheus.example"
    shown = page()
    for text in ("there is nothing to learn from", "Not known of any entity yet",
                 "No level has changed"):  # fmt: skip
        assert text in shown, text


def test_it_says_learning_until_false_alarms_and_changes(db: None, settings: Any) -> None:
    settings.PROMETHEUS_URL = "http://prometheus.example"
    now = clock.now()
    change = LevelChange("cpu/app", now - timedelta(hours=1), 0.2, 0.6)
    look = Outlook(CART, now - timedelta(days=3), 6, 72.0, (change,))
    outlook_records.save(current_cluster(), Notebook({SHIP: now}, [look]), now)
    shown = page()
    for text in ("Deployment shop/ship: learning until", "Deployment shop/cart: 2.0 a day",
                 "cpu/app of Deployment shop/cart: 0.2 → 0.6"):  # fmt: skip
        assert text in shown, text
