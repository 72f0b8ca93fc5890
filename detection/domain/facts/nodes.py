"""What is known of nodes that are lost, short of something, faulty or cordoned."""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.facts.base import Facts


@dataclass(frozen=True, kw_only=True)
class NodeFacts(Facts):
    """A node that is not ready, or faulty."""

    node: str = ""  # its name
    cordoned: bool = False  # it takes no new pods already
    corroborated: bool = False  # something beside the condition says that it is faulty


@dataclass(frozen=True, kw_only=True)
class PressureFacts(Facts):
    """A node that is short of disk, memory or process numbers."""

    node: str = ""  # its name
    evicted: int = 0  # how many pods it evicted, which are still there
    evicted_namespace: str = ""  # namespace of the first of them
    job_pods: int = 0  # how many of them are of Jobs


@dataclass(frozen=True, kw_only=True)
class StormFacts(Facts):
    """Many nodes lost at once; `nodes` names them."""

    node_count: int = 0  # how many nodes the cluster has


@dataclass(frozen=True, kw_only=True)
class CordonFacts(Facts):
    """Pods that wait while nodes are cordoned."""

    cordoned: tuple[str, ...] = ()  # names of these nodes
