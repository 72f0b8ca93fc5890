"""One error shape for everything below /api/, and tolerant paths."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings

from remediation.api import views_setup
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

READS = (
    "health/", "setup/mode", "setup/config", "setup/stop", "metrics/", "metrics/queries",
    "metrics/model/info", "remediation/events", "remediation/commands", "schema/", "docs/",
)  # fmt: skip


@pytest.mark.parametrize("path", READS)
def test_nothing_is_open_to_strangers(stranger: Api, path: str) -> None:
    answer = stranger.get(path)
    check_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_docs_send_a_browser_to_log_in(db: None) -> None:
    answer = Client().get("/api/v1/docs/", headers={"Accept": "text/html"})
    assert answer["Location"] == "/admin/login/?next=/api/v1/docs/"


def test_a_wrong_token_is_401(db: None) -> None:
    client = Client(headers={"Authorization": "Bearer nonsense"})
    check_problem(client.get("/api/v1/setup/mode"), 401)


@pytest.mark.parametrize("word", ["Bearer", "Token", "bearer", "TOKEN"])
def test_a_token_is_taken_as_bearer_and_as_token(admin: Any, word: str) -> None:
    assert Api(admin, word).get("setup/mode").status_code == 200


def test_a_session_is_taken_too(browser: Client) -> None:
    assert browser.get("/api/v1/setup/mode").status_code == 200


def test_a_session_needs_the_csrf_token_to_write(admin: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    answer = client.put("/api/v1/setup/mode", '{"mode": "AUTO"}', content_type="application/json")
    assert "CSRF" in check_problem(answer, 403)["detail"]


@pytest.mark.parametrize("path", READS)
def test_a_path_answers_with_and_without_its_last_slash(api: Api, path: str) -> None:
    answers = [api.get(path.rstrip("/")), api.get(path.rstrip("/") + "/")]
    assert [answer.status_code in (200, 503) for answer in answers] == [True, True]


def test_a_post_with_a_slash_is_not_redirected(api: Api) -> None:
    incident = records.incident()
    answer = api.send("POST", f"anomalies/analyze/{incident.anomaly_id}/")
    assert answer.status_code == 202


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/events", "/api/v1/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_a_problem_in_every_method(api: Api, path: str, method: str) -> None:
    check_problem(api.client.generic(method, path), 404)


def test_an_unknown_path_tells_strangers_nothing(stranger: Api) -> None:
    check_problem(stranger.get("nothing"), 401)


def test_a_wrong_method_is_405_and_says_which_are_right(api: Api) -> None:
    answer = api.send("DELETE", "setup/mode")
    check_problem(answer, 405)
    assert "PUT" in answer.headers["Allow"]


@pytest.mark.parametrize("body", ['{"mode": ', "[1, 2]", '"AUTO"', "null", "\ud83d", "", "{}"])
def test_a_malformed_body_is_400(api: Api, body: str) -> None:
    answer = api.client.generic(
        "PUT", "/api/v1/setup/mode", body.encode("utf-8", "surrogatepass"),
        content_type="application/json",
    )  # fmt: skip
    check_problem(answer, 400)


def test_a_deeply_nested_body_is_400(api: Api) -> None:
    check_problem(api.send("PUT", "setup/mode", "[" * 100_000), 400)


def test_a_body_beyond_a_mebibyte_is_413(api: Api) -> None:
    body = {"mode": "AUTO", "reason": "x" * 2**20}
    assert check_problem(api.send("PUT", "setup/mode", body), 413)["type"].endswith("too-large")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("size", [10, 3 * 2**20])
def test_a_form_of_a_session_is_refused_unread_however_long_it_is(
    admin: Any, kind: str, size: int
) -> None:
    """While the CSRF token is looked for, too."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(admin)
    client.cookies["csrftoken"] = "c" * 32
    answer = client.generic("POST", "/api/v1/alerts", b"a=" + b"x" * size, kind)
    check_problem(answer, 415)


def test_another_media_type_is_415(api: Api) -> None:
    answer = api.client.put("/api/v1/setup/mode", "<mode/>", content_type="application/xml")
    check_problem(answer, 415)


def test_a_validation_error_names_each_field(api: Api) -> None:
    body = check_problem(api.send("PUT", "setup/stop", {"stopped": "maybe"}), 400)
    [error] = body["errors"]
    assert error["field"] == "stopped"
    assert error["detail"] in body["detail"]


def test_a_bug_is_a_500_without_its_details(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: Any) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(views_setup.mode_and_stop, "current_mode", explode)
    answer = api.get("setup/mode")
    body = check_problem(answer, 500)
    assert "secret inside" not in str(body)


def test_a_wrong_host_is_a_problem_too(api: Api) -> None:
    with override_settings(ALLOWED_HOSTS=["kubewise.example"]):
        answer = api.client.get("/api/v1/setup/mode", headers={"Host": "evil.example"})
    check_problem(answer, 400)


def test_pages_outside_the_api_stay_html(browser: Client) -> None:
    answer = browser.get("/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
