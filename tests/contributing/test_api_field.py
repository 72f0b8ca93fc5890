"""The row "a field of the REST API": refused until the schema tells it and the list loads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from kubewise_site.core.config.reading import BASE_DIR
from remediation.api.serializers import EventSerializer, _event_shape
from remediation.models import querysets
from tests.kubewise_site import records
from tests.kubewise_site.api import test_site_endpoints
from tests.kubewise_site.api_client import Api

COMMITTED = yaml.safe_load((BASE_DIR / "docs" / "openapi.yaml").read_text())
FIELDS = {"owner_version": serializers.IntegerField(source="version"),
          "facts": serializers.JSONField()}  # fmt: skip


@pytest.fixture(params=["owner_version", "facts"])
def field(request: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """One more line of EventSerializer: the list loads the column of the first, not of `facts`."""
    declared = EventSerializer._declared_fields
    more = {**declared, request.param: FIELDS[request.param]}
    monkeypatch.setattr(EventSerializer, "_declared_fields", more)
    _event_shape.cache_clear()
    yield request.param
    _event_shape.cache_clear()


def served() -> Any:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def test_it_is_refused_until_the_schema_is_written_anew(field: str) -> None:
    schema = served()
    with pytest.raises(AssertionError):
        test_site_endpoints.test_the_committed_schema_is_the_one_that_is_served(schema)
    del schema["components"]["schemas"]["Event"]["properties"][field]
    schema["components"]["schemas"]["Event"]["required"].remove(field)
    assert schema == COMMITTED


def test_it_is_in_every_answer(field: str, api: Api) -> None:
    incident = records.incident(facts={"exit_code": 137})
    said = {"owner_version": incident.version, "facts": {"exit_code": 137}}[field]
    one = api.get(f"remediation/events/{incident.anomaly_id}").json()["event"]
    [listed] = api.get("remediation/events").json()["events"]
    assert one[field] == listed[field] == said


def test_a_column_that_the_list_does_not_load_costs_a_query_a_row_until_it_does(
    field: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.incident("first")
    assert queries_more(api) == (9 if field in querysets.UNLISTED else 0)
    loaded = tuple(name for name in querysets.UNLISTED if name != field)
    monkeypatch.setattr(querysets, "UNLISTED", loaded)
    assert queries_more(api) == 0


def queries_more(api: Api) -> int:
    """How many more queries the list takes for nine incidents more."""
    few = queries(api)
    for _ in range(9):
        records.incident(f"cart-{records.Incident.objects.count()}")
    return queries(api) - few


def queries(api: Api) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert api.get("remediation/events", limit=500).status_code == 200
    return len(captured)
