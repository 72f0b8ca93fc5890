"""What one look at the cluster takes in."""

from __future__ import annotations

from dataclasses import dataclass

from detection.snapshot.logs import LOGS_IN_A_PASS


@dataclass(frozen=True)
class Scope:
    """Which lists and logs are read. Empty: the whole cluster, as a pass of detection reads it.

    `namespaces`: none for all. What has no namespace (nodes, webhooks …) is read in any case.
    `kinds`: plurals of resources; None for all. A kind that is left out is blind.
    `cached`: lists may come from the API server's cache; without it they come from etcd.
    `logs_first`: namespaces whose logs are read before all others; `most_logs` is the limit.
    """

    namespaces: frozenset[str] = frozenset()
    kinds: frozenset[str] | None = None
    cached: bool = True
    logs_first: frozenset[str] = frozenset()
    most_logs: int = LOGS_IN_A_PASS


EVERYTHING = Scope()
