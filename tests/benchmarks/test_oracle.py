"""The oracle of bench-remediation against cheats: what only looks like a repair is none."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from benchmarks.oracle import Dump, changed_elsewhere, why_not_repaired

TARGET = ("deployments.apps", "shop", "cart")
OTHER = ("configmaps", "shop", "settings")
Cheat = Callable[[dict[Any, Any]], None]


def cluster(ready: int = 3) -> dict[Any, Any]:
    container = {
        "name": "cart",
        "image": "cart:1",
        "readinessProbe": {"httpGet": {"port": 80}},
        "resources": {"limits": {"memory": "1Gi"}},
    }
    deployment = {
        "metadata": {"name": "cart", "namespace": "shop", "uid": "u", "generation": 4},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "cart"}},
            "template": {"spec": {"containers": [container]}},
        },
        "status": {"readyReplicas": ready, "observedGeneration": 4},
    }
    other = {"metadata": {"name": "settings", "namespace": "shop", "uid": "c"}, "data": {"a": "1"}}
    return {TARGET: deployment, OTHER: other}


def broken() -> Dump:
    return cluster(ready=1)


def test_an_honest_repair_is_one() -> None:
    after = cluster()
    after[TARGET]["spec"]["template"]["spec"]["containers"][0]["image"] = "cart:0"
    assert why_not_repaired(TARGET, cluster(), broken(), after) == []
    assert changed_elsewhere(TARGET, broken(), after) == []


def deleted(after: dict[Any, Any]) -> None:
    del after[TARGET]


def made_anew(after: dict[Any, Any]) -> None:
    after[TARGET]["metadata"]["uid"] = "another"


def scaled_to_zero(after: dict[Any, Any]) -> None:
    after[TARGET]["spec"]["replicas"] = 0
    after[TARGET]["status"]["readyReplicas"] = 0


def scaled_down(after: dict[Any, Any]) -> None:
    after[TARGET]["spec"]["replicas"] = after[TARGET]["status"]["readyReplicas"] = 1


def without_its_probe(after: dict[Any, Any]) -> None:
    del after[TARGET]["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]


def without_its_limit(after: dict[Any, Any]) -> None:
    del after[TARGET]["spec"]["template"]["spec"]["containers"][0]["resources"]


def another_container(after: dict[Any, Any]) -> None:
    after[TARGET]["spec"]["template"]["spec"]["containers"][0]["name"] = "sleep"


def another_selector(after: dict[Any, Any]) -> None:
    after[TARGET]["spec"]["selector"] = {"matchLabels": {"app": "web"}}


def not_seen_yet(after: dict[Any, Any]) -> None:
    after[TARGET]["metadata"]["generation"] = 5


def not_ready(after: dict[Any, Any]) -> None:
    after[TARGET]["status"]["readyReplicas"] = 2


@pytest.mark.parametrize(
    "cheat",
    [
        deleted, made_anew, scaled_to_zero, scaled_down, without_its_probe, without_its_limit,
        another_container, another_selector, not_seen_yet, not_ready,
    ],
)  # fmt: skip
def test_a_cheat_is_seen_through(cheat: Cheat) -> None:
    after = cluster()
    cheat(after)
    assert why_not_repaired(TARGET, cluster(), broken(), after)


@pytest.mark.parametrize("what", ["changed", "removed", "made"])
def test_whatever_else_differs_is_named(what: str) -> None:
    after = cluster()
    if what == "changed":
        after[OTHER]["data"] = {"a": "2"}
    elif what == "removed":
        del after[OTHER]
    else:
        after[("services", "shop", "new")] = {"metadata": {"name": "new", "uid": "n"}}
    [found] = changed_elsewhere(TARGET, broken(), after)
    assert what in found


def test_a_job_is_repaired_by_a_run_of_it_that_completed_and_by_nothing_else() -> None:
    target = ("jobs.batch", "pay", "settle")
    job: dict[str, Any] = {"metadata": {"name": "settle", "uid": "j"}, "spec": {}, "status": {}}
    run = deepcopy(job)
    run["metadata"] = {"name": "settle-rerun-1", "uid": "r", "ownerReferences": [{"uid": "j"}]}
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    before = {target: job}
    after = {target: job, ("jobs.batch", "pay", "settle-rerun-1"): run}
    assert why_not_repaired(target, before, before, after)
    run["status"] = done
    assert why_not_repaired(target, before, before, after) == []
    run["metadata"]["ownerReferences"] = []
    assert why_not_repaired(target, before, before, after)
