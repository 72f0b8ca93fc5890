"""The four groups, over every page and every verb of the admin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from detection.clients import current_cluster
from detection.models import MetricQuery
from kubewise_site.console.groups import (
    ACCESS,
    ADMIN,
    APPROVER,
    EDITED,
    GROUPS,
    OPERATOR,
    SEEN,
    VIEWER,
)
from kubewise_site.core.access.models import ApiToken
from remediation.controls import acceptances
from remediation.models import Approval, Delivery, Mode, Policy, Silence, StopSwitch
from tests.kubewise_site import records

pytestmark = pytest.mark.django_db
NOBODY = "nobody"
PEOPLE = (NOBODY, *GROUPS)


def client_of(group: str) -> Client:
    user = records.user(f"one-{group}")
    if group != NOBODY:
        user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def at_least(group: str, least: str) -> bool:
    return PEOPLE.index(group) >= PEOPLE.index(least)


def name_of(model: Any) -> str:
    return f"{model._meta.app_label}.{model._meta.model_name}"


REGISTERED = sorted(name_of(model) for model in django_admin.site._registry)


def test_the_migration_makes_four_groups_and_no_permission_that_nothing_knows() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(GROUPS)
    for permission in Permission.objects.select_related("content_type"):
        kind = permission.content_type
        assert apps.get_model(kind.app_label, kind.model), permission


def test_each_group_may_all_that_the_one_before_it_may() -> None:
    held = [set(Group.objects.get(name=name).permissions.all()) for name in GROUPS]
    assert all(less < more for less, more in pairwise(held))


def test_every_page_of_the_admin_belongs_to_a_group() -> None:
    assert set(REGISTERED) == {*SEEN, *ACCESS}


@pytest.mark.parametrize("group", PEOPLE)
def test_each_list_opens_for_those_who_may_see_it_and_for_no_other(group: str) -> None:
    client = client_of(group)
    for name in REGISTERED:
        path = reverse(f"admin:{name.replace('.', '_')}_changelist")
        least = ADMIN if name in ACCESS else VIEWER
        assert client.get(path).status_code == (200 if at_least(group, least) else 403), name


@pytest.mark.parametrize("group", PEOPLE)
def test_each_form_opens_for_those_who_may_write_and_for_no_other(group: str) -> None:
    client = client_of(group)
    for name in REGISTERED:
        path = reverse(f"admin:{name.replace('.', '_')}_add")
        least = ADMIN if name in ACCESS else OPERATOR
        may = name in (*EDITED, *ACCESS) and at_least(group, least)
        assert client.get(path).status_code == (200 if may else 403), name


IN_A_WEEK = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}"
VERBS: dict[str, tuple[str, dict[str, Any], str]] = {
    "approve": ("review/", {"verdict": "approve"}, APPROVER),
    "reject": ("review/", {"verdict": "reject"}, APPROVER),
    "analyze": ("{id}/do/analyze/", {}, APPROVER),
    "comment": ("{id}/do/comment/", {"text": "seen"}, APPROVER),
    "feedback": ("{id}/do/feedback/", {}, APPROVER),
    "silence": ("{id}/do/silence/", {"hours": "1", "reason": "known"}, OPERATOR),
    "accept": ("{id}/do/accept/", {"review": IN_A_WEEK, "reason": "known"}, OPERATOR),
    "end-acceptance": ("{id}/do/end-acceptance/", {}, OPERATOR),
}


@pytest.mark.parametrize("group", PEOPLE)
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_of_an_incident_is_for_its_group_and_those_above(group: str, verb: str) -> None:
    path, body, least = VERBS[verb]
    incident = records.incident(cause="METRIC_ANOMALY")
    if verb == "end-acceptance":
        until = records.NOW + timedelta(days=7)
        acceptances.accept(incident, "boss", "known", until, records.NOW)
    plan = records.plan(incident)
    choice = {"choice": f"{plan.pk}:0:{plan.digest}"}
    url = f"/admin/detection/incident/{path.format(id=incident.pk)}"
    before, steps = _written(), incident.transitions.count()
    answer = client_of(group).post(url, body | choice)
    may = at_least(group, least)
    assert answer.status_code == (302 if may else 403)
    incident.refresh_from_db()
    changed = _written() != before or incident.version != 1 or incident.transitions.count() > steps
    assert changed is may


def _written() -> tuple[int, int]:
    return Approval.objects.count(), Silence.objects.count()


@pytest.mark.parametrize("group", PEOPLE)
def test_stopping_is_for_approvers_and_the_mode_for_operators(group: str) -> None:
    client = client_of(group)
    for body, least, model in (
        ({"stopped": "1", "reason": "odd"}, APPROVER, StopSwitch),
        ({"mode": "AUTO", "reason": "night"}, OPERATOR, Mode),
    ):
        status = client.post("/admin/switches/", body).status_code
        assert status == (302 if at_least(group, least) else 403)
        assert model.objects.exists() is at_least(group, least)


@pytest.mark.parametrize("group", PEOPLE)
def test_the_dashboard_opens_for_all_and_shows_incidents_to_viewers(group: str) -> None:
    records.incident()
    client = client_of(group)
    shown = client.get("/admin/").content.decode()
    assert ("shop/cart" in shown) is at_least(group, VIEWER)
    assert ("Stop everything" in shown) is at_least(group, APPROVER)
    assert ("Switch to AUTO" in shown) is at_least(group, OPERATOR)
    charts = client.get("/admin/charts/").status_code
    assert charts == (200 if at_least(group, VIEWER) else 403)


@pytest.mark.parametrize("group", PEOPLE)
def test_the_page_of_an_incident_offers_what_the_group_may_do(group: str) -> None:
    incident = records.incident()
    records.plan(incident)
    client = client_of(group)
    path = f"/admin/detection/incident/{incident.pk}"
    answer = client.get(f"{path}/change/")
    assert answer.status_code == (200 if at_least(group, VIEWER) else 403)
    assert client.get(f"{path}/charts/").status_code == answer.status_code
    shown = answer.content.decode()
    assert ('value="approve"' in shown) is at_least(group, APPROVER)
    assert ("Analyze again" in shown) is at_least(group, APPROVER)
    assert ("Silence it" in shown) is at_least(group, OPERATOR)


@pytest.mark.parametrize("group", PEOPLE)
def test_notifications_are_seen_by_viewers_and_tested_by_operators(group: str) -> None:
    client = client_of(group)
    seen = 200 if at_least(group, VIEWER) else 403
    assert client.get("/admin/notifications/").status_code == seen
    sent = client.post("/admin/notifications/").status_code
    assert sent == (302 if at_least(group, OPERATOR) else 403)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("group", PEOPLE)
def test_rules_are_changed_by_operators_alone(group: str) -> None:
    policy = Policy.objects.create(cluster=current_cluster(), namespace_pattern="shop", mode="AUTO")
    query = MetricQuery.objects.create(name="one", query="up", entity_kind="pod")
    client = client_of(group)
    for row in (policy, query):
        name = name_of(row).replace(".", "_")
        answer = client.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"})
        assert answer.status_code == (302 if at_least(group, OPERATOR) else 403)
    assert Policy.objects.exists() is not at_least(group, OPERATOR)


def test_an_admin_makes_no_superuser_and_takes_over_none() -> None:
    root = User.objects.create_superuser("root", password="secret-of-tests")
    client = client_of(ADMIN)
    me = User.objects.get(username=f"one-{ADMIN}")
    body = {"username": me.username, "is_active": "on", "is_staff": "on", "is_superuser": "on",
            "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}  # fmt: skip
    client.post(reverse("admin:auth_user_change", args=[me.pk]), body)
    me.refresh_from_db()
    assert not me.is_superuser
    password = {"password1": "another-secret-1", "password2": "another-secret-1"}
    path = reverse("admin:auth_user_password_change", args=[root.pk])
    assert client.post(path, password).status_code == 403
    assert client.post(reverse("admin:auth_user_delete", args=[root.pk])).status_code == 403


def test_an_admin_can_not_take_a_superusers_token() -> None:
    root = User.objects.create_superuser("root", password="secret-of-tests")
    client = client_of(ADMIN)
    body = {"user": root.pk, "name": "mine", "scopes": "operate", "days": 9}
    client.post(reverse("admin:access_apitoken_add"), body)
    assert not ApiToken.objects.filter(user=root).exists()
