"""Mode, stop switch and catalogue over the API."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from remediation.actions import CATALOGUE
from remediation.models import Mode, StopSwitch
from tests.kubewise_site.api_client import Api, check_problem


def test_the_mode_is_shown_with_the_keys_that_scripts_rely_on(api: Api) -> None:
    body = api.get("setup/mode").json()
    assert (body["mode"], body["success"]) == ("MANUAL", True)
    assert body["message"]


@pytest.mark.parametrize("given", ["AUTO", "auto", "Auto"])
def test_a_mode_is_accepted_in_any_case_and_shown_in_capitals(api: Api, given: str) -> None:
    answer = api.send("PUT", "setup/mode", {"mode": given, "reason": "night shift"})
    assert (answer.status_code, answer.json()["mode"]) == (200, "AUTO")
    assert api.get("setup/mode").json()["mode"] == "AUTO"


def test_a_mode_keeps_who_set_it_and_why(api: Api, admin: User) -> None:
    api.send("PUT", "setup/mode", {"mode": "AUTO", "reason": "night shift"})
    row = Mode.objects.get()
    assert (row.actor, row.reason) == (admin.username, "night shift")


def test_a_wrong_mode_is_400_and_names_the_valid_ones(api: Api) -> None:
    body = check_problem(api.send("PUT", "setup/mode", {"mode": "YOLO"}), 400)
    assert "MANUAL" in body["detail"]
    assert "AUTO" in body["detail"]
    assert not Mode.objects.exists()


def test_a_missing_mode_is_400(api: Api) -> None:
    body = check_problem(api.send("PUT", "setup/mode", {}), 400)
    assert body["errors"][0]["field"] == "mode"


def test_the_stop_switch_is_pulled_and_released(api: Api) -> None:
    assert api.get("setup/stop").json()["stopped"] is False
    body = api.send("PUT", "setup/stop", {"stopped": True, "reason": "odd rollbacks"}).json()
    assert (body["stopped"], body["reason"], body["success"]) == (True, "odd rollbacks", True)
    api.send("PUT", "setup/stop", {"stopped": False})
    assert api.get("setup/stop").json()["stopped"] is False
    assert StopSwitch.objects.count() == 2


def test_the_catalogue_has_every_action_with_its_parameters(api: Api) -> None:
    commands = api.get("remediation/commands").json()["commands"]
    assert set(commands) == set(CATALOGUE)
    entry = commands["restart_deployment"]
    assert entry["required_params"] == ["name", "namespace"]
    assert {"description", "optional_params", "impact", "estimated_duration"} <= set(entry)
