"""Crash loops: what kind, and whether the newest revision brought it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from detection.domain.causes import Cause
from detection.domain.facts import ContainerFacts, ImageFacts
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.domain.units import counted
from detection.failures.containers.architecture import is_foreign
from detection.failures.containers.crash_loops import Loop, loops
from detection.failures.containers.memory import memory_finding
from detection.failures.containers.probes import is_killed_by_probe, liveness_finding
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    full_name,
    observed,
    troubled,
    with_container,
)
from detection.failures.registry import failure
from detection.failures.rollback_evidence import Judgement, judge_newest_revision
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import ContainerView

CRASHES = (
    Cause.BAD_RELEASE,
    Cause.CRASH_NO_HISTORY,
    Cause.CRASH_STABLE_REVISION,
    Cause.BAD_COMMAND,
    Cause.INIT_CRASH,
    Cause.OOM_LIMIT_LOW,
    Cause.OOM_LEAK,
    Cause.LIVENESS_MISCONFIG,
    Cause.WRONG_ARCH,
)


@failure(*CRASHES)
def crash_loops(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F01–F04, F10, F12–F14, F61: one finding for each kind of loop of an owner."""
    for owner, pods in troubled(snapshot):
        found = list(loops(pods, context))
        for kind in (
            [loop for loop in found if loop.is_oom],
            [loop for loop in found if not loop.is_oom],
        ):
            if kind:
                yield _finding(snapshot, context, owner, kind)


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, found: Sequence[Loop]
) -> Finding:
    pods = list({loop.pod.metadata.uid: loop.pod for loop in found}.values())
    onset = min(loop.onset for loop in found)
    judged = judge_newest_revision(snapshot, owner, context, pods, onset)
    first = min(found, key=lambda loop: (loop.opens_at, not loop.is_not_runnable))
    if not first.is_oom and is_foreign(snapshot, owner, found):
        return _crash(snapshot, owner, found, judged, Cause.WRONG_ARCH)
    if first.is_oom:
        return memory_finding(snapshot, context, owner, found, judged)
    if not judged.stable and all(is_killed_by_probe(snapshot, loop) for loop in found):
        return liveness_finding(snapshot, owner, found, judged)
    return _crash(snapshot, owner, found, judged, cause_of(found, judged))


def _crash(
    snapshot: Snapshot,
    owner: ObjectRef,
    found: Sequence[Loop],
    judged: Judgement,
    cause: Cause,
) -> Finding:
    pods = list({loop.pod.metadata.uid: loop.pod for loop in found}.values())
    first = min(found, key=lambda loop: (loop.opens_at, not loop.is_not_runnable))
    family = ImageFacts if cause == Cause.WRONG_ARCH else ContainerFacts
    return about_pods(
        snapshot,
        cause,
        owner,
        pods,
        f"{full_name(owner)}: {_how(first)} in {len(pods)} of its pods",
        min(loop.onset for loop in found),
        min(loop.opens_at for loop in found),
        [
            *crash_evidence(found),
            *changed_evidence(judged.revision),
            *_stable(judged),
        ],
        judged.revision,
        with_container(family(stable_revision=judged.stable), first.view),
    )


def cause_of(found: Sequence[Loop], judged: Judgement) -> Cause:
    """What the loop is by its structure; the revision decides where nothing else does."""
    if any(loop.is_wrong_arch for loop in found):
        return Cause.WRONG_ARCH
    if any(loop.is_not_runnable for loop in found) and not judged.stable:
        return Cause.BAD_COMMAND
    if all(loop.view.is_init for loop in found):
        return Cause.INIT_CRASH
    if judged.stable:
        return Cause.CRASH_STABLE_REVISION
    return Cause.BAD_RELEASE if judged.revision.borne else Cause.CRASH_NO_HISTORY


def crash_evidence(found: Sequence[Loop]) -> list[Evidence]:
    """One line for each container name, with how it ended."""
    by_container: dict[str, Loop] = {}
    for loop in found:
        by_container.setdefault(loop.view.name, loop)
    return [
        observed("pods", _line(loop), decisive=True) for loop in list(by_container.values())[:5]
    ]


def _line(loop: Loop) -> str:
    view, end = loop.view, loop.end
    ended = f", last end {end.reason or 'unknown'} exit code {end.exit_code}" if end else ""
    said = last_words(view) or view.waiting_message
    text = f": {said}" if said else ""
    state = view.waiting_reason or ("restarted" if view.status.state.running else "ended")
    return (
        f"{loop.pod.metadata.name}: {_kind(view)} {view.name} {state}, "
        f"{counted(view.status.restart_count, 'restart')}{ended}{text}"
    )


def last_words(view: ContainerView) -> str:
    """What the program, or the runtime for it, said at its end: of its newest end that has any."""
    status = view.status
    ends = (status.state.terminated, status.last_state.terminated)
    return next((end.message.strip() for end in ends if end and end.message.strip()), "")


def _kind(view: ContainerView) -> str:
    if view.is_sidecar:
        return "sidecar"
    return "init container" if view.is_init else "container"


def _how(loop: Loop) -> str:
    what = "can't be started" if loop.is_not_runnable else "crashes in a loop"
    code = f" (exit code {loop.end.exit_code})" if loop.end else ""
    return f"{_kind(loop.view)} {loop.view.name} {what}{code}"


def _stable(judged: Judgement) -> list[Evidence]:
    if not judged.stable:
        return []
    return [observed("revisions", "this revision ran well for long before: no release brought it")]
