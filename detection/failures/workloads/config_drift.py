"""Configuration that drifted: an old Secret in use, an environment that brings errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from detection.domain.causes import Cause
from detection.domain.facts import DriftFacts
from detection.domain.findings import Finding, ObjectRef
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    full_name,
    observed,
    severity_of,
)
from detection.failures.log_reported import about_victims, log_lines
from detection.failures.registry import failure
from detection.failures.rollback_evidence import Judgement, judge_newest_revision, key_of_pod
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.log_errors import Complaining, ErrorKind, log_errors_of
from detection.snapshot.logs import changed_at
from detection.snapshot.pod_status import containers, is_active, is_ready
from detection.snapshot.pod_templates import normalized, spec_of

RECENT = timedelta(hours=24)
NEW_REVISION = timedelta(hours=6)
ERROR_LINES = 1
ERROR_RATIO = 0.05
TROUBLES = (
    ErrorKind.AUTH,
    ErrorKind.REFUSED,
    ErrorKind.TIMEOUT,
    ErrorKind.RESET,
    ErrorKind.NO_NAME,
    ErrorKind.ERROR,
)
Source = tuple[str, str]
Item = o.Deployment | o.StatefulSet | o.DaemonSet


@failure(Cause.STALE_SECRET_ENV)
def stale_secret_env(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F58: what the environment was made of changed after the containers started."""
    for key, told in log_errors_of(snapshot).by_owner(ErrorKind.AUTH).items():
        item = snapshot.get(log_errors_of(snapshot).owners[key])
        if not isinstance(item, Item):
            continue
        for source in _sources_of(item):
            changed = _changed(snapshot, context, item.metadata.namespace, source)
            stale = [p for p in _pods(snapshot, item) if changed and _started_before(p, changed)]
            if changed and stale and _are_told_by(told, stale):
                yield _stale(snapshot, context, item, source, changed, told, stale)
                break


def _sources_of(item: Item) -> list[Source]:
    """(kind, name) of the Secrets and ConfigMaps that its environment is made of."""
    spec = spec_of(normalized(bytes(item.spec.template)))
    found: list[Source] = []
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        for env in container.get("env") or ():
            found += _named_in(env.get("valueFrom") or {}, "secretKeyRef", "configMapKeyRef")
        for whole in container.get("envFrom") or ():
            found += _named_in(whole, "secretRef", "configMapRef")
    return list(dict.fromkeys(found))


def _named_in(part: dict[str, Any], secret: str, configmap: str) -> list[Source]:
    kinds = {"Secret": part.get(secret), "ConfigMap": part.get(configmap)}
    return [(kind, str(ref["name"])) for kind, ref in kinds.items() if ref and ref.get("name")]


def _changed(
    snapshot: Snapshot, context: Context, namespace: str, source: Source
) -> datetime | None:
    """When it last changed: of ConfigMaps the metadata tell, of Secrets only metrics."""
    kind, name = source
    within = context.metrics.changed.get((kind, namespace, name))
    if within is not None:
        return context.now - timedelta(seconds=within)
    item = snapshot.find(kind, namespace, name) if kind == "ConfigMap" else None
    changed = changed_at(item) if item is not None else None
    return changed if changed and context.now - changed <= RECENT else None


def _pods(snapshot: Snapshot, item: Item) -> list[o.Pod]:
    return [pod for pod in snapshot.pods_below(item.ref) if is_active(pod)]


def _started_before(pod: o.Pod, changed: datetime) -> bool:
    """The environment is made when a container starts, not when its pod does."""
    starts = [view.status.state.running for view in containers(pod) if not view.is_init]
    return any(run is not None and run.started_at and run.started_at < changed for run in starts)


def _are_told_by(told: Sequence[Complaining], pods: Sequence[o.Pod]) -> bool:
    uids = {pod.metadata.uid for pod in pods}
    return any(one.pod.metadata.uid in uids for one in told)


def _stale(
    snapshot: Snapshot,
    context: Context,
    item: Item,
    source: Source,
    changed: datetime,
    told: Sequence[Complaining],
    stale: Sequence[o.Pod],
) -> Finding:
    kind, name = source
    ref = ObjectRef(kind, item.metadata.namespace, name)
    text = (
        f"{kind} {name} changed about {changed:%H:%M}; {counted(len(stale), 'pod')} started before"
    )
    return about_victims(
        snapshot,
        Cause.STALE_SECRET_ENV,
        item.ref,
        told,
        f"{full_name(item.ref)} runs with what {kind} {name} held before it changed",
        [observed("pods", text, decisive=True)],
        onset=changed,
        dwell_seconds=context.dwell.config_seconds,
        severity=severity_of(snapshot, item.ref),
        related=[ref, *(pod.ref for pod in stale)],
        facts=DriftFacts(changed=name, changed_kind=kind, log_container=told[-1].container),
    )


@failure(Cause.ENV_CHANGED)
def env_changed(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F59: the newest revision only changes the environment, is ready, and brings errors."""
    items: tuple[Item, ...] = (*snapshot.deployments, *snapshot.statefulsets, *snapshot.daemonsets)
    for item in items:
        pods = [pod for pod in _pods(snapshot, item) if is_ready(pod)]
        if pods and _has_history(snapshot, item):
            judged = judge_newest_revision(snapshot, item.ref, context, pods, context.now)
            if found := _brings_errors(snapshot, context, item, judged, pods):
                yield found


def _has_history(snapshot: Snapshot, item: Item) -> bool:
    """Cheap, before templates are compared: a new revision, and an older one."""
    revisions: Sequence[o.Object] = (
        snapshot.replicasets_of(item.metadata.uid)
        if isinstance(item, o.Deployment)
        else snapshot.controllerrevisions_of(item.metadata.uid)
    )
    if len(revisions) < 2:
        return False
    born = revisions[-1].metadata.creation_timestamp
    return born is not None and snapshot.at - born <= NEW_REVISION


def _brings_errors(
    snapshot: Snapshot, context: Context, item: Item, judged: Judgement, pods: Sequence[o.Pod]
) -> Finding | None:
    newest = judged.newest
    if newest is None or judged.target is None or not only_env(judged.revision.changed):
        return None
    mine = [pod for pod in pods if key_of_pod(pod) in newest.keys]
    uids = {pod.metadata.uid for pod in mine}
    told = [
        o for o in log_errors_of(snapshot).of(item.ref, *TROUBLES) if o.pod.metadata.uid in uids
    ]
    ratio = max((_error_ratio(context, pod) for pod in mine), default=0.0)
    if not mine or (len(told) < ERROR_LINES and ratio < ERROR_RATIO):
        return None
    onset = newest.created or context.now
    measured = (
        [observed("metrics", f"{ratio:.0%} of its answers are errors", True)] if ratio else []
    )
    return about_pods(
        snapshot,
        Cause.ENV_CHANGED,
        item.ref,
        mine,
        f"{full_name(item.ref)}: its newest revision changes the environment and brings errors",
        onset,
        onset + timedelta(seconds=context.dwell.config_seconds),
        [*measured, *log_lines(told), *changed_evidence(judged.revision)],
        judged.revision,
        DriftFacts(log_container=told[-1].container if told else "", error_ratio=ratio),
    )


def _error_ratio(context: Context, pod: o.Pod) -> float:
    return context.metrics.error_ratios.get((pod.metadata.namespace, pod.metadata.name), 0.0)


def only_env(changed: Sequence[str]) -> bool:
    """Whether all that changed is in `env` or `envFrom` of containers."""
    paths = [line.partition(": ")[0] for line in changed]
    return bool(paths) and all(".env[" in p or p[-4:] == ".env" or ".envFrom" in p for p in paths)
