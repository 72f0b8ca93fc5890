"""Everything that `decide` looks at, as plain values: the case of one incident at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from detection.domain.causes import Cause, Severity
from detection.domain.findings import ObjectRef
from detection.domain.units import counted
from remediation.controls.limits import Limits
from remediation.controls.policies import PolicyFacts
from remediation.planning.candidates import Candidate
from remediation.policy.verdicts import Verdict


@dataclass(frozen=True)
class OwnerTarget:
    """The incident's owner as the cluster has it now. `uid` is the one that was found there."""

    ref: ObjectRef
    found: bool = True
    uid: str = ""
    deleting: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    managers: frozenset[str] = frozenset()
    changed_by: str = ""
    replicas: int = 0
    ready: int = 0
    paused: bool = False
    update_running: bool = False
    autoscaler: str = ""
    last_schedulable: bool = False
    autoscaler_uid: str = ""
    volumes: str = ""
    local_storage: str = ""
    system_priority: str = ""
    node_ready: bool = True


@dataclass(frozen=True)
class Reach:
    """What an action disturbs, computed from the cluster. `ready_ratio` is of the owner's pods."""

    pods: int = 0
    ready: int = 0
    ready_ratio: float = 0.0
    owners: int = 0
    nodes: int = 0
    namespaces: int = 0

    def __str__(self) -> str:
        return (
            f"{counted(self.pods, 'pod')} ({self.ready} ready, {self.ready_ratio:.0%} of the ready "
            f"ones), {counted(self.owners, 'owner')}, {counted(self.nodes, 'node')}, "
            f"{counted(self.namespaces, 'namespace')}"
        )


@dataclass(frozen=True)
class PodFacts:
    """The pod that a candidate acts on, as the cluster has it now."""

    uid: str
    controlled_by_owner: bool
    ready: bool
    terminating: bool = False


@dataclass(frozen=True)
class Records:
    """What only the database knows. The sentences are '' where there is nothing to say."""

    auto: bool
    auto_since: datetime | None = None
    running_since: datetime | None = None
    stopped: str = ""
    maintenance: str = ""
    silenced: str = ""
    accepted: str = ""
    policy: PolicyFacts | None = None
    exhausted: str = ""
    open_attempt: str = ""
    same_action_in_a_day: int = 0
    came_back_in_a_day: int = 0
    storm: str = ""


@dataclass(frozen=True)
class Case:
    """`records` None means that no database was asked: `diagnose`.

    `approved`: a person approved candidate `index`. `requested`: a person wrote the candidate.
    `picked`: a person planned another candidate than the first; it waits for a person's yes.
    `undo`: the candidate is the recorded inverse of an action that made it worse.
    `doubts`: why a model's view calls for a person.
    """

    now: datetime
    cause: Cause
    severity: Severity
    onset: datetime
    target: OwnerTarget
    playbook_mode: Verdict
    candidates: tuple[Candidate, ...]
    index: int = 0
    playbook_reason: str = ""
    flapping: bool = False
    predicted: bool = False
    signal_gone: bool = False
    cause_now: str = ""
    storm: str = ""
    reach: Reach = Reach()
    pod: PodFacts | None = None
    blind: Mapping[str, str] = field(default_factory=dict)
    records: Records | None = None
    limits: Limits = field(default_factory=Limits)
    doubts: tuple[str, ...] = ()
    approved: bool = False
    requested: bool = False
    picked: bool = False
    undo: bool = False

    @property
    def candidate(self) -> Candidate:
        return self.candidates[self.index]

    @property
    def changes(self) -> bool:
        return self.candidate.entry.changes_cluster
