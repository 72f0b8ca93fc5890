"""What the API says of the owner and its failing pods: status, conditions, the last termination."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from detection.domain.units import counted
from detection.kubernetes.objects import core as o
from detection.snapshot.pod_status import is_active, is_ready
from remediation.evidence.pack import Item, Scene, pairs_text, utc_text

MOST_PODS = 3
NOISE = ("kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/")
LONGEST_MESSAGE = 500


def owner_items(scene: Scene) -> Iterator[Item]:
    """The owner's counts and conditions, and what people wrote on it."""
    ref = scene.finding.owner
    found = scene.snapshot.get(ref)
    if found is None:
        return
    ready, desired = scene.snapshot.ready_of(found.ref)
    counts = f"{ready} of {desired} ready; " if hasattr(found, "spec") else ""
    status = getattr(found, "status", None)
    said = conditions_text(getattr(status, "conditions", ()))
    yield Item("owner", f"{ref}: {counts}{said or 'no conditions'}")
    if marks := _marks(found):
        yield Item("owner labels and annotations", marks)


def _marks(found: o.Object) -> str:
    labels, notes = found.metadata.labels, found.metadata.annotations
    kept = {name: value for name, value in notes.items() if not name.startswith(NOISE)}
    parts = [f"labels: {pairs_text(labels)}" if labels else "", f"annotations: {pairs_text(kept)}"]
    return "; ".join(part for part in parts[: 2 if kept else 1] if part)


def conditions_text(found: Iterable[o.Condition]) -> str:
    return "; ".join(
        f"{one.type}={one.status} {one.reason} {one.message[:LONGEST_MESSAGE]}".strip()
        + f" since {utc_text(one.last_transition_time)}"
        for one in found
    )


def failing_pods(scene: Scene) -> list[o.Pod]:
    """The pod that the finding looks at first, then others of the owner that are not ready."""
    pods = [pod for pod in scene.snapshot.pods_below(scene.finding.owner) if is_active(pod)]
    first = scene.finding.facts.pod_uid
    bad = [pod for pod in pods if not is_ready(pod) or pod.metadata.uid == first]
    return sorted(bad, key=lambda pod: (pod.metadata.uid != first, pod.metadata.name))[:MOST_PODS]


def pod_items(scene: Scene) -> Iterator[Item]:
    for pod in failing_pods(scene):
        yield Item("pod", _pod(pod))
        yield from _terminations(pod, scene)


def _pod(pod: o.Pod) -> str:
    where = f"on {pod.spec.node_name}" if pod.spec.node_name else "on no node"
    unmet = [one for one in pod.status.conditions if one.status != "True"]
    states = "; ".join(_container(one) for one in statuses(pod))
    text = f"{pod.ref} {where}: {pod.status.phase} {pod.status.reason} {pod.status.message}".strip()
    return f"{text}; {conditions_text(unmet)}; {states}"


def statuses(pod: o.Pod) -> tuple[o.ContainerStatus, ...]:
    return (*pod.status.init_container_statuses, *pod.status.container_statuses)


def _container(status: o.ContainerStatus) -> str:
    text = f"container {status.name} ({status.image}), {counted(status.restart_count, 'restart')}"
    if waiting := status.state.waiting:
        return f"{text}, waiting: {waiting.reason} {waiting.message[:LONGEST_MESSAGE]}".strip()
    if status.state.running:
        return f"{text}, running, {'ready' if status.ready else 'not ready'}"
    return text


def _terminations(pod: o.Pod, scene: Scene) -> Iterator[Item]:
    named = scene.finding.facts.container
    for status in statuses(pod):
        ended = status.state.terminated or status.last_state.terminated
        if ended:
            yield Item("last termination", _ended(pod, status, ended), named == status.name)


def _ended(pod: o.Pod, status: o.ContainerStatus, ended: o.Terminated) -> str:
    text = f"container {status.name} of {pod.ref} ended with exit code {ended.exit_code}"
    text += f", reason {ended.reason}" if ended.reason else ""
    if ended.started_at and ended.finished_at:
        ran = (ended.finished_at - ended.started_at) / timedelta(seconds=1)
        text += f", after {ran:.0f} s"
    said = f"; it said: {ended.message[:LONGEST_MESSAGE]}" if ended.message.strip() else ""
    return f"{text}, at {utc_text(ended.finished_at)}{said}"
