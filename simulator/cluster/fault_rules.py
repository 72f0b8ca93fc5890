"""What ails pods by a rule, instead of by what their containers do: the cause of a scenario.

A pod that a rule strikes is as the example was; when it is another pod, or has another spec, that
the rule does not strike, it lives as any other. So what ends a failure is the cluster's own state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.apimachinery.clock import parse, stamp
from simulator.apimachinery.objects import Obj, name_of, namespace_of

if TYPE_CHECKING:
    from simulator.cluster import Cluster


@dataclass(frozen=True)
class Affliction:
    """`example` is a pod whose status and logs those that are struck get.

    `refusal`, in its place: the API server's words for why such a pod is not even made.
    """

    strikes: Callable[[Obj], bool]
    example: Obj | None = None
    refusal: str = ""

    @property
    def unplaced(self) -> bool:
        """Whether no node takes such a pod."""
        return self.example is not None and not self.example["spec"].get("nodeName")


def affliction_of(cluster: Cluster, pod: Obj) -> Affliction | None:
    return next((a for a in cluster.behaviour.afflictions if a.strikes(pod)), None)


def suffering(affliction: Affliction, pod: Obj, now: datetime) -> Obj:
    """The example's status with its times moved to this pod's life, none of them after `now`."""
    example = affliction.example or pod
    born = parse(example["metadata"]["creationTimestamp"])
    shift = parse(pod["metadata"]["creationTimestamp"]) - born

    def moved(text: str) -> str:
        return stamp(min(parse(text) + shift, now)) if _is_time(text) else text

    found: Obj = _with_texts(example.get("status") or {}, moved)
    return found


def _with_texts(value: Any, changed: Callable[[str], str]) -> Any:
    """A copy of it in which each text is changed."""
    if isinstance(value, dict):
        return {key: _with_texts(inner, changed) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_texts(inner, changed) for inner in value]
    return changed(value) if isinstance(value, str) else value


def _is_time(text: str) -> bool:
    return len(text) == 20 and text[10] == "T" and text.endswith("Z")


def inherit_logs(cluster: Cluster, affliction: Affliction, pod: Obj) -> None:
    """It writes what the example wrote."""
    if affliction.example is None:
        return
    where, name = namespace_of(affliction.example), name_of(affliction.example)
    for (namespace, held, container, previous), text in list(cluster.logs.items()):
        if (namespace, held) == (where, name):
            cluster.logs.setdefault((namespace, name_of(pod), container, previous), text)
