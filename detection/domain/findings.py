"""What a scan or a detector says: one cause, on one owner, with its evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from detection.domain.causes import Cause, Severity
from detection.domain.facts import Facts
from kubewise_site.core.redaction import redact, redact_all


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
    that, of the family that `domain/families` names for the cause.
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
    facts: Facts = field(default_factory=Facts)


def redacted(finding: Finding) -> Finding:
    """A finding as it may be stored and shown: what it quotes of a cluster, without secrets."""
    evidence = tuple(replace(item, text=redact(item.text)) for item in finding.evidence)
    facts = type(finding.facts).decode(redact_all(finding.facts.as_json()))
    revision = finding.revision
    if revision is not None:
        revision = replace(revision, changed=tuple(map(redact, revision.changed)))
    summary = redact(finding.summary)
    return replace(finding, summary=summary, evidence=evidence, facts=facts, revision=revision)


def key_of(ref: ObjectRef) -> str:
    """What tells owners apart: the UID, else kind, namespace and name."""
    return ref.uid or f"{ref.kind}/{ref.namespace}/{ref.name}"
