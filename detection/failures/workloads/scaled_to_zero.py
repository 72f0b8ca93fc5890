"""Scaled to zero by mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from detection.domain.causes import Cause, Severity
from detection.domain.facts import ScaledDownFacts
from detection.domain.findings import Evidence, Finding
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed
from detection.failures.registry import failure
from detection.failures.workloads.autoscaling import is_keda
from detection.failures.workloads.gitops import managed_by_git
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.network_storage_scaling import HorizontalPodAutoscaler
from detection.snapshot import Snapshot
from detection.snapshot.pod_templates import normalized
from detection.snapshot.selectors import selecting_in

DOWNSCALED = "original-replicas"  # what schedulers that scale down by night leave behind
INTENT = "kubewise.io/intentionally-scaled-down"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SCALED_DOWN = "ScalingReplicaSet"
# Servers differ: "web-1 from 3 to 0" is what 1.36 says, "web-1 to 0 from 3" what 1.24 says, and
# 1.20 "web-1 to 0" alone (pkg/controller/deployment/sync.go).
SCALED = re.compile(
    r"(?<!\S)[^\s\w]{0,3}(?P<of>\w\S*)(?: from (?P<a>\d+))? to (?P<to>\d+)(?: from (?P<b>\d+))?$"
)
Scalable = o.Deployment | o.StatefulSet


@failure(Cause.SCALED_TO_ZERO)
def scaled_to_zero(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F33: no replicas asked for, although it had some and something still calls it."""
    items: tuple[Scalable, ...] = (*snapshot.deployments, *snapshot.statefulsets)
    for item in items:
        if item.spec.replicas or item.is_terminating or _is_meant(snapshot, item):
            continue
        callers = _callers(snapshot, item)
        replicas, source = _replicas_before(snapshot, context, item)
        if callers and source:
            yield _finding(context, item, callers, replicas, source)


def _is_meant(snapshot: Snapshot, item: Scalable) -> bool:
    marks = item.metadata.annotations
    return (
        marks.get(INTENT) == "true"
        or any(key.endswith(DOWNSCALED) for key in marks)
        or item.controller is not None
        or _scales_to_zero(snapshot, item)
        or managed_by_git(item) is not None
    )


def _scales_to_zero(snapshot: Snapshot, item: Scalable) -> bool:
    """A HorizontalPodAutoscaler with a minimum above zero never does: at zero it is switched off,
    and says so (ScalingDisabled)."""
    scaler = selecting_in(snapshot).scaler_of(item.ref)
    if not isinstance(scaler, HorizontalPodAutoscaler):
        return scaler is not None
    active = o.condition(scaler.status.conditions, "ScalingActive")
    return is_keda(scaler) or active is None or active.reason != "ScalingDisabled"


def _callers(snapshot: Snapshot, item: Scalable) -> list[str]:
    """Services that select its pods, and the Ingresses that lead to them."""
    labels = normalized(bytes(item.spec.template)).get("metadata", {}).get("labels", {})
    services = selecting_in(snapshot).services_for(item.metadata.namespace, labels)
    names = {service.metadata.name for service in services}
    ingresses = [
        f"Ingress {ingress.metadata.name}"
        for ingress in snapshot.ingresses
        if ingress.metadata.namespace == item.metadata.namespace and names & set(ingress.backends())
    ]
    return [*(f"Service {name}" for name in sorted(names)), *ingresses]


def _replicas_before(
    snapshot: Snapshot, context: Context, item: Scalable
) -> tuple[int | None, str]:
    """The last count above zero and who knows it; (None, '') where nothing says that it had any."""
    meta = item.metadata
    rows = context.baselines.get(meta.uid, ())
    if rows:
        return max(rows, key=lambda row: row.last_available).replicas, "baseline"
    if count := context.metrics.replicas.get((item.KIND, meta.namespace, meta.name)):
        return count, "prometheus"
    if count := _count_in_events(snapshot, item):
        return count, "event"
    if _declared(item):
        return None, "last-applied"
    return (None, "managed fields") if _scaled_by_hand(item) else (None, "")


def _count_in_events(snapshot: Snapshot, item: Scalable) -> int:
    """What the ReplicaSet that was scaled to 0 had before, by the newest event that tells."""
    events = reversed(snapshot.events_of(item.metadata.uid))
    said = [SCALED.search(event.message) for event in events if event.reason == SCALED_DOWN]
    steps = [match for match in said if match]
    last = next((match["of"] for match in steps if int(match["to"]) == 0), None)
    counts = (int(m["a"] or m["b"] or 0) or int(m["to"]) for m in steps if m["of"] == last)
    return next(filter(None, counts), 0)


def _declared(item: Scalable) -> bool:
    """`kubectl apply` last asked for replicas: somebody scaled it down by hand since."""
    try:
        applied: Any = json.loads(item.metadata.annotations.get(LAST_APPLIED, "{}"))
        return int(applied["spec"]["replicas"]) > 0
    except (ValueError, LookupError, TypeError):
        return False


def _scaled_by_hand(item: Scalable) -> bool:
    """Somebody used `kubectl scale` on it: then it once asked for another number."""
    fields = item.metadata.managed_fields
    return any(f.subresource == "scale" and f.manager.startswith("kubectl") for f in fields)


def _finding(
    context: Context, item: Scalable, callers: list[str], replicas: int | None, source: str
) -> Finding:
    onset = _onset(item) or context.ago(context.dwell.scaled_to_zero_seconds)
    had = f"it had {replicas}" if replicas else "it asked for some before"
    return Finding(
        cause=Cause.SCALED_TO_ZERO,
        owner=item.ref,
        severity=Severity.CRITICAL,
        summary=f"{full_name(item.ref)}: scaled to zero, {had}, and {callers[0]} still leads to it",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.scaled_to_zero_seconds),
        evidence=(
            observed("workloads", f"spec.replicas is 0, {had} ({source})", decisive=True),
            *(Evidence("kubernetes/services", f"{caller} selects its pods") for caller in callers),
        ),
        facts=ScaledDownFacts(
            recorded_replicas=replicas, recorded_by=source, callers=tuple(callers)
        ),
    )


def _onset(item: Scalable) -> datetime | None:
    """The last change of its spec, as managedFields tell; status updates are none."""
    times = [
        field.time
        for field in item.metadata.managed_fields
        if field.time is not None and field.subresource != "status"
    ]
    return max(times, default=None)
