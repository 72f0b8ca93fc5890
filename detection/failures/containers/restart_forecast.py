"""Containers that restart in a rhythm: the next time is foretold.

Not bounded by the horizon but by the hours that are looked at: else one and the same trouble would
open an incident before every restart and close it after.
"""

from __future__ import annotations

from collections.abc import Iterator

from detection.domain.causes import Cause, Severity
from detection.domain.facts import MetricFacts
from detection.domain.findings import Evidence, Finding, FoundBy, ObjectRef
from detection.domain.units import counted, duration
from detection.failures.context import Context, Restarts
from detection.failures.finding_builder import full_name, with_pods
from detection.failures.registry import failure
from detection.forecasting.prediction import prediction
from detection.forecasting.restart_interval import FEWEST_RESTARTS
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import ContainerView, containers, is_active

METRIC, UNIT = "container_restarts", "restarts"


@failure(Cause.FORECAST_BREACH)
def restarts_go_on(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """A container that runs now, and has restarted at like intervals at least four times.

    One that waits is a crash loop already; one that ends well each time is meant to.
    """
    refs = {(r.kind, r.namespace, r.name): r for r in snapshot.owners_of_pods}
    for (kind, namespace, name, container), found in context.metrics.restarts.items():
        owner = refs.get((kind, namespace, name))
        pod = _pod(snapshot, owner, found.pod) if owner else None
        view = _container(pod, container) if pod else None
        if owner and pod and view and _goes_on(view):
            yield _finding(context, owner, pod, view, found)


def _pod(snapshot: Snapshot, owner: ObjectRef, name: str) -> o.Pod | None:
    pods = [pod for pod in snapshot.pods_below(owner) if pod.metadata.name == name]
    return pods[0] if pods and is_active(pods[0]) else None


def _container(pod: o.Pod, name: str) -> ContainerView | None:
    return next((view for view in containers(pod) if view.name == name), None)


def _goes_on(view: ContainerView) -> bool:
    ended_well = view.last_end is not None and view.last_end.exit_code == 0
    restarted = view.status.restart_count >= FEWEST_RESTARTS
    return restarted and view.status.state.running is not None and not ended_well


def _finding(
    context: Context, owner: ObjectRef, pod: o.Pod, view: ContainerView, found: Restarts
) -> Finding:
    rhythm, count = found.rhythm, view.status.restart_count
    text = f"restarts again in {rhythm.next.text()}"
    quicker = ", ever more often" if rhythm.quickens else ""
    seen = (
        f"container {view.name} of {pod.metadata.name} is restarted about every "
        f"{duration(rhythm.every_seconds)}{quicker} ({counted(rhythm.restarts, 'time')} seen, "
        f"{rhythm.a_day:.0f} a day at this rate)"
    )
    told = prediction(METRIC, count, count + 1, UNIT, context.now, rhythm.next, text)
    return Finding(
        cause=Cause.FORECAST_BREACH,
        owner=owner,
        severity=Severity.WARNING,
        summary=f"{full_name(owner)}: {seen}; it {text}",
        onset=context.now,
        opens_at=context.now,
        source=FoundBy.FORECAST,
        evidence=(Evidence(f"forecast/{METRIC}", f"{seen}; it {text}"), *_ends(view)),
        facts=with_pods(
            MetricFacts(
                metric=METRIC,
                container=view.name,
                log_container=view.name,
                value=count,
                threshold=count + 1,
                unit=UNIT,
                prediction=told,
            ),
            [pod],
        ),
    )


def _ends(view: ContainerView) -> list[Evidence]:
    end = view.last_end
    if end is None:
        return []
    return [Evidence("kubernetes/pods", f"it ended last with {end.reason}, code {end.exit_code}")]
