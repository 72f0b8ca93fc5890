"""Probes that kill a healthy container, or never let it be ready."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from detection.domain.causes import Cause
from detection.domain.facts import ProbeFacts
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.domain.units import counted, duration
from detection.failures.containers.crash_loops import Loop, loops
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
from detection.failures.rollback_evidence import Judgement, judge_newest_revision, key_of_pod
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import (
    ContainerView,
    began,
    condition_since,
    containers,
    is_active,
    is_ready,
    was_ready,
)
from kubewise_site.core.foreign_numbers import span

LIVENESS = re.compile(r"(liveness|startup)[ -]?probe", re.IGNORECASE)
STARTUP = re.compile(r"startup[ -]?probe", re.IGNORECASE)
READINESS = re.compile(r"readiness[ -]?probe", re.IGNORECASE)
UNHEALTHY, KILLING, WARNED = "Unhealthy", "Killing", "ProbeWarning"
KILLED = frozenset({137, 143})
STOPPED = KILLED | {0}
SLACK_SECONDS = 60.0
BATCH = frozenset({"Job", "CronJob"})  # nothing waits for their readiness


def is_killed_by_probe(snapshot: Snapshot, loop: Loop) -> bool:
    """The kubelet's own word that a probe killed it, or a death that comes when one gives up.

    The exit code of a container that is stopped is that of the signal, or 0 where it ends by
    itself when asked to. Out of memory has its own reason.
    """
    end, spec = loop.end, loop.view.spec
    probe = spec.startup_probe or spec.liveness_probe
    if end is None or loop.is_oom or loop.is_not_runnable:
        return False
    said = _said(snapshot, loop.pod, loop.view, LIVENESS)
    if any(event.reason == KILLING for event in said):
        return True
    if said and end.exit_code in STOPPED:
        return True
    return probe is not None and end.exit_code in KILLED and _dies_on_time(loop, spec)


def _dies_on_time(loop: Loop, spec: o.Container) -> bool:
    """Its last run was as long as its probes' patience, and at most a grace longer."""
    end = loop.end
    if end is None or end.started_at is None or end.finished_at is None:
        return False
    ran = (end.finished_at - end.started_at).total_seconds()
    probes = [probe for probe in (spec.startup_probe, spec.liveness_probe) if probe is not None]
    return any(
        probe.patience_seconds - probe.period_seconds <= ran
        <= probe.patience_seconds + probe.period_seconds + SLACK_SECONDS
        for probe in probes
    )  # fmt: skip


def _said(
    snapshot: Snapshot, pod: o.Pod, view: ContainerView, pattern: re.Pattern[str]
) -> list[o.Event]:
    """Events about this container's probe; an event without a field is of the whole pod."""
    return [
        event
        for event in snapshot.events_of(pod.metadata.uid)
        if event.reason in (UNHEALTHY, KILLING, WARNED)
        and pattern.search(event.message)
        and event.involved_object.field_path in ("", _field(view))
        and (event.reason != KILLING or "fail" in event.message.lower())
    ]


def _field(view: ContainerView) -> str:
    kind = "initContainers" if view.is_init or view.is_sidecar else "containers"
    return f"spec.{kind}{{{view.name}}}"


def liveness_finding(
    snapshot: Snapshot, owner: ObjectRef, found: Sequence[Loop], judged: Judgement
) -> Finding:
    """F14."""
    first = min(found, key=lambda loop: loop.opens_at)
    pods = list({loop.pod.metadata.uid: loop.pod for loop in found}.values())
    view, end = first.view, first.end
    code = end.exit_code if end else None
    said = _said(snapshot, first.pod, view, LIVENESS)
    name, probe = _killer(view, said)
    return about_pods(
        snapshot,
        Cause.LIVENESS_MISCONFIG,
        owner,
        pods,
        f"{full_name(owner)}: the {name} probe kills container {view.name} again and again",
        min(loop.onset for loop in found),
        min(loop.opens_at for loop in found),
        [
            observed("pods", f"{first.pod.metadata.name}: container {view.name} was stopped with "
                f"exit code {code}, {counted(view.status.restart_count, 'restart')}",
                decisive=True),
            *_lines(said),
            *_patience_lines(name, probe, end),
            *_port(view, probe),
            *changed_evidence(judged.revision),
        ],
        judged.revision,
        with_container(
            ProbeFacts(stable_revision=judged.stable, probe=name, check=_check(probe)), view
        ),
    )  # fmt: skip


def _killer(view: ContainerView, said: Sequence[o.Event]) -> tuple[str, o.Probe | None]:
    """Which probe ends it: by the kubelet's newest word, else the one that is there."""
    spec = view.spec
    of_start = bool(STARTUP.search(said[-1].message)) if said else spec.liveness_probe is None
    if of_start and (spec.startup_probe is not None or said):
        return "startup", spec.startup_probe
    return "liveness", spec.liveness_probe


def _patience_lines(name: str, probe: o.Probe | None, end: o.Terminated | None) -> list[Evidence]:
    """How long the container is given, beside how long its last run was."""
    if probe is None:
        return []
    said = (
        f"the {name} probe gives up after {probe.patience_seconds} s (initialDelaySeconds "
        f"{probe.initial_delay_seconds}, periodSeconds {probe.period_seconds}, "
        f"failureThreshold {probe.failure_threshold})"
    )
    if end is not None and end.started_at and end.finished_at:
        said += (
            f"; the last run lasted {duration((end.finished_at - end.started_at).total_seconds())}"
        )
    return [observed("pods", said, decisive=True)]


def _check(probe: o.Probe | None) -> str:
    return probe.check if probe else ""


def _lines(events: Sequence[o.Event]) -> list[Evidence]:
    return [observed("events", f"{e.reason}: {e.message} (×{e.times})") for e in events[-2:]]


def _port(view: ContainerView, probe: o.Probe | None) -> list[Evidence]:
    """A probe's port that the container does not declare."""
    ports = {port.container_port for port in view.spec.ports}
    ports_named: set[int | str] = {port.name for port in view.spec.ports if port.name}
    if probe is None or not probe.port or not ports or probe.port in ports | ports_named:
        return []
    declared = ", ".join(map(str, sorted(ports)))
    return [
        observed("pods", f"the probe asks port {probe.port}, the container declares {declared}")
    ]


@failure(Cause.READINESS_MISCONFIG)
def never_ready(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F15: the newest revision's pods all run, were never restarted and never ready."""
    for owner, pods in troubled(snapshot):
        if owner.kind in BATCH:
            continue
        for group in _by_revision(pods):
            if all(_never_passed(snapshot, pod, context) for pod in group) and _is_whole(
                snapshot, owner, group
            ):
                yield _not_ready(snapshot, context, owner, group)
                break


def _by_revision(pods: Sequence[o.Pod]) -> list[list[o.Pod]]:
    groups: dict[str, list[o.Pod]] = {}
    for pod in pods:
        if not is_ready(pod):
            groups.setdefault(key_of_pod(pod), []).append(pod)
    return list(groups.values())


def _is_whole(snapshot: Snapshot, owner: ObjectRef, group: Sequence[o.Pod]) -> bool:
    """No pod of that revision is ready: a single one of several is another failure.

    In the update of a StatefulSet the first ordinal stands for all.
    """
    item = snapshot.get(owner)
    if isinstance(item, o.StatefulSet):
        status = item.status
        if status.update_revision != status.current_revision and item.spec.replicas > len(group):
            return False
    same = [
        pod
        for pod in snapshot.pods_below(owner)
        if is_active(pod) and key_of_pod(pod) == key_of_pod(group[0])
    ]
    return not any(map(is_ready, same))


def _never_passed(snapshot: Snapshot, pod: o.Pod, context: Context) -> bool:
    """It runs, with a readiness probe on what is not ready, and was not ready before."""
    unready = _unready(pod)
    gated = o.condition(pod.status.conditions, "ContainersReady")
    return (
        pod.status.phase == "Running"
        and (gated is None or gated.status != "True")
        and bool(unready)
        and all(view.status.state.running is not None for view in unready)
        and all(_is_probed(snapshot, pod, view) for view in unready)
        and not any(view.status.restart_count for view in unready)
        and not was_ready(pod)
        and next(loops([pod], context), None) is None
    )


def _unready(pod: o.Pod) -> list[ContainerView]:
    return [v for v in containers(pod) if not v.is_init and not v.status.ready]


def _is_probed(snapshot: Snapshot, pod: o.Pod, view: ContainerView) -> bool:
    spec = view.spec
    probed = spec.readiness_probe is not None
    return probed or bool(_said(snapshot, pod, view, READINESS))


def _not_ready(
    snapshot: Snapshot, context: Context, owner: ObjectRef, pods: Sequence[o.Pod]
) -> Finding:
    onset = min(_started(pod, context) for pod in pods)
    revision = judge_newest_revision(snapshot, owner, context, pods, onset).revision
    pod, view = pods[0], _unready(pods[0])[0]
    facts = ProbeFacts(
        reason="NotReady", probe="readiness", check=_check(view.spec.readiness_probe)
    )
    return about_pods(
        snapshot,
        Cause.READINESS_MISCONFIG,
        owner,
        pods,
        f"{full_name(owner)}: container {view.name} never becomes ready "
        f"in {counted(len(pods), 'pod')}",
        onset,
        onset + span(max(context.dwell.not_ready_seconds, _patience(pods))),
        [
            observed("pods", f"{pod.metadata.name}: container {view.name} runs without a restart "
                "and was never ready", decisive=True),
            *_lines(_said(snapshot, pod, view, READINESS)),
            *_port(view, view.spec.readiness_probe),
            *changed_evidence(revision),
        ],
        revision,
        with_container(facts, view),
    )  # fmt: skip


def _patience(pods: Sequence[o.Pod]) -> float:
    """How long a slow start is allowed for by the probes' own settings."""
    probes = [
        probe
        for pod in pods
        for view in _unready(pod)
        for probe in (view.spec.readiness_probe, view.spec.startup_probe)
        if probe is not None
    ]
    return max((float(probe.patience_seconds) for probe in probes), default=0.0)


def _started(pod: o.Pod, context: Context) -> datetime:
    return condition_since(pod, "Ready") or began(pod) or context.now
