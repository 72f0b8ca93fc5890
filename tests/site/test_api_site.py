"""The root, the configuration and the schema."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from kubewise_site import env
from kubewise_site.version import VERSION
from tests.site.api_client import Api, check_problem

METHODS = {
    "/": {"get"},
    "/api/v1/health/": {"get"},
    "/api/v1/setup/mode": {"get", "put"},
    "/api/v1/setup/stop": {"get", "put"},
    "/api/v1/setup/config": {"get"},
    "/api/v1/metrics/": {"get"},
    "/api/v1/metrics/queries": {"get"},
    "/api/v1/metrics/model/info": {"get"},
    "/api/v1/anomalies/analyze/{anomaly_id}": {"post"},
    "/api/v1/remediation/events": {"get"},
    "/api/v1/remediation/events/{anomaly_id}": {"get"},
    "/api/v1/remediation/events/{anomaly_id}/remediate": {"post"},
    "/api/v1/remediation/events/{anomaly_id}/approve": {"post"},
    "/api/v1/remediation/events/{anomaly_id}/reject": {"post"},
    "/api/v1/remediation/commands": {"get"},
}


@pytest.fixture(scope="module")
def schema() -> Any:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_root_tells_name_version_and_links(api: Api) -> None:
    body = api.client.get("/").json()
    assert (body["name"], body["version"]) == ("KubeWise", VERSION)
    assert body["links"]["health"] == "http://testserver/api/v1/health/"
    assert all(api.client.get(link).status_code != 404 for link in body["links"].values())


def test_the_root_sends_a_browser_to_the_admin() -> None:
    answer = Client().get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_the_root_is_not_open_to_strangers(stranger: Api) -> None:
    check_problem(stranger.client.get("/"), 401)


def test_the_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((env.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


def test_the_configuration_has_every_setting(api: Api) -> None:
    body = api.get("setup/config").json()
    assert set(body) == {"status", "config", "note"}
    assert set(body["config"]) == {setting.name for setting in env.SETTINGS}


def test_no_secret_is_ever_shown(api: Api, settings: Any) -> None:
    secrets = {s.name: f"hunter2-{s.name}" for s in env.SETTINGS if s.secret}
    settings.VALUES = settings.VALUES | secrets
    settings.VALUES["CELERY_BROKER_URL"] = "redis://user:hunter2@redis:6379/0"
    settings.VALUES["CSRF_TRUSTED_ORIGINS"] = ("https://u:hunter2@host",)
    answer = api.get("setup/config")
    assert "hunter2" not in answer.content.decode()
    config = answer.json()["config"]
    assert {config[name] for name in secrets} == {"set"}
    assert config["CELERY_BROKER_URL"] == "redis://***@redis:6379/0"


def test_an_empty_secret_is_shown_as_unset(api: Api) -> None:
    assert api.get("setup/config").json()["config"]["GEMINI_API_KEY"] == "unset"


def test_the_schema_is_made_without_a_warning(schema: Any, capsys: Any) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate")
    assert not GENERATOR_STATS


def test_the_schema_is_a_valid_openapi_3_1(schema: Any) -> None:
    validate_schema(schema)
    assert schema["openapi"].startswith("3.1")


def test_the_schema_has_every_call_once(schema: Any) -> None:
    found = {path: set(item) for path, item in schema["paths"].items()}
    assert found == METHODS


def test_the_schema_documents_problems_for_every_call(schema: Any) -> None:
    for item in schema["paths"].values():
        for operation in item.values():
            content = operation["responses"]["default"]["content"]
            assert "application/problem+json" in content


def test_the_schema_and_its_pages_are_served_locally(browser: Client) -> None:
    assert browser.get("/api/v1/schema/").status_code == 200
    page = browser.get("/api/v1/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "https://" not in page
