"""Containers whose CPU limit holds them back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import ThrottlingFacts
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, full_name
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import containers, is_active, is_ready


@failure(Cause.CPU_THROTTLED)
def cpu_throttled(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F17: alone it is info; with pods that are not ready, or metrics that suffer, it is more."""
    refs = {(r.kind, r.namespace, r.name): r for r in snapshot.owners_of_pods}
    for (kind, namespace, name, container), ratio in context.metrics.throttling.items():
        owner = refs.get((kind, namespace, name))
        if owner is not None:
            yield _finding(snapshot, context, owner, container, ratio)


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, container: str, ratio: float
) -> Finding:
    pods = [pod for pod in snapshot.pods_below(owner) if is_active(pod)]
    unready = [pod for pod in pods if not is_ready(pod)]
    onset = context.now - timedelta(seconds=context.dwell.throttled_seconds)
    found = about_pods(
        snapshot,
        Cause.CPU_THROTTLED,
        owner,
        unready,
        f"{full_name(owner)}: container {container} is throttled in {ratio:.0%} of its CPU periods",
        onset,
        context.now,
        [Evidence("prometheus", f"{container}: throttled {ratio:.0%} for 15 minutes at least",
                  decisive=True)],
        facts=ThrottlingFacts(
            container=container, log_container=container, throttled_ratio=ratio,
            symptom=bool(unready), cpu_limit=_cpu_limit(pods, container)),
    )  # fmt: skip
    return found if unready else replace(found, severity=Severity.INFO)


def _cpu_limit(pods: list[o.Pod], container: str) -> str:
    for pod in pods:
        for view in containers(pod):
            if view.name == container:
                return str(view.spec.resources.limits.get("cpu", ""))
    return ""
