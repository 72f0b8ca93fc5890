"""The gates in the design's order. Each yields rulings, so that every reason is on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from detection.domain.causes import CAUSES, Cause, Precedence, Severity
from remediation.actions.base import AutoContext, Trait
from remediation.models import Policy
from remediation.planning.command_line import CommandError, checked_command
from remediation.playbooks import playbook_of
from remediation.policy.case import Case, Records
from remediation.policy.gitops import gitops_owner, is_helm_release
from remediation.policy.owner_guards import owner_guards
from remediation.policy.verdicts import Ruling, Verdict, ask, ignore, suggest

SAME_ACTION_TWICE = 2  # the third failure within a day is only escalated
Rulings = Iterator[Ruling]


@dataclass(frozen=True)
class Gate:
    """`needs_records`: it asks the database; without one it is "not evaluated"."""

    name: str
    rule: Callable[[Case], Rulings]
    needs_records: bool = False


def scope(case: Case) -> Rulings:
    if case.signal_gone:
        yield ignore("the signal is gone: there is nothing left to remedy", passing=True)
    if case.severity == Severity.INFO and CAUSES[case.cause].precedence != Precedence.METRIC:
        yield ignore("it is of severity info")
    if case.cause == Cause.METRIC_ANOMALY and not case.requested:
        yield suggest("an anomaly alone is no reason to act")
    if case.flapping:
        yield suggest("it flaps: an action would chase it")
    if case.candidate.entry.family in playbook_of(case.cause).bad:
        yield suggest(f"{case.candidate.action} makes {case.cause} worse")
    if case.picked:
        yield ask("a person planned this candidate in place of the first")
    yield from _playbook(case)


def _playbook(case: Case) -> Rulings:
    """The playbook judges remedies; an undo is judged by the attempt that it undoes."""
    if case.undo:
        return
    if case.requested:
        yield ask("a person wrote this command")
        return
    if case.playbook_mode == Verdict.IGNORE:
        yield ignore(f"{case.cause}: what is needed is under way, or it is meant to be so")
    elif case.playbook_mode == Verdict.SUGGEST:
        reason = f"{case.cause} is handed to people: {case.playbook_reason}"
        yield Ruling(Verdict.SUGGEST, reason, hard=case.changes)
    elif case.playbook_mode == Verdict.ASK:
        yield ask(f"{case.cause} is asked about: {case.playbook_reason}")


def stop_switch(case: Case) -> Rulings:
    if _records(case).stopped:
        yield suggest(f"the stop switch is pulled: {_records(case).stopped}", passing=True)


def maintenance(case: Case) -> Rulings:
    if _records(case).maintenance:
        yield ignore(f"a maintenance window covers it: {_records(case).maintenance}", passing=True)


def silence(case: Case) -> Rulings:
    if _records(case).silenced:
        yield ignore(f"it is silenced: {_records(case).silenced}", passing=True)


def freshness(case: Case) -> Rulings:
    if case.blind:
        yield ask(f"blind: {', '.join(sorted(case.blind))}", passing=True)
    if case.cause_now and not case.undo:
        yield ask(f"the evidence now says {case.cause_now}", hard=True, passing=True)


def owner_identity(case: Case) -> Rulings:
    target = case.target
    if not case.changes:
        return
    if not target.ref.uid:
        yield suggest("the owner has no UID: nothing proves which object is meant")
    elif not target.found:
        yield suggest("the owner could not be found in the cluster", passing=True)
    elif target.uid != target.ref.uid:
        yield suggest("another object has the owner's name: the UID differs")


def git_and_helm(case: Case) -> Rulings:
    if not case.candidate.entry.spec_write:
        return
    if owner := gitops_owner(case.target):
        yield suggest(f"{owner} owns its spec: change it in Git")
    elif is_helm_release(case.target):
        yield ask("a Helm release owns its spec: see `helm rollback`")


def protected(case: Case) -> Rulings:
    namespace = case.target.ref.namespace
    if not case.changes or namespace not in case.limits.protected:
        return
    policy = case.records.policy if case.records else None
    if policy and policy.literal and policy.mode != Policy.Choice.OFF:
        yield ask(f"{namespace} is protected; a policy names it")
    else:
        yield suggest(f"{namespace} is protected")


def policy(case: Case) -> Rulings:
    found = _records(case).policy
    if found is None:
        return
    if found.mode == Policy.Choice.OFF:
        yield suggest("the policy of this namespace is OFF")
    if found.mode == Policy.Choice.MANUAL:
        yield ask("the policy of this namespace is MANUAL")
    if not case.changes:
        return
    if case.candidate.action in found.forbidden:
        yield suggest(f"the policy of this namespace forbids {case.candidate.action}")
    if found.allowed and case.candidate.action not in found.allowed:
        yield suggest(f"the policy of this namespace does not allow {case.candidate.action}")


def warm_up(case: Case) -> Rulings:
    records = _records(case)
    if records.auto and records.auto_since and case.onset < records.auto_since:
        yield ask("it is older than AUTO")
    started = records.running_since
    if started and case.onset < started + case.limits.warm_up:
        yield ask("it began before KubeWise had watched for long enough")


def others_at_work(case: Case) -> Rulings:
    if case.changes and case.target.changed_by:
        yield ask(f"{case.target.changed_by} changed the owner after the onset")


def blast_radius(case: Case) -> Rulings:
    """Computed from the cluster (`blast_radius.py`), never told by a model."""
    for storm in filter(None, (case.storm, _records(case).storm)):
        yield ask(storm, passing=True)
    if case.reach.owners > 1 or case.reach.namespaces > 1:
        yield ask(f"it reaches beyond the owner: {case.reach}")
    traits = case.candidate.entry.traits
    if Trait.ENDS_ONE_POD in traits and case.reach.ready:
        yield ask(f"it disturbs pods that serve: {case.reach}")
    if Trait.RESTARTS in traits and case.target.ready > 0:
        yield ask(f"a restart replaces {case.target.ready} pods that are ready")


def budgets(case: Case) -> Rulings:
    records = _records(case)
    if not case.changes:
        return
    if records.open_attempt:
        yield ask(f"an attempt is under way: {records.open_attempt}", hard=True, passing=True)
    if records.exhausted:
        yield ask(f"budget used up: {records.exhausted}", hard=True, passing=True)


def futility(case: Case) -> Rulings:
    times = _records(case).same_action_in_a_day
    if not case.changes or case.undo:
        return
    if _records(case).came_back_in_a_day >= SAME_ACTION_TWICE:
        yield suggest("what worked came back twice within a day: it is handed to people")
    if case.changes and times >= SAME_ACTION_TWICE:
        yield suggest(f"{case.candidate.action} was done {times} times within a day already")
    elif case.changes and times:
        yield ask(f"{case.candidate.action} was done within a day already, and it came back")


def catalogue(case: Case) -> Rulings:
    candidate = case.candidate
    if candidate.action in case.limits.blacklist:
        yield suggest(f"{candidate.action} is in BLACKLISTED_COMMANDS")
    try:
        checked_command(candidate.action, dict(candidate.parameters))
    except CommandError as error:
        yield suggest(f"the catalogue refuses it: {error}")
    yield from _contexts(case)


def _contexts(case: Case) -> Rulings:
    """What AUTO may do at all: the safe lists decide for critical incidents and forecasts."""
    action, limits = case.candidate.action, case.limits
    if not case.changes:
        return
    if case.predicted:
        if not limits.auto_predicted:
            yield ask("AUTO_REMEDIATE_PREDICTED is off")
        if action not in limits.safe_proactive:
            yield ask(f"{action} is not in SAFE_PROACTIVE_COMMANDS")
    elif case.severity == Severity.CRITICAL:
        if not limits.auto_critical:
            yield ask("it is critical, and AUTO_REMEDIATE_CRITICAL is off")
        if action not in limits.safe_critical:
            yield ask(f"{action} is not in SAFE_CRITICAL_COMMANDS")
    elif AutoContext.STANDARD not in case.candidate.entry.contexts:
        yield ask(f"{action} is never done without a person")


def second_opinion(case: Case) -> Rulings:
    """A model can only make it more careful; without one there are no doubts."""
    for doubt in case.doubts:
        yield ask(doubt)


def mode(case: Case) -> Rulings:
    if not _records(case).auto:
        yield ask("the mode is MANUAL")


def _records(case: Case) -> Records:
    return case.records or Records(auto=True)


GATES: tuple[Gate, ...] = (
    Gate("scope", scope),
    Gate("stop switch", stop_switch, needs_records=True),
    Gate("maintenance window", maintenance, needs_records=True),
    Gate("silence", silence, needs_records=True),
    Gate("freshness", freshness),
    Gate("owner by UID", owner_identity),
    Gate("owner guards", owner_guards),
    Gate("GitOps and Helm", git_and_helm),
    Gate("protected namespace", protected),
    Gate("policy", policy, needs_records=True),
    Gate("warm-up", warm_up, needs_records=True),
    Gate("someone else at work", others_at_work),
    Gate("blast radius", blast_radius),
    Gate("budgets", budgets, needs_records=True),
    Gate("futility", futility, needs_records=True),
    Gate("catalogue and bounds", catalogue),
    Gate("second opinion", second_opinion),
    Gate("mode", mode, needs_records=True),
)
