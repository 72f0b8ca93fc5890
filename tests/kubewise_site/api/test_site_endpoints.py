"""The root, the configuration and the schema."""

from __future__ import annotations

import json
import tomllib
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver, resolve
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from kubewise_site.core.config.reading import BASE_DIR, SETTINGS
from kubewise_site.version import VERSION
from tests.kubewise_site.api_client import Api, check_problem

UNDOCUMENTED = {
    "healthz",
    "readyz",
    "exposition",
    "dashboard-charts",
    "dashboard-fragment",
    "notifications",
    "switches",
    "schema",
    "docs",
}


def _address(path: str) -> str:
    example = {"{anomaly_id}": str(uuid4()), "{id}": "1", "{name}": "x", "{version}": "x"}
    for part, value in example.items():
        path = path.replace(part, value)
    return path


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
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION


def test_the_configuration_has_every_setting(api: Api) -> None:
    body = api.get("setup/config").json()
    assert set(body) == {"status", "config", "note"}
    assert set(body["config"]) == {setting.name for setting in SETTINGS}


def test_no_secret_is_ever_shown(api: Api, settings: Any) -> None:
    secrets = {s.name: f"hunter2-{s.name}" for s in SETTINGS if s.secret}
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


def test_the_committed_schema_is_the_one_that_is_served(schema: Any) -> None:
    """`manage.py spectacular --file docs/openapi.yaml` writes it anew."""
    committed = yaml.safe_load((BASE_DIR / "docs" / "openapi.yaml").read_text())
    assert committed == json.loads(json.dumps(schema))


def test_the_schema_has_every_call_once(schema: Any) -> None:
    paths = [path.rstrip("/") for path in schema["paths"]]
    assert len(paths) == len(set(paths))
    served = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    documented = {resolve(_address(path)).url_name for path in schema["paths"]}
    assert served - documented == UNDOCUMENTED


def test_the_schema_documents_every_refusal_as_a_problem(schema: Any) -> None:
    for item in schema["paths"].values():
        for operation in item.values():
            refusals = {s: a for s, a in operation["responses"].items() if s.startswith("4")}
            refusals.pop("414")  # the web server's, before us
            assert {"400", "401", "403", "429"} <= set(refusals)
            assert "default" not in operation["responses"]
            for answer in refusals.values():
                assert list(answer["content"]) == ["application/problem+json"]


def test_the_schema_and_its_pages_are_served_locally(browser: Client) -> None:
    assert browser.get("/api/v1/schema/").status_code == 200
    page = browser.get("/api/v1/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "https://" not in page
