"""What ails pods by a rule, instead of by what their containers do: the cause of a scenario.

A pod that a rule strikes is as the example was; when it is another pod, or has another spec, that
the rule does not strike, it lives as any other. So what ends a failure is the cluster's own state.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
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

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [moved(inner) for inner in value]
        return _moved(value) if isinstance(value, str) else value

    def _moved(text: str) -> str:
        if len(text) != 20 or text[10:11] != "T" or not text.endswith("Z"):
            return text
        return stamp(min(parse(text) + shift, now))

    found: Obj = moved(deepcopy(example.get("status") or {}))
    return found


def inherit_logs(cluster: Cluster, affliction: Affliction, pod: Obj) -> None:
    """It writes what the example wrote."""
    if affliction.example is None:
        return
    where, name = namespace_of(affliction.example), name_of(affliction.example)
    for (namespace, held, container, previous), text in list(cluster.logs.items()):
        if (namespace, held) == (where, name):
            cluster.logs.setdefault((namespace, name_of(pod), container, previous), text)
