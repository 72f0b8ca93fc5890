"""What is known of a workload as a whole: its replicas, its update, what scales it."""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.facts.base import Facts


@dataclass(frozen=True, kw_only=True)
class ReadinessFacts(Facts):
    """Fewer ready than asked for, or a rollout that does not progress."""

    ready: int | None = None  # how many replicas are ready; None: not counted
    desired: int | None = None  # how many replicas are asked for; None: not counted


@dataclass(frozen=True, kw_only=True)
class ReplicaFacts(Facts):
    """One replica of several that is wedged."""

    replicas: int = 0  # how many replicas are asked for
    node: str = ""  # name of the node that it is on


@dataclass(frozen=True, kw_only=True)
class DaemonSetFacts(Facts):
    """A DaemonSet that is not ready on one node, or a few."""

    node: str = ""  # name of the first such node
    node_suspect: bool = False  # more is wrong on the node, now or earlier in this incident


@dataclass(frozen=True, kw_only=True)
class UpdateFacts(Facts):
    """A StatefulSet whose update waits for one ordinal."""

    left_behind: bool = False  # the pod is of an older revision, which nothing replaces by itself


@dataclass(frozen=True, kw_only=True)
class TerminatingFacts(Facts):
    """A pod that was deleted and does not end."""

    finalizers: tuple[str, ...] = ()  # names of the finalizers that hold it


@dataclass(frozen=True, kw_only=True)
class ScaledDownFacts(Facts):
    """A workload of no replicas that something still leads to."""

    recorded_replicas: int | None = None  # how many it had before; None: not known
    recorded_by: str = ""  # what tells how many: event, baseline, managed fields, …
    callers: tuple[str, ...] = ()  # the Services and Ingresses that lead to it


@dataclass(frozen=True, kw_only=True)
class BackedFacts(Facts):
    """A thing that other workloads serve: what they show is explained by it."""

    backend: tuple[str, ...] = ()  # keys of the workloads that serve it


@dataclass(frozen=True, kw_only=True)
class AutoscalerFacts(BackedFacts):
    """A HorizontalPodAutoscaler at its maximum, or without metrics."""

    hpa: str = ""  # its name
    hpa_uid: str = ""  # its UID
    max_replicas: int = 0  # how many replicas it may ask for at most
    keda: bool = False  # KEDA made it, and would put a changed maximum back
    missing_requests: bool = False  # the container lacks the request that it measures by
    injected: bool = False  # the container is added when pods are made, by an injector
    missing: str = ""  # the resource that is not requested: cpu, memory, …


@dataclass(frozen=True, kw_only=True)
class BudgetFacts(Facts):
    """A PodDisruptionBudget that allows no eviction."""

    draining: tuple[str, ...] = ()  # names of the nodes that are drained
    healthy: int = 0  # how many of its pods are healthy
    must: int = 0  # how many of its pods must be healthy
