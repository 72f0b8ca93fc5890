"""The gates in the design's order. Each yields rulings, so that every reason is on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from detection.domain.causes import CAUSES, Cause, Precedence, Severity
from detection.domain.units import counted, duration
from remediation.actions.base import AutoContext, Trait
from remediation.models import Policy
from remediation.planning.command_line import CommandError, checked_command
from remediation.playbooks import playbook_of
from remediation.policy.case import Case, Records
from remediation.policy.gitops import gitops_owner, is_helm_release
from remediation.policy.owner_guards import owner_guards
from remediation.policy.verdicts import Ruling, Verdict, ask, ignore, suggest

WHOLE_SECOND = timedelta(seconds=1)
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
        yield ignore("the signal is gone; nothing is left to fix", passing=True)
    if case.severity == Severity.INFO and CAUSES[case.cause].precedence != Precedence.METRIC:
        yield ignore("the severity is info; KubeWise does not act on it")
    if case.cause == Cause.METRIC_ANOMALY and not case.requested:
        yield suggest("an anomaly alone does not justify an action")
    if case.flapping:
        yield suggest("the incident is flapping; an action would not last")
    if case.candidate.entry.family in playbook_of(case.cause).bad:
        yield suggest(f"{case.candidate.action} would make {case.cause} worse")
    if case.picked:
        yield ask("approval required: a person chose this candidate instead of the first one")
    yield from _playbook(case)


def _playbook(case: Case) -> Rulings:
    """The playbook judges remedies; an undo is judged by the attempt that it undoes."""
    if case.undo:
        return
    if case.requested:
        yield ask("approval required: a person wrote this command")
        return
    if case.playbook_mode == Verdict.IGNORE:
        yield ignore(f"{case.cause} needs no action: it recovers by itself, or is intended")
    elif case.playbook_mode == Verdict.SUGGEST:
        reason = f"KubeWise does not act on {case.cause}: {case.playbook_reason}"
        yield Ruling(Verdict.SUGGEST, reason, hard=case.changes)
    elif case.playbook_mode == Verdict.ASK:
        yield ask(f"approval required: {case.playbook_reason}")


def stop_switch(case: Case) -> Rulings:
    if _records(case).stopped:
        yield suggest(f"the stop switch is pulled: {_records(case).stopped}", passing=True)


def maintenance(case: Case) -> Rulings:
    if _records(case).maintenance:
        yield ignore(
            f"a maintenance window covers the owner: {_records(case).maintenance}", passing=True
        )


def silence(case: Case) -> Rulings:
    if _records(case).silenced:
        yield ignore(f"the owner is silenced: {_records(case).silenced}", passing=True)


def acceptance(case: Case) -> Rulings:
    if _records(case).accepted:
        yield ignore(f"the failure is accepted: {_records(case).accepted}")


def freshness(case: Case) -> Rulings:
    if case.blind:
        yield ask(f"KubeWise cannot read: {', '.join(sorted(case.blind))}", passing=True)
    if case.cause_now and not case.undo:
        yield ask(f"the cluster now shows {case.cause_now} instead", hard=True, passing=True)


def owner_identity(case: Case) -> Rulings:
    target = case.target
    if not case.changes:
        return
    if not target.ref.uid:
        yield suggest("the owner's UID is not known, so KubeWise cannot identify the object")
    elif not target.found:
        yield suggest("the owner was not found in the cluster", passing=True)
    elif target.uid != target.ref.uid:
        yield suggest("the owner was replaced: an object of the same name has another UID")


def git_and_helm(case: Case) -> Rulings:
    if not case.candidate.entry.spec_write:
        return
    if owner := gitops_owner(case.target):
        yield suggest(f"{owner} manages the spec: change it in Git")
    elif is_helm_release(case.target):
        yield ask("a Helm release manages the spec: see `helm rollback`")


def protected(case: Case) -> Rulings:
    namespace = case.target.ref.namespace
    if not case.changes or namespace not in case.limits.protected:
        return
    policy = case.records.policy if case.records else None
    if policy and policy.literal and policy.mode != Policy.Choice.OFF:
        yield ask(f"the namespace {namespace} is protected, and a policy names it")
    else:
        yield suggest(f"the namespace {namespace} is protected")


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
    if records.auto and records.auto_since and _surely_before(case.onset, records.auto_since):
        yield ask("the incident began before AUTO was switched on")
    started = records.running_since
    if started and case.onset < started + case.limits.warm_up:
        yield ask(_watched_too_short(case.limits.warm_up))


def _surely_before(onset: datetime, moment: datetime) -> bool:
    """Kubernetes tells whole seconds: such an onset may be up to a second later than it says."""
    width = WHOLE_SECOND if onset.microsecond == 0 else timedelta(0)
    return onset < moment and onset + width <= moment


def _watched_too_short(warm_up: timedelta) -> str:
    lasting = duration(warm_up.total_seconds())
    return f"the incident began before KubeWise had watched the cluster for {lasting}"


def others_at_work(case: Case) -> Rulings:
    if case.changes and case.target.changed_by:
        yield ask(f"{case.target.changed_by} changed the owner after the incident began")


def blast_radius(case: Case) -> Rulings:
    """Computed from the cluster (`blast_radius.py`), never told by a model."""
    for storm in filter(None, (case.storm, _records(case).storm)):
        yield ask(storm, passing=True)
    if case.reach.owners > 1 or case.reach.namespaces > 1:
        yield ask(f"the action affects more than the owner: {case.reach}")
    traits = case.candidate.entry.traits
    if Trait.ENDS_ONE_POD in traits and case.reach.ready:
        yield ask(f"the action ends ready pods: {case.reach}")
    if Trait.RESTARTS in traits and case.target.ready > 0:
        yield ask(f"the restart replaces {counted(case.target.ready, 'ready pod')}")


def budgets(case: Case) -> Rulings:
    records = _records(case)
    if not case.changes:
        return
    if records.open_attempt:
        yield ask(
            f"another attempt on this owner is running: {records.open_attempt}",
            hard=True,
            passing=True,
        )
    if records.exhausted:
        yield ask(f"budget used up: {records.exhausted}", hard=True, passing=True)


def futility(case: Case) -> Rulings:
    times = _records(case).same_action_in_a_day
    if not case.changes or case.undo:
        return
    if _records(case).came_back_in_a_day >= SAME_ACTION_TWICE:
        yield suggest("the failure came back twice within a day after an action that worked")
    if case.changes and times >= SAME_ACTION_TWICE:
        yield suggest(
            f"{case.candidate.action} was carried out {counted(times, 'time')} within a day"
        )
    elif case.changes and times:
        yield ask(
            f"{case.candidate.action} was carried out within a day, and the failure came back"
        )


def catalogue(case: Case) -> Rulings:
    candidate = case.candidate
    if candidate.action in case.limits.blacklist:
        yield suggest(f"{candidate.action} is in BLACKLISTED_COMMANDS")
    try:
        checked_command(candidate.action, dict(candidate.parameters))
    except CommandError as error:
        yield suggest(f"the command is not valid: {error}")
    yield from _contexts(case)


def _contexts(case: Case) -> Rulings:
    """What AUTO may do at all: the safe lists decide for critical incidents and forecasts."""
    action, limits = case.candidate.action, case.limits
    if not case.changes:
        return
    if case.predicted:
        if not limits.auto_predicted:
            yield ask("AUTO_REMEDIATE_PREDICTED is False")
        if action not in limits.safe_proactive:
            yield ask(f"{action} is not in SAFE_PROACTIVE_COMMANDS")
    elif case.severity == Severity.CRITICAL:
        if not limits.auto_critical:
            yield ask("the incident is critical, and AUTO_REMEDIATE_CRITICAL is False")
        if action not in limits.safe_critical:
            yield ask(f"{action} is not in SAFE_CRITICAL_COMMANDS")
    elif AutoContext.STANDARD not in case.candidate.entry.contexts:
        yield ask(f"{action} always requires approval")


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
    Gate("acceptance", acceptance, needs_records=True),
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
