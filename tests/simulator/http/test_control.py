"""The paths under /_sim, by which another process sets the simulator up and asks what it saw."""

from typing import Any

import pytest

from simulator import Simulator
from tests.simulator.conftest import call

PODS = "/api/v1/namespaces/shop/pods"
WEB = "/apis/apps/v1/namespaces/shop/deployments/web"


def control(sim: Simulator, method: str, name: str, body: Any = None) -> Any:
    answer = call(sim, method, f"/_sim/{name}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_state_counts_objects_pods_faults_and_switches(sim: Simulator) -> None:
    control(sim, "POST", "inject", {"name": "crash_loop"})
    control(sim, "POST", "switches", {"mode": "delay", "seconds": 0.1})
    state = control(sim, "GET", "state")
    assert state["objects"]["nodes"] == 5
    assert sum(state["pods"].values()) == state["objects"]["pods"]
    assert [one["name"] for one in state["faults"]] == ["crash_loop"]
    assert [one["mode"] for one in state["switches"]] == ["delay"]
    assert state["resourceVersion"] == str(sim.store.revision)
    assert state["now"] == sim.cluster.clock.now().isoformat()


def test_a_fault_is_injected_into_the_past_listed_and_cleared(sim: Simulator) -> None:
    wanted = {"name": "crash_loop", "target": "shop/Deployment/web", "began_seconds_ago": 600}
    assert control(sim, "POST", "inject", wanted)["name"] == "crash_loop"
    faults = control(sim, "GET", "faults")
    assert "crash_loop" in str(faults["known"])
    assert "web" in str(faults["active"])
    pods = call(sim, "GET", f"{PODS}?labelSelector=app.kubernetes.io/name=web").json()["items"]
    assert "CrashLoopBackOff" in str(pods)
    assert control(sim, "POST", "clear", {"name": "crash_loop"}) == {"faults": []}


def test_objects_logs_and_metrics_are_loaded_as_given(empty: Simulator) -> None:
    pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    text = {"namespace": "shop", "pod": "p", "container": "c", "text": "last words\n"}
    now = empty.cluster.clock.now().timestamp()
    series = {"name": "up", "labels": {"job": "kubelet"}, "samples": [[now - 1, 1]]}
    body = {"objects": [pod], "logs": [text], "metrics": [series]}
    assert control(empty, "POST", "load", body) == {"loaded": 1}
    assert call(empty, "GET", f"{PODS}/p").json()["spec"] == pod["spec"]
    assert call(empty, "GET", f"{PODS}/p/log").text == "last words\n"
    found = call(empty, "GET", "/prometheus/api/v1/query?query=up").json()["data"]["result"]
    assert [one["metric"]["job"] for one in found] == ["kubelet"]
    control(empty, "POST", "logs", {"logs": [text | {"text": "more\n"}]})
    assert call(empty, "GET", f"{PODS}/p/log").text == "more\n"


def test_writes_and_reads_are_told_and_reset(sim: Simulator) -> None:
    call(sim, "GET", PODS)
    call(sim, "PATCH", WEB, {"spec": {"replicas": 9}}, token="read-token")
    (write,) = control(sim, "GET", "writes")["writes"]
    told = {name: write[name] for name in ("verb", "resource", "namespace", "name", "user", "code")}
    assert told == {
        "verb": "patch",
        "resource": "deployments.apps",
        "namespace": "shop",
        "name": "web",
        "user": "read",
        "code": 403,
    }
    assert write["body"] == {"spec": {"replicas": 9}}
    assert control(sim, "GET", "reads")["reads"] == {"list pods": 1}
    control(sim, "POST", "reset")
    assert control(sim, "GET", "writes") == {"writes": []}
    assert control(sim, "GET", "reads") == {"reads": {}}


def test_switches_are_set_told_and_cleared(sim: Simulator) -> None:
    wanted = {"mode": "refuse", "resource": "deployments.apps", "verbs": ["patch"], "code": 500}
    made = control(sim, "POST", "switches", wanted | {"dry_run": False, "times": 1})
    assert {name: made[name] for name in wanted} == wanted
    told = control(sim, "GET", "switches")
    assert (told["active"], told["held"]) == ([made], 0)
    assert call(sim, "PATCH", WEB, {"spec": {"replicas": 2}}).status_code == 500
    assert control(sim, "GET", "switches")["active"] == []
    control(sim, "POST", "switches", wanted)
    control(sim, "DELETE", "switches")
    assert call(sim, "PATCH", WEB, {"spec": {"replicas": 2}}).status_code == 200


def test_a_user_may_what_its_rules_say_and_nothing_else(sim: Simulator) -> None:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"], "namespaces": ["shop"]}
    control(sim, "POST", "users", {"token": "t", "user": "guest", "rules": [rule]})
    assert call(sim, "GET", PODS, token="t").status_code == 200
    refused = call(sim, "GET", "/api/v1/namespaces/payments/pods", token="t")
    assert refused.status_code == 403
    assert 'User "guest" cannot list resource "pods"' in refused.json()["message"]


def test_an_expired_continue_token_is_gone(sim: Simulator) -> None:
    token = call(sim, "GET", f"{PODS}?limit=1").json()["metadata"]["continue"]
    assert call(sim, "GET", f"{PODS}?limit=1&continue={token}").status_code == 200
    control(sim, "POST", "expire")
    answer = call(sim, "GET", f"{PODS}?limit=1&continue={token}")
    assert (answer.status_code, answer.json()["reason"]) == (410, "Expired")


@pytest.mark.parametrize(
    ("method", "name", "body", "code"),
    [
        ("GET", "nothing", None, 404),
        ("DELETE", "state", None, 404),
        ("POST", "inject", {"name": "meteorite"}, 400),
        ("POST", "inject", {}, 400),
        ("POST", "switches", {"mode": "explode"}, 400),
        ("POST", "switches", {"mode": "refuse", "colour": "red"}, 400),
        ("POST", "users", {"token": "t"}, 400),
    ],
)
def test_a_control_that_makes_no_sense_is_refused_with_a_reason(
    sim: Simulator, method: str, name: str, body: Any, code: int
) -> None:
    answer = call(sim, method, f"/_sim/{name}", body)
    assert answer.status_code == code
    assert answer.json()["error"]
