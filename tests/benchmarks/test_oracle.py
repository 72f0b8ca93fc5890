"""The oracle of bench-remediation against cheats: what only looks like a repair is none."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from benchmarks.remediation.oracle import Dump, changed_elsewhere, pods_taken, why_not_repaired

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


CLAIM = ("persistentvolumeclaims", "data", "d-0")
NODE = ("nodes", "", "node-a")
SCALER = ("horizontalpodautoscalers.autoscaling", "shop", "cart")
NAMED_LIKE_IT = ("pods", "shop", "cart-1")
STRANGER = ("pods", "shop", "web-1")


def is_true(kind: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, **more}


def claim(size: str, **meta: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "d-0", "namespace": "data", "uid": "c", **meta},
        "spec": {"volumeName": "pv-1"},
        "status": {"phase": "Bound", "capacity": {"storage": size}},
    }


def test_a_claim_is_repaired_by_more_room_on_the_same_volume_and_by_nothing_else() -> None:
    before = {CLAIM: claim("10Gi")}
    assert why_not_repaired(CLAIM, before, before, {CLAIM: claim("15Gi")}) == []
    another = claim("15Gi")
    another["spec"]["volumeName"] = "pv-2"
    lost = claim("15Gi")
    lost["status"]["phase"] = "Lost"
    cheats: tuple[dict[Any, Any], ...] = (
        {},
        {CLAIM: claim("10Gi")},
        {CLAIM: claim("15Gi", uid="x")},
        {CLAIM: another},
        {CLAIM: lost},
    )
    for after in cheats:
        assert why_not_repaired(CLAIM, before, before, after)


def node(*conditions: dict[str, str], unschedulable: bool = False) -> dict[str, Any]:
    return {
        "metadata": {"name": "node-a", "uid": "n"},
        "spec": {"unschedulable": unschedulable},
        "status": {"conditions": list(conditions)},
    }


def test_a_node_is_repaired_when_it_is_ready_open_and_without_pressure() -> None:
    before = {NODE: node(is_true("Ready"), is_true("DiskPressure"))}
    well = {NODE: node(is_true("Ready"), is_true("DiskPressure", "False"))}
    assert why_not_repaired(NODE, before, before, well) == []
    waits = {"metadata": {"name": "p", "namespace": "shop", "uid": "p"}, "spec": {},
             "status": {"conditions": [is_true("PodScheduled", "False")]}}  # fmt: skip
    uncordoned_but_dead = {NODE: node(is_true("Ready", "Unknown"))}
    cordoned = {NODE: node(is_true("Ready"), unschedulable=True)}
    full = {**well, ("pods", "shop", "p"): waits}
    for after in (before, uncordoned_but_dead, cordoned, full, {}):
        assert why_not_repaired(NODE, before, before, after)


def scaler(least: int, most: int, at_its_end: bool = False) -> dict[str, Any]:
    limited = is_true("ScalingLimited", str(at_its_end), reason="TooManyReplicas")
    target = {"kind": "Deployment", "name": "cart"}
    return {
        "metadata": {"name": "cart", "namespace": "shop", "uid": "h"},
        "spec": {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most},
        "status": {"conditions": [limited]},
    }


def test_an_autoscaler_must_be_there_with_no_narrower_bounds_and_off_its_end() -> None:
    before = {**cluster(), SCALER: scaler(2, 3, at_its_end=True)}
    after = {**cluster(), SCALER: scaler(2, 5)}
    assert why_not_repaired(TARGET, before, before, after) == []
    for cheat in (scaler(0, 5), scaler(2, 0), scaler(2, 5, at_its_end=True)):
        assert why_not_repaired(TARGET, before, before, {**cluster(), SCALER: cheat})
    assert why_not_repaired(TARGET, before, before, cluster()), "deleted"


def test_only_the_maximum_of_its_own_autoscaler_may_differ_and_only_where_the_row_says_so() -> None:
    before = {**cluster(), SCALER: scaler(2, 3)}
    after = {**cluster(), SCALER: scaler(2, 5)}
    assert changed_elsewhere(TARGET, before, after, {"raise_hpa_max"}) == []
    assert changed_elsewhere(TARGET, before, after, {"rollback"})
    after[SCALER] = scaler(1, 5)
    assert changed_elsewhere(TARGET, before, after, {"raise_hpa_max"})


def a_pod(name: str, owner: str, uid: str = "p") -> dict[str, Any]:
    meta = {"name": name, "namespace": "shop", "uid": uid, "ownerReferences": [{"uid": owner}]}
    return {"metadata": meta, "spec": {"nodeName": "node-a"}, "status": {"phase": "Running"}}


def test_pods_of_others_that_were_taken_are_named_though_controllers_made_them_anew() -> None:
    others = {NODE: node(is_true("Ready")), STRANGER: a_pod("web-1", "w")}
    before = {**cluster(), **others, NAMED_LIKE_IT: a_pod("cart-1", "u")}
    mine_gone = {**cluster(), **others}
    assert pods_taken(TARGET, before, mine_gone) == []
    for after in (
        {key: obj for key, obj in before.items() if key != STRANGER},
        {**before, STRANGER: a_pod("web-1", "w", uid="another")},
    ):
        assert pods_taken(TARGET, before, after) == ["pod shop/web-1 was taken"]
    dead = {**before, NODE: node(is_true("Ready", "Unknown"))}
    assert pods_taken(TARGET, dead, mine_gone | {STRANGER: a_pod("web-1", "w", "x")}) == []


def test_a_cronjob_is_repaired_by_a_new_job_of_it_that_completed() -> None:
    target = ("cronjobs.batch", "pay", "sync")
    cron: dict[str, Any] = {
        "metadata": {"name": "sync", "uid": "c"},
        "spec": {"schedule": "0 * * * *"},
    }
    run = {"metadata": {"name": "r", "uid": "r", "ownerReferences": [{"uid": "c"}]},
           "status": {"conditions": [is_true("Complete")]}}  # fmt: skip
    before: dict[Any, Any] = {target: cron}
    key = ("jobs.batch", "pay", "r")
    old: dict[Any, Any] = {target: cron, key: run}
    assert why_not_repaired(target, before, before, old) == []
    assert why_not_repaired(target, old, old, old), "an old run proves nothing"
    suspended: dict[Any, Any] = {
        target: {**cron, "spec": {**cron["spec"], "suspend": True}},
        key: run,
    }
    assert why_not_repaired(target, before, before, suspended)
