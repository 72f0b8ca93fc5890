"""What a scan or a detector says: one cause, on one owner, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from detection.domain.causes import Cause, Severity
from kubewise_site.core.redaction import redact, redact_all

UNSEEN = "unseen"  # the fact that a signal's newest data is old: it goes on, but may not begin


@dataclass(frozen=True)
class ObjectRef:
    """An object of the cluster, or a thing without one (`Cluster`, `Registry`, `Dependency`)."""

    kind: str
    namespace: str
    name: str
    uid: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        return "/".join(part for part in (self.namespace, self.kind, self.name) if part)


@dataclass(frozen=True)
class Evidence:
    """One observation. `text` comes from a cluster: never trusted as markup or instruction."""

    source: str
    text: str
    decisive: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Proof(StrEnum):
    """What proves that an earlier revision was available."""

    REPLICASET = "replicaset"
    BASELINE = "baseline"
    PROMETHEUS = "prometheus"


class FoundBy(StrEnum):
    """What found a cause: the scan of Kubernetes, or something that looks at metrics."""

    KUBERNETES = "kubernetes"
    THRESHOLD = "threshold"
    ANOMALY = "anomaly"
    FORECAST = "forecast"
    ALERTMANAGER = "alertmanager"


@dataclass(frozen=True)
class Revision:
    """What is known of the owner's revisions, for the question "would a rollback help".

    `proven` is the newest earlier revision that is proven to have been available, `proof` says
    by what (a Proof; '' where nothing does); `older` is the newest earlier revision
    whether proven or not. `new_references`: ConfigMaps and Secrets that only the newest names.
    Revisions are the numbers that `kubectl rollout undo` takes.
    """

    current: int | None = None
    older: int | None = None
    proven: int | None = None
    proof: str = ""
    borne: bool = False
    changed: tuple[str, ...] = ()
    new_references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One failure on one owner.

    `onset` is the start of the signal by the objects' own timestamps, `opens_at` is onset plus
    dwell: a finding counts once `opens_at` is past. `facts` holds what remediation needs beyond
    that, and is JSON; which names there are depends on the cause:

    all about pods      pod, pod_uid (the one to look at first), pods (how many), nodes (names),
                        unplaced (how many are on no node)
    about a container   container, log_container, image, reason, exit_code, restarts, init
    crashes             stable_revision
    images              registry, pull_secrets, undetermined (nothing said why)
    configuration       missing, missing_kind
    OOM_LIMIT_LOW       memory_limit, memory_request ('' unset), working_set_ratio (None unknown),
                        limit_lowered, raised_at (None, or ISO time within a day), vpa,
                        node_memory_pressure
    INSUFFICIENT_…      short_of, scale_up_running
    HUNG_REPLICA        replicas, node
    SCALED_TO_ZERO      recorded_replicas (None unknown), recorded_by, callers
    JOB_FAILED          job, job_uid, idempotent
    NODE_NOT_READY      node, cordoned;   NODE_STORM  nodes, node_count
    UNCLASSIFIED        ready, desired
    told by callers     callers (how many owners), explains (their keys, until correlation)
    SELECTOR_MISMATCH   selector, labels;   WRONG_TARGET_PORT  target_port, declared
    DNS_FAILURE         single (one owner's own trouble), server_sick, hosts
    VOLUME_FILLING      size, expandable, storage_class;   MULTI_ATTACH  holders
    …_PRESSURE          node, reason, evicted, evicted_namespace, job_pods
    KERNEL_FAULT        node, reason, corroborated, cordoned
    STALE_SECRET_ENV    changed, changed_kind;   ENV_CHANGED  error_ratio
    a bare pod          specific (the cause that it would have with a controller)
    a shared cause      shared_by (how many owners)
    after correlation   also (other causes of the owner), sources
    """

    cause: Cause
    owner: ObjectRef
    severity: Severity
    summary: str
    onset: datetime
    opens_at: datetime
    source: str = FoundBy.KUBERNETES
    evidence: tuple[Evidence, ...] = ()
    related: tuple[ObjectRef, ...] = ()
    revision: Revision | None = None
    flapping: bool = False
    score: float = 1.0
    facts: Mapping[str, Any] = field(default_factory=dict)


def redacted(finding: Finding) -> Finding:
    """A finding as it may be stored and shown: what it quotes of a cluster, without secrets."""
    evidence = tuple(replace(item, text=redact(item.text)) for item in finding.evidence)
    facts, revision = redact_all(dict(finding.facts)), finding.revision
    if revision is not None:
        revision = replace(revision, changed=tuple(map(redact, revision.changed)))
    summary = redact(finding.summary)
    return replace(finding, summary=summary, evidence=evidence, facts=facts, revision=revision)


def key_of(ref: ObjectRef) -> str:
    """What tells owners apart: the UID, else kind, namespace and name."""
    return ref.uid or f"{ref.kind}/{ref.namespace}/{ref.name}"
