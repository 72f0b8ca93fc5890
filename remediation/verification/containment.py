"""What a cordon or a drain can do: keep a failure from spreading. The node's repair is for people.

Such an attempt is `contained` where what it wrote still holds: nothing new comes to the node, and
after a drain nothing that can move is left there. It is never `resolved` while the node is ill.
"""

from __future__ import annotations

from collections.abc import Iterable

from detection.domain.units import counted
from detection.kubernetes.objects.core import Node, Object, Pod
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import FINISHED
from remediation.actions import CATALOGUE
from remediation.actions.base import Trait
from remediation.models import Attempt

STAYS = frozenset({"DaemonSet", "Node"})  # a static pod is its Node's own
MOST_NAMES = 5


def contains(attempt: Attempt) -> bool:
    """Whether its action holds a failure back in place of repairing it."""
    entry = CATALOGUE.get(attempt.action)
    return entry is not None and entry.contains


def how_it_holds(attempt: Attempt, found: Object, snapshot: Snapshot) -> str:
    """How the attempt holds the failure back now; '' where it does not, or is not meant to."""
    if not contains(attempt) or not isinstance(found, Node) or not found.spec.unschedulable:
        return ""
    if Trait.EMPTIES_NODE not in CATALOGUE[attempt.action].traits:
        return "no new pods are scheduled to the node; running pods stay"
    here = _to_move(found, snapshot)
    if any(not pod.is_terminating for pod in here):
        return ""
    ending = f", {len(here)} of them still terminating" if here else ""
    evicted = counted(len(attempt.before.get("pods") or ()), "pod was", "pods were")
    return f"cordoned; {evicted} evicted{ending}"


def pods_left(attempt: Attempt, found: Object, snapshot: Snapshot) -> str:
    """The pods that a drain should have moved off and did not; '' for none."""
    if not contains(attempt) or Trait.EMPTIES_NODE not in CATALOGUE[attempt.action].traits:
        return ""
    return _left_pods_text(pod for pod in _to_move(found, snapshot) if not pod.is_terminating)


def _to_move(found: Object, snapshot: Snapshot) -> list[Pod]:
    return [pod for pod in snapshot.pods_on(found.metadata.name) if _moves(pod)]


def _moves(pod: Pod) -> bool:
    """Not the node's own, and not over."""
    over = pod.status.phase in FINISHED
    return not over and (pod.controller is None or pod.controller.kind not in STAYS)


def _left_pods_text(pods: Iterable[Pod]) -> str:
    names = [f"{pod.metadata.namespace}/{pod.metadata.name}" for pod in pods]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"still on the node: {', '.join(names[:MOST_NAMES])}{more}" if names else ""
