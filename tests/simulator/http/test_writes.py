"""What of writes and watches the contract does not ask: owners, fields in common, old versions."""

import json
from typing import Any

import pytest

from simulator import Simulator, world
from tests.simulator.conftest import call

MAPS = "/api/v1/namespaces/shop/configmaps"
APPLY = "application/apply-patch+yaml"


def configmap(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def apply(sim: Simulator, manager: str, force: bool = False, **data: str) -> Any:
    path = f"{MAPS}/a?fieldManager={manager}&force={str(force).lower()}"
    return call(sim, "PATCH", path, configmap("a", **data), kind=APPLY).json()


def test_a_field_that_two_managers_applied_stays_until_both_gave_it_up(sim: Simulator) -> None:
    apply(sim, "first", a="1", b="1")
    assert apply(sim, "second", a="1")["data"] == {"a": "1", "b": "1"}
    assert apply(sim, "first", b="1")["data"] == {"a": "1", "b": "1"}
    assert apply(sim, "second")["data"] == {"b": "1"}


def test_a_field_taken_by_force_is_no_longer_the_first_managers(sim: Simulator) -> None:
    apply(sim, "first", a="1")
    assert apply(sim, "second", force=True, a="2")["data"] == {"a": "2"}
    assert apply(sim, "second", a="3")["data"] == {"a": "3"}
    assert apply(sim, "first", a="1")["message"] == (
        'Apply failed with 1 conflict: conflict with "second": .data.a'
    )


def test_several_conflicts_are_told_by_manager(sim: Simulator) -> None:
    apply(sim, "first", a="1", b="1")
    refused = apply(sim, "second", a="2", b="2")
    assert refused["message"] == (
        'Apply failed with 2 conflicts: conflicts with "first":\n- .data.a\n- .data.b'
    )
    assert [one["field"] for one in refused["details"]["causes"]] == [".data.a", ".data.b"]


def test_a_new_object_of_an_old_name_has_no_owners_of_fields(sim: Simulator) -> None:
    apply(sim, "first", a="1")
    call(sim, "DELETE", f"{MAPS}/a")
    assert apply(sim, "second", a="2")["data"] == {"a": "2"}
    assert apply(sim, "second", b="2")["data"] == {"b": "2"}


@pytest.mark.parametrize(("kind", "shown"), [("strategic", "map[data:map[] spce:[1 true <nil>]]")])
def test_a_refused_strategic_patch_is_shown_as_go_prints_it(
    sim: Simulator, kind: str, shown: str
) -> None:
    patch = {"spce": [1, True, None], "data": {}}
    path = f"{MAPS}/app-config?fieldValidation=Strict"
    refused = call(sim, "PATCH", path, patch, kind=f"application/{kind}-merge-patch+json").json()
    assert refused["message"] == (
        f' "" is invalid: patch: Invalid value: "{shown}": strict decoding error: unknown field'
        ' "spce"'
    )


def test_a_refused_merge_patch_shows_what_it_would_have_made(sim: Simulator) -> None:
    path = f"{MAPS}/app-config?fieldValidation=Strict"
    refused = call(sim, "PATCH", path, {"spce": 1}).json()
    quoted = refused["details"]["causes"][0]["message"].removeprefix("Invalid value: ")
    shown = json.loads(json.JSONDecoder().raw_decode(quoted)[0])
    assert (shown["spce"], shown["metadata"]["name"]) == (1, "app-config")


def owned(name: str, *owners: dict[str, Any]) -> dict[str, Any]:
    body = configmap(name)
    body["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", **owner} for owner in owners
    ]
    return body


def reference(made: dict[str, Any]) -> dict[str, Any]:
    return {"name": made["metadata"]["name"], "uid": made["metadata"]["uid"]}


def test_an_object_loses_the_owner_that_goes_and_lives_by_the_one_that_stays(
    sim: Simulator,
) -> None:
    one, two = (reference(call(sim, "POST", MAPS, configmap(n)).json()) for n in ("one", "two"))
    call(sim, "POST", MAPS, owned("child", one, two))
    call(sim, "DELETE", f"{MAPS}/one")
    sim.settle(1)
    child = call(sim, "GET", f"{MAPS}/child").json()
    assert [each["name"] for each in child["metadata"]["ownerReferences"]] == ["two"]
    call(sim, "DELETE", f"{MAPS}/two")
    sim.settle(1)
    assert call(sim, "GET", f"{MAPS}/child").status_code == 404


def test_an_owner_in_another_namespace_or_of_another_uid_is_none(sim: Simulator) -> None:
    there = "/api/v1/namespaces/payments/configmaps"
    foreign = reference(call(sim, "POST", there, configmap("foreign")).json())
    near = reference(call(sim, "POST", MAPS, configmap("near")).json())
    call(sim, "POST", MAPS, owned("a", foreign))
    call(sim, "POST", MAPS, owned("b", near | {"uid": foreign["uid"]}))
    call(sim, "POST", MAPS, owned("c", near))
    sim.settle(1)
    found = {name: call(sim, "GET", f"{MAPS}/{name}").status_code for name in "abc"}
    assert found == {"a": 404, "b": 404, "c": 200}


def test_an_owner_of_the_cluster_keeps_what_is_in_a_namespace(sim: Simulator) -> None:
    node = call(sim, "GET", "/api/v1/nodes/node-1").json()
    body = owned("mirror", reference(node) | {"kind": "Node"})
    call(sim, "POST", MAPS, body)
    sim.settle(1)
    assert call(sim, "GET", f"{MAPS}/mirror").status_code == 200


def test_an_owner_of_a_kind_that_is_not_served_is_believed(sim: Simulator) -> None:
    unknown = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "x", "uid": "u"}
    call(sim, "POST", MAPS, owned("kept", unknown))
    sim.settle(1)
    assert call(sim, "GET", f"{MAPS}/kept").status_code == 200


def watched(sim: Simulator, query: str) -> list[Any]:
    answer = call(sim, "GET", f"{MAPS}?watch=true&timeoutSeconds=1&{query}")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_clone_does_not_tell_the_history_of_its_original(built: Simulator) -> None:
    with Simulator(background=False) as copy:
        world.clone(built, copy)
        version = copy.store.revision
        (event,) = watched(copy, f"resourceVersion={version - 1}")
        assert event["object"]["message"] == f"too old resource version: {version - 1} ({version})"
        assert watched(copy, f"resourceVersion={version}") == []


def test_a_watch_that_wants_no_initial_events_begins_now(sim: Simulator) -> None:
    query = "sendInitialEvents=false&resourceVersionMatch=NotOlderThan"
    assert watched(sim, query) == []


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (
            "sendInitialEvents=true",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            "resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch is forbidden for watch",
        ),
    ],
)
def test_watch_options_that_do_not_go_together_are_invalid(
    sim: Simulator, query: str, why: str
) -> None:
    answer = call(sim, "GET", f"{MAPS}?watch=true&{query}")
    assert answer.status_code == 422
    assert answer.json()["message"] == (
        f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: {why}'
    )


def test_an_unknown_path_of_an_unknown_group_is_plain_text(sim: Simulator) -> None:
    answer = call(sim, "GET", "/apis/example.com/v1/things")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")
    served = call(sim, "GET", "/api/v1/namespaces/shop/nonsenses").json()
    assert (served["reason"], served["details"]) == ("NotFound", {})
