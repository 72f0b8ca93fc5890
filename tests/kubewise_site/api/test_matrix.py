"""Role × call × method, over every call of the schema: who gets through, and who changes nothing.

The calls come from the schema and the permissions from the views, so that a new call is in the
matrix the day it is written, and a role that gets through where it must not is a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.contrib.auth.models import User
from django.urls import resolve

from detection.models import Alert, MetricQuery, Transition
from detection.models.anomaly import AnomalyFeedback, ModelVersion
from kubewise_site.core.access.models import IdempotencyKey
from kubewise_site.core.access.scopes import TokenScope, scope_for
from kubewise_site.core.config.reading import BASE_DIR
from kubewise_site.core.rest.views import LOOKS, Guarded
from remediation import models
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

SCHEMA = yaml.safe_load((BASE_DIR / "docs" / "openapi.yaml").read_text())
CALLS = [
    (method.upper(), path) for path, calls in SCHEMA["paths"].items() for method in sorted(calls)
]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRITTEN = (
    Alert, AnomalyFeedback, MetricQuery, ModelVersion, Transition, IdempotencyKey,
    models.Approval, models.Mode, models.Plan, models.StopSwitch, models.Policy,
    models.MaintenanceWindow, models.Silence, models.AuditEntry, models.Acceptance,
)  # fmt: skip
THROUGH = (200, 201, 202, 204, 400, 404, 409, 422, 503)


def _path(path: str) -> str:
    """An address of nothing that exists: who gets through meets 404 or 400, and writes nothing."""
    found = path.replace("{anomaly_id}", str(uuid4())).replace("{id}", "999")
    return found.replace("{name}", "nothing").replace("{version}", "nothing")


def _send(api: Api, method: str, path: str) -> Any:
    return api.client.generic(method, _path(path), "{}", content_type="application/json")


def _counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in WRITTEN}


def _needed(method: str, path: str) -> str:
    """The permission that the view names; to look, where it names none."""
    view = resolve(_path(path)).func.view_class
    if method == "GET":
        return str(getattr(view, "reads", "") or (LOOKS if issubclass(view, Guarded) else ""))
    return str(view.writes[method])


def _roles() -> Iterator[tuple[str, Any]]:
    yield "stranger", None
    for scope in (TokenScope.READ, TokenScope.APPROVE, TokenScope.OPERATE):
        yield f"administrator with a token to {scope}", scope
    yield "account without permissions", "none"


@pytest.mark.parametrize("role", [name for name, _ in _roles()])
def test_every_role_gets_through_where_it_may_and_nowhere_else(db: None, role: str) -> None:
    kind = dict(_roles())[role]
    api, before = _client(kind), _counts()
    for method, path in CALLS:
        answer = _send(api, method, path)
        expected = _expected(kind, method, path)
        if expected is None:
            assert answer.status_code in THROUGH, (role, method, path, answer.content)
        else:
            check_problem(answer, expected)
    if kind in (None, "none", TokenScope.READ):
        assert _counts() == before


def _client(kind: Any) -> Api:
    if kind is None:
        return Api()
    if kind == "none":
        return Api(records.user("nobody"))
    return Api(User.objects.create_superuser("root"), scopes=[kind])


def _expected(kind: Any, method: str, path: str) -> int | None:
    """The refusal that this role must meet; None where it gets through."""
    if kind is None:
        return 401
    needed = _needed(method, path)
    if kind == "none":
        return 403 if needed else None
    scope = TokenScope.READ if method == "GET" else scope_for(needed)
    return None if scope in (TokenScope.READ, kind) else 403


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call[0] != "GET"])
def test_the_one_permission_of_a_call_is_enough_and_all_others_are_not(
    db: None, method: str, path: str
) -> None:
    needed = _needed(method, path)
    others = sorted({_needed(*call) for call in CALLS} - {"", needed})
    before = _counts()
    check_problem(_send(Api(records.user("others", *others)), method, path), 403)
    assert _counts() == before
    assert _send(Api(records.user("one", needed)), method, path).status_code in THROUGH


def test_methods_that_a_call_does_not_have_are_405(api: Api) -> None:
    before = _counts()
    for path in SCHEMA["paths"]:
        for method in METHODS:
            if (method, path) not in CALLS:
                check_problem(_send(api, method, path), 405)
    assert _counts() == before
