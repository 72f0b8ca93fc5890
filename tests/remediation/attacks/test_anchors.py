"""What the systems of this field get wrong, by the number of the list of anchors: points 1 to 10.

The others are in test_anchors_loop.py, which needs a cluster, a model's server and processes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from detection.domain.causes import Cause
from remediation.actions import CATALOGUE
from remediation.actions.base import Wish
from remediation.actions.parameters import GRACE_PERIOD, MAX_REPLICAS, REPLICAS, BadValue
from remediation.actions.resources import AdjustResources
from remediation.cluster.diff import diff
from remediation.llm.protocol import NullClient
from remediation.llm.providers import ANALYSIS, client_for
from remediation.models import Budget
from remediation.planning.command_line import CommandError, parse_command
from remediation.playbooks import PLAYBOOKS, diagnose
from remediation.policy.case import PodFacts, Reach
from remediation.policy.decide import decide
from remediation.policy.verdicts import Verdict
from remediation.verification.verify import OwnerCheck, Timing, judge_owner
from tests.detection.builders import objects, snapshot_from
from tests.remediation.cases import NOW, OWNER, acting_case, with_records, with_target
from tests.remediation.planning.test_candidates import PROVEN, finding
from tests.remediation.verification.test_verify import LATE, TIMES, WELL, attempt

CONTAINER = {"name": "cart", "resources": {"limits": {"memory": "64Mi"}}}
DEPLOYMENT: dict[str, Any] = {
    "metadata": {"name": "cart", "namespace": "shop", "uid": "uid-1"},
    "spec": {"replicas": 3, "template": {"spec": {"containers": [CONTAINER]}}},
}
NAMED = {"name": "cart", "namespace": "shop"}


def test_01_a_resource_patch_names_fields_that_the_api_has_and_an_empty_diff_is_refused() -> None:
    [tested, change] = AdjustResources().change(
        DEPLOYMENT, Wish({**NAMED, "container": "cart", "memory_limit": "96Mi"}, NOW)
    )
    assert change["value"] == {"limits": {"memory": "96Mi"}}, "limits, as the API spells it"
    assert tested["value"] == "cart"
    assert diff(DEPLOYMENT, DEPLOYMENT) == [], "which test_anchors_loop.py shows to be refused"


def test_02_nothing_seen_is_never_verified() -> None:
    nothing = OwnerCheck()
    assert not nothing.healthy
    for seen in (nothing, replace(WELL, desired=0, ready=0), replace(WELL, gone=True)):
        assert (
            judge_owner(attempt(healthy_since=NOW), seen, TIMES, NOW + LATE).outcome != "resolved"
        )


def test_03_a_bare_pod_is_not_restarted_nor_one_that_took_anothers_name() -> None:
    bare = with_target(acting_case("restart_pod"), ref=replace(OWNER, kind="Pod"))
    replaced = acting_case("restart_pod", pod=PodFacts("another", True, ready=False))
    for case in (bare, replaced):
        for approved in (False, True):
            assert decide(replace(case, approved=approved)).verdict == Verdict.SUGGEST


def test_04_neither_grace_0_nor_scale_to_0_can_be_said() -> None:
    for parameter in (GRACE_PERIOD, REPLICAS, MAX_REPLICAS):
        for zero in ("0", "00", "-0", "0.0", ""):
            with pytest.raises(BadValue):
                parameter.read(zero)
    with pytest.raises(CommandError):
        parse_command("scale_deployment name=cart namespace=shop replicas=0")
    for scale in ("scale_deployment", "scale_statefulset", "restore_replicas"):
        former = {**DEPLOYMENT, "spec": {"replicas": 0}}
        assert CATALOGUE[scale].inverse(former, {**NAMED, "replicas": 3}) is None


def test_05_a_rollback_replaces_the_template_so_that_no_bad_variable_survives() -> None:
    template = {"metadata": {"labels": {"pod-template-hash": "x"}}, "spec": {"containers": []}}
    wish = Wish({**NAMED, "revision": 2}, NOW, template)
    [change] = CATALOGUE["rollback_deployment"].change(DEPLOYMENT, wish)
    assert (change["op"], change["path"]) == ("replace", "/spec/template")
    assert "pod-template-hash" not in change["value"]["metadata"]["labels"]


def test_06_a_crash_loop_or_an_out_of_memory_kill_is_never_answered_with_a_restart() -> None:
    for cause in ("BAD_RELEASE", "CRASH_STABLE_REVISION", "OOM_LIMIT_LOW"):
        offered = [offer.family for offer in PLAYBOOKS[cause].offers]  # type: ignore[index]
        assert not {"restart", "restart_pod"} & set(offered), cause


def test_07_rules_decide_without_a_model(settings: Any) -> None:
    settings.LLM_PROVIDER = "none"
    assert isinstance(client_for(ANALYSIS), NullClient)
    assert diagnose(finding(Cause.BAD_RELEASE, PROVEN)).source == "rules"
    assert decide(acting_case()).verdict == Verdict.ACT


def test_08_the_owner_is_found_by_uid_and_never_guessed_from_a_pods_name() -> None:
    """`my-db-0` is not `my`'s; nor is a pod its owner's namesake's, who came after it."""
    found = objects([{"statefulset": "my-db"}, {"deployment": "my"}, {"deployment": "my-db"}])
    snapshot = snapshot_from(found)
    pods = {pod.metadata.name: snapshot.top_owner(pod) for pod in snapshot.pods}
    assert str(pods["my-db-0"]) == "shop/StatefulSet/my-db"
    mine = next(item for item in found if item["kind"] == "StatefulSet")
    mine["metadata"]["uid"] = "another"
    replaced = snapshot_from(found)
    [orphan] = [pod for pod in replaced.pods if pod.metadata.name == "my-db-0"]
    owner = replaced.top_owner(orphan)
    assert owner.uid == pods["my-db-0"].uid != "another"
    assert replaced.get(owner) is None, "what has its name now is another object"


def test_09_cooldowns_are_rows_of_the_database_per_owner() -> None:
    assert Budget._meta.get_field("window_start")
    spent = with_records(acting_case(), exhausted="this owner was acted on")
    assert decide(spent).verdict == Verdict.ASK


def test_10_the_blast_radius_is_computed_and_on_record() -> None:
    reach = Reach(pods=4, ready=4, ready_ratio=0.5, owners=2, nodes=1, namespaces=2)
    decision = decide(acting_case(reach=reach))
    assert decision.verdict == Verdict.ASK
    assert any(str(reach) in reason for reason in decision.reasons)


def test_soak_is_never_skipped() -> None:
    once = judge_owner(attempt(), WELL, Timing(soak=timedelta(seconds=30)), NOW)
    assert once.outcome is None
