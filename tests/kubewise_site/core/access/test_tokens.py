"""Tokens: kept as hashes, bounded in time and scope, never above their user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from kubewise_site.core.access import issuing
from kubewise_site.core.access.models import ApiToken
from kubewise_site.core.access.scopes import TokenScope
from remediation.models import Mode
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_database_holds_no_token(admin: User) -> None:
    row, token = issuing.issue(admin, "script", ["operate"], 1, NOW)
    assert token.startswith("kw_")
    assert len(token) > 40
    kept = " ".join(str(value) for value in ApiToken.objects.values_list().get())
    assert token not in kept
    assert token.removeprefix(row.hint) not in kept


def test_the_command_prints_the_token_and_nothing_else(admin: User, capsys: Any) -> None:
    call_command("create_token", "anna", "--scope", "approve", "--days", "7", "--name", "night")
    token = capsys.readouterr().out.strip()
    row = issuing.find(token)
    assert row is not None
    assert (row.user, row.name, row.scopes) == (admin, "night", ["read", "approve"])
    assert (row.expires_at - row.created_at).days == 7


@pytest.mark.parametrize("words", [["nobody"], ["anna", "--days", "0"], ["anna", "--days", "999"]])
def test_the_command_makes_no_token_of_nonsense(admin: User, words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("create_token", *words)
    assert not ApiToken.objects.exists()


def test_a_token_that_expired_is_401_and_says_so(admin: User) -> None:
    client = Api(admin)
    ApiToken.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert "expired" in check_problem(client.get("setup/mode"), 401)["detail"]


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer \xff\xfe", "Token kw_x"])
def test_a_token_that_is_none_is_401(db: None, header: str) -> None:
    client = Client(headers={"Authorization": header})
    check_problem(client.get("/api/v1/setup/mode"), 401)


@pytest.mark.parametrize("scopes", [[], [TokenScope.APPROVE]])
def test_a_token_without_the_scope_changes_nothing(admin: User, scopes: list[str]) -> None:
    answer = Api(admin, scopes=scopes).send("PUT", "setup/mode", {"mode": "AUTO"})
    assert "scope operate" in check_problem(answer, 403)["detail"]
    assert not Mode.objects.exists()


def test_a_token_to_operate_does_not_approve(admin: User) -> None:
    plan = records.plan(records.incident())
    path = f"remediation/events/{plan.incident.anomaly_id}/approve"
    body = {"plan": plan.pk, "digest": plan.digest}
    refused = Api(admin, scopes=[TokenScope.OPERATE]).send("POST", path, body)
    assert "scope approve" in check_problem(refused, 403)["detail"]
    assert Api(admin, scopes=[TokenScope.APPROVE]).send("POST", path, body).status_code == 202


def test_a_token_may_no_more_than_its_user(reader: User) -> None:
    answer = Api(reader).send("PUT", "setup/mode", {"mode": "AUTO"})
    assert "remediation.set_mode" in check_problem(answer, 403)["detail"]


def test_nobody_makes_a_token_for_somebody_above(admin: User) -> None:
    clerk = records.user("clerk", "access.add_apitoken", "access.view_apitoken")
    client = Client()
    client.force_login(clerk)
    body = {"user": admin.pk, "name": "mine", "scopes": ["operate"], "days": 1}
    client.post("/admin/access/apitoken/add/", body)
    assert not ApiToken.objects.exists()


def test_failed_tokens_are_slowed_down_and_a_valid_one_is_not(admin: User, settings: Any) -> None:
    settings.FAILED_LOGINS_MOST = 3
    wrong = Client(headers={"Authorization": "Bearer kw_guess"})
    for _ in range(3):
        check_problem(wrong.get("/api/v1/setup/mode"), 401)
    answer = wrong.get("/api/v1/setup/mode")
    check_problem(answer, 429)
    assert int(answer.headers["Retry-After"]) > 0
    assert Api(admin).get("setup/mode").status_code == 200


def test_failed_passwords_lock_the_address_even_for_the_right_one(
    admin: User, settings: Any
) -> None:
    settings.FAILED_LOGINS_MOST = 3
    client = Client()
    for _ in range(3):
        client.post("/admin/login/", {"username": "anna", "password": "guess"})
    answer = client.post("/admin/login/", {"username": "anna", "password": "secret-of-tests"})
    assert "Wait five minutes" in answer.content.decode()
    other = Client(REMOTE_ADDR="10.9.9.9")
    right = other.post("/admin/login/", {"username": "anna", "password": "secret-of-tests"})
    assert right.status_code == 302


def test_wrong_tokens_lock_nobody_out_of_the_admin_nor_wrong_passwords_a_script(
    admin: User, settings: Any
) -> None:
    """Another team's old script, behind the same address."""
    settings.FAILED_LOGINS_MOST = 3
    wrong = Client(headers={"Authorization": "Bearer kw_guess"})
    for _ in range(10):
        wrong.get("/api/v1/setup/mode")
    right = {"username": "anna", "password": "secret-of-tests"}
    assert Client().post("/admin/login/", right).status_code == 302
    for _ in range(10):
        Client().post("/admin/login/", right | {"password": "guess"})
    check_problem(Client(headers={"Authorization": "Bearer kw_x"}).get("/api/v1/setup/mode"), 429)
    assert Api(admin).get("setup/mode").status_code == 200


def test_wrong_passwords_alone_hold_up_no_token(admin: User, settings: Any) -> None:
    settings.FAILED_LOGINS_MOST = 3
    for _ in range(10):
        Client().post("/admin/login/", {"username": "anna", "password": "guess"})
    check_problem(Client(headers={"Authorization": "Bearer kw_x"}).get("/api/v1/setup/mode"), 401)


def test_failed_log_ins_are_logged_by_user_without_the_password(
    admin: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.FAILED_LOGINS_MOST = 2
    for name in ("anna", "nobody\x1b[2J\u202e", "anna"):
        body = {"username": name, "password": "guess-of-tests"}
        Client().post("/admin/login/", body, REMOTE_ADDR="10.1.2.3")
    told = [dict(record.msg) for record in caplog.records if "log-in" in str(record.msg)]
    assert [one["event"] for one in told] == [*2 * ["a log-in failed"], "a log-in must wait"]
    assert [one["user"] for one in told] == ["anna", "nobody\\u001b[2J\\u202e", "anna"]
    assert {one["address"] for one in told} == {"10.1.2.3"}
    assert "guess-of-tests" not in str(told)


@pytest.mark.parametrize(("hops", "expected"), [(0, "10.0.0.1"), (1, "2.2.2.2"), (2, "1.1.1.1")])
def test_a_forwarded_address_is_believed_for_trusted_hops_only(
    rf: Any, settings: Any, hops: int, expected: str
) -> None:
    from kubewise_site.core.access.throttling import address_of

    settings.TRUSTED_PROXIES = hops
    headers = {"X-Forwarded-For": "1.1.1.1, 2.2.2.2"}
    assert address_of(rf.get("/", headers=headers, REMOTE_ADDR="10.0.0.1")) == expected


def test_too_many_writes_are_429_and_reading_goes_on(api: Api, settings: Any) -> None:
    settings.API_WRITES_PER_MINUTE = 2
    answers = [api.send("PUT", "setup/mode", {"mode": "AUTO"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert check_problem(answers[2], 429)["title"] == "Too Many Requests"
    assert int(answers[2].headers["Retry-After"]) > 0
    assert Mode.objects.count() == 2
    assert api.get("setup/mode").status_code == 200


def test_nothing_is_limited_while_the_cache_is_away(
    api: Api, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OSError("connection refused")

    settings.API_WRITES_PER_MINUTE = 1
    monkeypatch.setattr("kubewise_site.core.cache.limits", SimpleNamespace(add=away, get=away))
    for _ in range(3):
        assert api.send("PUT", "setup/mode", {"mode": "AUTO"}).status_code == 200
    check_problem(Client(headers={"Authorization": "Bearer no"}).get("/api/v1/setup/mode"), 401)


def test_no_answer_allows_another_origin(api: Api) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    for method in ("GET", "OPTIONS"):
        answer = api.client.generic(method, "/api/v1/setup/mode", headers=headers)
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]
