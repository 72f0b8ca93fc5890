"""What a pod's status says about it, container by container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from detection.kubernetes.objects.core import Container, ContainerStatus, Pod, Terminated, condition

MIRROR = "kubernetes.io/config.mirror"
FINISHED = ("Succeeded", "Failed")

# How long after its start a pod's conditions may still move.
SETTLED = timedelta(seconds=15)


@dataclass(frozen=True)
class ContainerView:
    """A container with its status. A sidecar is an init container that keeps running."""

    spec: Container
    status: ContainerStatus
    is_init: bool
    is_sidecar: bool

    @property
    def name(self) -> str:
        return self.spec.name or self.status.name

    @property
    def waiting_reason(self) -> str:
        return self.status.state.waiting.reason if self.status.state.waiting else ""

    @property
    def waiting_message(self) -> str:
        return self.status.state.waiting.message if self.status.state.waiting else ""

    @property
    def last_end(self) -> Terminated | None:
        """How it last ended: now, or before the present run or wait."""
        return self.status.state.terminated or self.status.last_state.terminated


def is_mirror(pod: Pod) -> bool:
    """The API's picture of a pod that a kubelet runs from a file of its node."""
    return MIRROR in pod.metadata.annotations


def is_active(pod: Pod) -> bool:
    """Neither finished nor on its way out."""
    return not pod.is_terminating and pod.status.phase not in FINISHED


def is_ready(pod: Pod) -> bool:
    """By its condition; a status without one is judged by its containers."""
    ready = condition(pod.status.conditions, "Ready")
    if ready is not None:
        return ready.status == "True"
    unready = any(not status.ready for status in pod.status.container_statuses)
    return pod.status.phase == "Running" and not unready


def is_suspect(pod: Pod) -> bool:
    """Not ready, or one of its containers was restarted."""
    status = pod.status
    return not is_ready(pod) or any(
        found.restart_count
        for found in (*status.container_statuses, *status.init_container_statuses)
    )


def began(pod: Pod) -> datetime | None:
    return pod.status.start_time or pod.metadata.creation_timestamp


def containers(pod: Pod) -> Iterator[ContainerView]:
    """All containers that have a status, init containers and sidecars included."""
    yield from _views(pod.spec.init_containers, pod.status.init_container_statuses, True)
    yield from _views(pod.spec.containers, pod.status.container_statuses, False)


def _views(
    specs: tuple[Container, ...], statuses: tuple[ContainerStatus, ...], init: bool
) -> Iterator[ContainerView]:
    by_name = {spec.name: spec for spec in specs}
    for status in statuses:
        spec = by_name.get(status.name) or Container(name=status.name)
        sidecar = init and spec.restart_policy == "Always"
        yield ContainerView(spec, status, init and not sidecar, sidecar)


def condition_since(pod: Pod, type_: str) -> datetime | None:
    """Since when the condition is as it is; None where the pod doesn't carry it."""
    found = condition(pod.status.conditions, type_)
    return found.last_transition_time if found else None


def was_ready(pod: Pod) -> bool:
    """It lost its readiness well after it started: a pod that never was ready keeps the time of
    its start in the condition."""
    since, born = condition_since(pod, "Ready"), began(pod)
    if since is None or born is None:
        return False
    running = [view.status.state.running for view in containers(pod)]
    starts = [run.started_at for run in running if run is not None and run.started_at is not None]
    return since - max([born, *starts]) >= SETTLED
