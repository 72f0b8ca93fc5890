"""What is measured, over the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from detection.clients import current_cluster
from detection.metrics import history
from detection.metrics.history import MetricFrame
from detection.metrics.queries import seeds
from detection.models import MetricQuery
from tests.kubewise_site.api_client import Api, check_problem

AT = 1_790_000_000.0
VALUES = {
    "memory_ratio|Deployment|shop|cart|app": 0.95,
    "memory_ratio|Deployment|shop|cart|proxy": float("nan"),
    "cpu_cores|Deployment|shop|cart|app": 1.5,
    "ready|Node||node-1|": 1.0,
}


@pytest.fixture
def frame(db: None) -> MetricFrame:
    made = MetricFrame(AT, VALUES, [], {"memory_ratio|Deployment|shop|cart|app": "cart-7d9f-x2x"})
    history.append_frame(current_cluster().pk, made)
    return made


def query(**fields: Any) -> MetricQuery:
    defaults = {"name": "memory_ratio", "query": "up", "entity_kind": "pod", "unit": "ratio"}
    return MetricQuery.objects.create(**defaults | fields)


def test_metrics_are_keyed_by_namespace_kind_and_name(api: Api, frame: MetricFrame) -> None:
    query()
    body = api.get("metrics/").json()
    assert set(body["metrics"]) == {"shop/deployment/cart", "/node/node-1"}
    assert (body["status"], body["count"], body["next"]) == ("success", 2, None)
    first = body["metrics"]["shop/deployment/cart"][0]
    assert first == {
        "metric": "memory_ratio", "container": "app", "value": 0.95, "unit": "ratio",
        "pod": "cart-7d9f-x2x",
    }  # fmt: skip


def test_a_value_that_is_not_known_is_null_and_never_0(api: Api, frame: MetricFrame) -> None:
    found = api.get("metrics/").json()["metrics"]["shop/deployment/cart"]
    [unknown] = [row for row in found if row["container"] == "proxy"]
    assert unknown["value"] is None


def test_metrics_are_paged_by_next(api: Api, frame: MetricFrame) -> None:
    first = api.get("metrics/", limit=1).json()
    assert list(first["metrics"]) == ["/node/node-1"]
    second = api.client.get(first["next"]).json()
    assert list(second["metrics"]) == ["shop/deployment/cart"]
    assert second["next"] is None


def test_without_any_measurement_metrics_are_empty_and_say_no_time(api: Api) -> None:
    history._LOCAL.clear()
    current_cluster().delete()
    body = api.get("metrics/").json()
    assert (body["count"], body["metrics"], body["at"]) == (0, {}, None)


@pytest.mark.parametrize("limit", ["0", "501", "many"])
def test_a_wrong_limit_is_400(api: Api, limit: str) -> None:
    check_problem(api.get("metrics/", limit=limit), 400)


def test_queries_are_the_active_ones_beside_the_shipped_ones(api: Api) -> None:
    query(name="on", query="up")
    query(name="off", query="down", active=False)
    body = api.get("metrics/queries").json()
    assert set(body) == {"status", "queries", "default_queries", "details"}
    assert body["queries"] == ["up"]
    assert len(body["default_queries"]) == len(seeds())
    assert [row["name"] for row in body["details"]] == ["off", "on"]


def test_no_model_is_told_honestly(api: Api, settings: Any, tmp_path: Path) -> None:
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "model.keras")
    info = api.get("metrics/model/info").json()["model_info"]
    assert (info["trained"], info["message"]) == (False, "no model trained yet")


def test_a_model_is_told_by_its_manifest(api: Api, settings: Any, tmp_path: Path) -> None:
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "model.keras")
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "7", "threshold": 0.4}))
    info = api.get("metrics/model/info").json()["model_info"]
    assert (info["trained"], info["version"], info["threshold"]) == (True, "7", 0.4)


def test_the_threshold_of_the_settings_wins_over_the_manifest(
    api: Api, settings: Any, tmp_path: Path
) -> None:
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "model.keras")
    settings.AUTOENCODER_THRESHOLD = 0.7
    (tmp_path / "manifest.json").write_text(json.dumps({"threshold": 0.4}))
    assert api.get("metrics/model/info").json()["model_info"]["threshold"] == 0.7


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_broken_manifest_is_no_model(api: Api, settings: Any, tmp_path: Path, text: str) -> None:
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "model.keras")
    (tmp_path / "manifest.json").write_text(text)
    info = api.get("metrics/model/info").json()["model_info"]
    assert info["trained"] is False


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"namespace": "shop"}, ["shop/deployment/cart"]),
        ({"entity_type": "Node"}, ["/node/node-1"]),
        ({"name": "cart", "metric": "cpu_cores"}, ["shop/deployment/cart"]),
        ({"namespace": "other"}, []),
    ],
)
def test_values_are_narrowed_by_namespace_kind_name_and_metric(
    frame: MetricFrame, api: Api, asked: dict[str, str], names: list[str]
) -> None:
    body = api.get("metrics/", **asked).json()
    assert list(body["metrics"]) == names
    if "metric" in asked:
        assert [row["metric"] for row in body["metrics"][names[0]]] == [asked["metric"]]


def test_the_next_page_keeps_the_filters(frame: MetricFrame, api: Api) -> None:
    body = api.get("metrics/", limit="1", entity_type="deployment").json()
    assert (body["count"], body["next"]) == (1, None)


@pytest.mark.parametrize("name", ["namespace", "entity_type", "name", "metric"])
def test_an_empty_filter_is_400(frame: MetricFrame, api: Api, name: str) -> None:
    found = check_problem(api.get("metrics/", **{name: ""}), 400)
    assert found["errors"][0]["field"] == name
