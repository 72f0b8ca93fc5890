"""A new action needs its own module and a playbook that offers it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding, ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.models import Incident
from detection.snapshot import Snapshot
from remediation import actions
from remediation.actions import CATALOGUE, by_name, classes_in
from remediation.actions.base import (
    Action,
    AutoContext,
    Diagnosed,
    IncidentRecord,
    Line,
    Object,
    Parameters,
    Patch,
    Right,
    Risk,
    Trait,
    Wish,
    line,
    put,
)
from remediation.actions.complete import IncompleteAction, complete
from remediation.actions.parameters import NAME, NAMESPACE, REPLICAS, Parameter
from remediation.admin.change_preview import changes_of, inverse_of
from remediation.cluster import rbac
from remediation.execution.strategies import require_ways
from remediation.planning.candidates import Candidate, candidates
from remediation.planning.command_line import UnknownAction, parse_command
from remediation.playbooks import PLAYBOOKS
from remediation.playbooks.base import Offer, always
from remediation.policy.blast_radius import reach_of
from remediation.policy.decide import decide
from remediation.policy.owner_guards import owner_guards
from remediation.policy.verdicts import Verdict
from tests.detection.builders import snapshot_from
from tests.remediation.actions.conftest import Bench
from tests.remediation.cases import NOW, acting_case, healthy_target

CRON = ObjectRef("CronJob", "shop", "nightly", "cron-1")
SUSPENDED = ("spec", "suspend")


class SuspendCronJob(Action):
    """What a newcomer would put into `actions/cronjobs.py`."""

    name = "suspend_cronjob"
    aliases = ("pause_cronjob",)
    family = "suspend_cronjob"
    kinds = ("CronJob",)
    parameters = (NAME, NAMESPACE)
    description = "Suspend a CronJob."
    impact = "No new Job is started."
    estimated_duration = "seconds"
    risk = Risk.LOW
    strategy = "patch"
    traits = frozenset()
    reversible = True
    contexts = frozenset({AutoContext.STANDARD})
    rights = (Right("batch", "cronjobs", "patch"),)

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return f"kubectl patch cronjob {parameters['name']} -n {parameters['namespace']}"

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        return f"Suspend {target.name}, whose runs fail."

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return snapshot.pods

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        return [line("spec.suspend", "false", "true")]

    def change(self, target: Object, wish: Wish) -> Patch:
        return put(target, SUSPENDED, True)


@pytest.fixture
def newcomer(monkeypatch: pytest.MonkeyPatch) -> Action:
    """Registered as its module would be, and offered by one playbook."""
    action = complete(SuspendCronJob)
    monkeypatch.setitem(CATALOGUE, action.name, action)
    monkeypatch.setitem(actions.ALIASES, "pause_cronjob", action.name)
    offers = (Offer(action.family), Offer("escalate"))
    usual = PLAYBOOKS[Cause.JOB_FAILED]
    offering = replace(usual, mode=always(Verdict.ACT), offers=offers)
    monkeypatch.setitem(PLAYBOOKS, Cause.JOB_FAILED, offering)
    return action


def finding() -> Finding:
    return Finding(
        cause=Cause.JOB_FAILED, owner=CRON, severity=Severity.WARNING,
        summary="it fails", onset=NOW, opens_at=NOW,
    )  # fmt: skip


def offered() -> Candidate:
    return candidates(finding(), Snapshot(at=NOW), NOW)[0]


def test_it_is_offered_described_and_written_as_a_command(newcomer: Action) -> None:
    found = offered()
    assert (found.action, found.target) == ("suspend_cronjob", CRON)
    assert found.parameters == {"name": "nightly", "namespace": "shop"}
    assert found.description == "Suspend nightly, whose runs fail."
    assert found.kubectl == "kubectl patch cronjob nightly -n shop"
    assert parse_command(found.command).action is newcomer
    assert parse_command(found.command.replace("suspend", "pause")).action is newcomer
    assert Candidate.from_dict(found.as_dict()) == found


def test_its_reach_is_what_it_says(newcomer: Action) -> None:
    pod = {
        "kind": "Pod",
        "metadata": {"name": "nightly-1", "namespace": "shop", "uid": "pod-1"},
        "spec": {"nodeName": "node-1"},
        "status": {"phase": "Running"},
    }
    found = reach_of(offered(), CRON, snapshot_from([pod]))
    assert (found.pods, found.nodes) == (1, 1)
    assert reach_of(offered(), CRON, Snapshot(at=NOW)).pods == 0


def test_every_gate_judges_it_and_a_trait_is_all_that_a_guard_needs(
    newcomer: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = healthy_target(ref=CRON, uid=CRON.uid)
    case = acting_case(cause=Cause.JOB_FAILED, target=target, candidates=(offered(),), pod=None)
    assert decide(case).verdict == Verdict.ACT
    assert not list(owner_guards(replace(case, target=replace(target, last_schedulable=True))))
    monkeypatch.setattr(SuspendCronJob, "traits", frozenset({Trait.CORDONS}))
    [held] = owner_guards(replace(case, target=replace(target, last_schedulable=True)))
    assert held.cap == Verdict.SUGGEST
    barred = replace(case.limits, blacklist=frozenset({"suspend_cronjob"}))
    assert decide(replace(case, limits=barred)).verdict == Verdict.SUGGEST


def test_people_are_shown_what_it_changes_and_what_undoes_it(newcomer: Action) -> None:
    incident = Incident(cause="JOB_FAILED")
    shown = changes_of(incident, newcomer, offered().as_dict())
    assert shown == [{"path": "spec.suspend", "before": "false", "after": "true"}]
    assert inverse_of(newcomer, incident).startswith("recorded from the object")


def test_the_act_account_is_granted_its_right(newcomer: Action) -> None:
    [rule] = rbac.namespaced_rules([newcomer])
    assert rule == {"apiGroups": ["batch"], "resources": ["cronjobs"], "verbs": ["patch"]}
    assert newcomer in rbac.enabled()
    assert newcomer not in rbac.enabled({"suspend_cronjob"})


def test_its_strategy_rehearses_and_writes_it(newcomer: Action, bench: Bench) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}}
    spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}}
    bench.make(
        "/apis/batch/v1/namespaces/shop/cronjobs",
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "nightly"},
            "spec": spec,
        },
    )
    bench = replace(bench, writer=bench.root)  # the simulator's act account has the roles of today
    owner = bench.ref("CronJob", "shop", "nightly")
    given = {"name": "nightly", "namespace": "shop"}
    _, rehearsal = bench.rehearse("suspend_cronjob", owner, **given)
    assert rehearsal.lines == ["spec.suspend: False → True"]
    assert not bench.get(owner)["spec"].get("suspend")
    bench.does("suspend_cronjob", owner, **given)
    assert bench.get(owner)["spec"]["suspend"] is True


def test_without_its_module_it_is_no_action() -> None:
    assert offered().action != "suspend_cronjob"
    with pytest.raises(UnknownAction):
        parse_command("suspend_cronjob name=nightly namespace=shop")


def without(*names: str) -> type[Any]:
    """The newcomer's class with some of its parts left out."""
    parts = {key: value for key, value in vars(SuspendCronJob).items() if key not in names}
    return type("SuspendCronJob", (Action,), parts)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ("name", "name: the action's name in commands and settings"),
        ("family", "family: the name by which playbooks offer it"),
        ("kinds", "kinds: the kinds that it acts on"),
        ("parameters", "parameters: its typed parameters"),
        ("description", "description: one sentence"),
        ("impact", "impact: one sentence"),
        ("estimated_duration", "estimated_duration: how long"),
        ("risk", "risk: a Risk"),
        ("strategy", "strategy: how it reaches the cluster"),
        ("traits", "traits: what gates and owner guards ask about it"),
        ("rights", "rights: the verbs that the act account needs"),
        ("kubectl", "kubectl(): the line"),
        ("disturbs", "disturbs(): the pods that end because of it"),
        ("preview", "preview(): what people see before it is done"),
        ("change", "change(): the JSON Patch"),
    ],
)
def test_an_action_that_lacks_something_is_refused_by_name(part: str, named: str) -> None:
    complete(without())
    with pytest.raises(IncompleteAction) as refused:
        complete(without(part))
    assert "SuspendCronJob lacks" in str(refused.value)
    assert named in str(refused.value)


def test_a_parameter_beyond_the_name_needs_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters: tuple[Parameter, ...] = (NAME, NAMESPACE, REPLICAS)
    monkeypatch.setattr(SuspendCronJob, "parameters", parameters)
    with pytest.raises(IncompleteAction, match=r"parameters_for\(\): where replicas comes from"):
        complete(SuspendCronJob)


def test_two_actions_never_share_a_name() -> None:
    class Other(SuspendCronJob):
        name = "pause_cronjob"

    with pytest.raises(IncompleteAction, match="two actions are called pause_cronjob"):
        by_name([SuspendCronJob, Other])


def test_a_strategy_that_does_not_exist_is_refused_and_counts_as_a_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SuspendCronJob, "strategy", "telepathy")
    action = complete(SuspendCronJob)
    assert action.changes_cluster
    with pytest.raises(IncompleteAction, match="suspend_cronjob: no class here is the strategy"):
        require_ways([action])


def test_a_module_of_the_folder_is_all_that_the_catalogue_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
        from remediation.actions.informational import Informational

        class Wave(Informational):
            name = "wave"
            family = "wave"
            parameters = ()
            description = "Wave."
            strategy = "none"

            def kubectl(self, parameters, kind=""):
                return ""
    """
    (tmp_path / "waving.py").write_text(dedent(text))
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, str(tmp_path)])
    found = by_name(classes_in("remediation.actions", actions.__path__, Action))
    assert list(found) == [*CATALOGUE, "wave"]
