"""For any case: `decide` never acts when it must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.domain.causes import CAUSES, Cause, Precedence, Severity
from detection.domain.findings import ObjectRef
from remediation.actions import CATALOGUE
from remediation.controls.limits import Limits
from remediation.controls.policies import PolicyFacts
from remediation.planning.command_line import CommandError, checked_command
from remediation.playbooks import playbook_of
from remediation.policy.case import Case, OwnerTarget, PodFacts, Reach, Records
from remediation.policy.decide import decide
from remediation.policy.gates import SAME_ACTION_TWICE
from remediation.policy.gitops import gitops_owner, is_helm_release
from remediation.policy.verdicts import Verdict
from tests.remediation.cases import NOW, candidate

words = st.sampled_from(["", "reason"])
kinds = st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "Pod", "Job", "Node", "Rollout"])
uids = st.sampled_from(["", "uid-1", "uid-2"])
names = st.sampled_from(["cart", "other"])
spaces = st.sampled_from(["shop", "kube-system"])
refs = st.builds(ObjectRef, kinds, spaces, names, uids)
marks = st.sampled_from(
    [
        {},
        {"kubewise.io/mode": "off"},
        {"kubewise.io/mode": "manual"},
        {"kubewise.io/max-replicas": "2"},
        {"argocd.argoproj.io/tracking-id": "x"},
        {"helm.toolkit.fluxcd.io/name": "x"},
        {"app.kubernetes.io/managed-by": "Helm"},
    ]
)
targets = st.builds(
    OwnerTarget, refs, st.booleans(), uids, st.booleans(), marks, marks,
    st.sampled_from([frozenset[str](), frozenset({"argocd-controller"})]), words,
    st.integers(0, 4), st.integers(0, 4), st.booleans(), st.booleans(), words, st.booleans(),
    uids, words, words, words, st.booleans(),
)  # fmt: skip
policies = st.none() | st.builds(
    PolicyFacts,
    st.sampled_from(["AUTO", "MANUAL", "OFF"]),
    st.booleans(),
    st.sampled_from([frozenset[str](), frozenset({"rollback_deployment", "restart_pod"})]),
    st.sampled_from([frozenset[str](), frozenset({"scale_deployment", "restart_pod"})]),
)
times = st.integers(-60, 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
records = st.none() | st.builds(
    Records, st.booleans(), times, times, words, words, words, words, policies, words, words,
    st.integers(0, 3), st.integers(0, 3), words,
)  # fmt: skip
reaches = st.builds(Reach, st.integers(0, 3), st.integers(0, 3), owners=st.integers(0, 2))
actions = st.sampled_from(sorted(CATALOGUE))
lists = st.sets(actions).map(frozenset)
limits = st.builds(
    Limits, st.booleans(), st.booleans(), st.just(frozenset({"kube-system"})), lists, lists, lists
)
pods = st.none() | st.builds(PodFacts, uids, st.booleans(), st.booleans(), st.booleans())


@st.composite
def options(draw: st.DrawFn) -> Any:
    made = candidate(draw(actions), target=draw(refs))
    hostile = draw(st.sampled_from([{}, {"replicas": 0}, {"name": "../x"}, {"shell": "rm"}]))
    return replace(made, parameters={**made.parameters, **hostile})


cases = st.builds(
    Case,
    now=st.just(NOW),
    cause=st.sampled_from(Cause),
    severity=st.sampled_from(Severity),
    onset=times,
    target=targets,
    playbook_mode=st.sampled_from(Verdict),
    candidates=st.tuples(options()),
    flapping=st.booleans(),
    predicted=st.booleans(),
    signal_gone=st.booleans(),
    cause_now=words,
    storm=words,
    pod=pods,
    blind=st.sampled_from([{}, {"kubernetes/pods": "403"}]),
    records=records,
    limits=limits,
    approved=st.booleans(),
    requested=st.booleans(),
    undo=st.booleans(),
    reach=reaches,
)


@pytest.mark.timeout(400)
@settings(max_examples=2000)
@given(cases)
def test_decide_never_acts_when_it_must_not(case: Case) -> None:
    if decide(case).verdict == Verdict.ACT and case.changes:
        for rule in (_catalogue, _identity, _people, _world, _alone):
            rule(case)


def _catalogue(case: Case) -> None:
    """Known, executable, in bounds, allowed by the settings, not harmful for the cause."""
    chosen = case.candidate
    assert chosen.action in CATALOGUE
    assert chosen.action not in case.limits.blacklist
    try:
        checked_command(chosen.action, dict(chosen.parameters))
    except CommandError as error:
        raise AssertionError("acted beyond the catalogue") from error
    if case.requested:
        assert chosen.entry.family not in playbook_of(case.cause).bad
    elif not case.undo:
        assert case.playbook_mode in (Verdict.ACT, Verdict.ASK)


def _identity(case: Case) -> None:
    """The very owner, or a pod of it."""
    target = case.target
    assert target.found
    assert target.ref.uid == target.uid != ""
    assert not target.deleting
    if case.candidate.target.kind == "Pod":
        assert case.pod is not None
        assert case.pod.uid == case.candidate.target.uid
        assert case.pod.controlled_by_owner
    else:
        assert case.candidate.target == target.ref


def _people(case: Case) -> None:
    """What people said, anywhere, holds."""
    found = case.records
    if found is not None:
        said = [found.stopped, found.maintenance, found.silenced, found.accepted, found.exhausted]
        assert not any(said)
        assert not found.open_attempt
        if found.policy:
            assert found.policy.mode != "OFF"
            assert case.candidate.action not in found.policy.forbidden
            assert not found.policy.allowed or case.candidate.action in found.policy.allowed
        if not case.undo:
            assert found.came_back_in_a_day < SAME_ACTION_TWICE
    assert not case.target.system_priority
    assert case.target.annotations.get("kubewise.io/mode") != "off"
    if case.candidate.entry.spec_write:
        assert not gitops_owner(case.target)


def _world(case: Case) -> None:
    """The failure is there, is one to remedy, and does not flap."""
    assert not case.signal_gone
    assert not case.flapping
    assert case.undo or not case.cause_now
    if CAUSES[case.cause].precedence != Precedence.METRIC:
        assert case.severity != Severity.INFO
    if case.target.ref.namespace in case.limits.protected:
        assert case.approved


def _alone(case: Case) -> None:
    """Without a person: stricter."""
    if case.approved:
        return
    assert case.undo or case.playbook_mode == Verdict.ACT
    assert case.undo or not case.requested
    assert case.reach.owners <= 1
    assert case.records is None or not case.records.storm
    assert not case.blind
    assert not case.storm
    assert not case.target.changed_by
    assert case.records is None or case.records.auto
    if case.candidate.entry.spec_write:
        assert not is_helm_release(case.target)
    if case.severity == Severity.CRITICAL and not case.predicted:
        assert case.limits.auto_critical
        assert case.candidate.action in case.limits.safe_critical
    if case.predicted:
        assert case.limits.auto_predicted
        assert case.candidate.action in case.limits.safe_proactive
