"""What is known of pods that are not admitted, or that no node takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detection.domain.facts.base import Facts
from detection.domain.facts.workloads import BackedFacts


@dataclass(frozen=True, kw_only=True)
class SchedulingFacts(Facts):
    """Pods that no node takes."""

    scale_up_running: bool = False  # the cluster's autoscaler is adding a node
    short_of: tuple[str, ...] = ()  # what the nodes lack: cpu, memory, …
    missing: str = ""  # name of the volume claim that is missing
    taints: tuple[str, ...] = ()  # key=value:effect of the taints that are not tolerated
    node_selector: Mapping[str, str] = field(default_factory=dict)  # labels that it asks for
    claims: tuple[str, ...] = ()  # names of the volume claims that the pod uses
    only_on: tuple[str, ...] = ()  # the nodes that its selector or affinity leaves it
    kept_out: tuple[str, ...] = ()  # "node NAME: taint KEY", of nodes that would otherwise do
    asked: tuple[str, ...] = ()  # what it asks of a node's labels, a text each
    said: str = ""  # what the scheduler says of most nodes, where nothing here knows the words
    quota: str = ""  # what of a quota is used up, which may have kept a claim from being made


@dataclass(frozen=True, kw_only=True)
class PreemptionFacts(Facts):
    """Pods that had to go for pods of a higher priority."""

    priority: int = 0  # its own priority
    preemptor: str = ""  # the owner that took the place; '' where it is not known


@dataclass(frozen=True, kw_only=True)
class AdmissionFacts(BackedFacts):
    """Pods that a quota, a rule or a webhook keeps from being made."""

    message: str = ""  # what the API server said
    quota: str = ""  # name of the ResourceQuota; '' where it names none
    webhook: str = ""  # name of the admission webhook


@dataclass(frozen=True, kw_only=True)
class NamespaceFacts(Facts):
    """A namespace that can't be removed."""

    namespace: str = ""  # its name
