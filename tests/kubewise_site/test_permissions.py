"""Who may do what over the API, beside the matrix in api/test_matrix.py."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User

from detection.clients import current_cluster
from kubewise_site.console.groups import VIEWER
from kubewise_site.core.rest.views import Guarded
from kubewise_site.urls import v1
from remediation.controls import mode_and_stop
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

EVENT = "remediation/events/{id}"


def test_a_forbidden_verb_changes_nothing(reader: User) -> None:
    check_problem(Api(reader).send("PUT", "setup/mode", {"mode": "AUTO"}), 403)
    assert mode_and_stop.standing(current_cluster()).mode == "MANUAL"


def test_an_account_reads_once_it_is_in_a_group(reader: User) -> None:
    incident = records.incident()
    paths = ("remediation/events", EVENT.format(id=incident.anomaly_id), "setup/config")
    for path in paths:
        check_problem(Api(reader).get(path), 403)
    reader.groups.add(Group.objects.get(name=VIEWER))
    for path in paths:
        assert Api(User.objects.get(pk=reader.pk)).get(path).status_code == 200


def test_an_account_that_was_disabled_may_nothing(reader: User) -> None:
    client = Api(reader)
    User.objects.update(is_active=False)
    check_problem(client.get("remediation/events"), 401)


def test_every_view_that_writes_names_a_permission_for_each_verb() -> None:
    for view in _views():
        verbs = {verb.upper() for verb in ("post", "put", "patch", "delete") if hasattr(view, verb)}
        assert verbs == set(view.writes), view


def test_a_verb_without_a_permission_is_refused_to_everybody(admin: User, rf: Any) -> None:
    class Forgotten(Guarded):
        def post(self, request: Any) -> None: ...

    request = rf.post("/")
    request.user, request._dont_enforce_csrf_checks = admin, True
    assert Forgotten.as_view()(request).status_code in (401, 403)


def _views() -> list[type[Guarded]]:
    views = [getattr(route.callback, "view_class", None) for route in v1]
    return [view for view in views if view and issubclass(view, Guarded)]
