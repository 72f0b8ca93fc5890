"""What the cluster is now, for one incident: a snapshot from etcd, not from the server's cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from detection.clients import prometheus
from detection.correlation import correlate
from detection.domain.causes import Cause, Severity
from detection.domain.findings import Evidence, Finding, FoundBy, ObjectRef, Revision
from detection.failures import Context, find_all
from detection.failures.context import Dwell
from detection.incidents.baselines import load_baselines
from detection.kubernetes.client import Connection
from detection.metric_evidence import evidence
from detection.models import Incident
from detection.snapshot import Snapshot
from detection.snapshot.logs import with_logs
from detection.snapshot.scan import scan


class Uncached(Connection):
    """The same connection, whose lists never ask for `resourceVersion=0`."""

    def __init__(self, inner: Connection) -> None:
        super().__init__(inner._client, inner.account)

    def get(self, path: str, params: dict[str, str] | None = None, accept: str = "") -> bytes:
        kept = {name: value for name, value in (params or {}).items() if name != "resourceVersion"}
        return super().get(path, kept or None, accept)


@dataclass(frozen=True)
class Fresh:
    """What opens an incident now, correlated; `signs` includes what is younger than its dwell."""

    snapshot: Snapshot
    findings: tuple[Finding, ...]
    signs: tuple[Finding, ...] = ()

    def about(self, owner: ObjectRef) -> list[Finding]:
        """Findings on this very owner, severity info left out."""
        return _grave(self.findings, owner)

    def signs_of(self, owner: ObjectRef) -> list[Finding]:
        """The same with young ones: a crash of a moment ago is not health."""
        return _grave(self.signs, owner)


def _grave(findings: Iterable[Finding], owner: ObjectRef) -> list[Finding]:
    mine = [finding for finding in findings if finding.owner.uid == owner.uid]
    return [finding for finding in mine if finding.severity != Severity.INFO]


def fresh(
    connection: Connection, incident: Incident, now: datetime, everywhere: bool = False
) -> Fresh:
    """Scan the incident's namespace and find all failures.

    The whole cluster for what has no namespace, for what others are related to from another one (a
    scan of its own would not see their complaints), where `everywhere` asks for it, and where the
    namespace alone tells of another cause: the whole cluster found it, so that decides.
    """
    space = "" if everywhere or _reaches_further(incident) else incident.owner_namespace
    found = _look(connection, incident, now, space)
    return _look(connection, incident, now, "") if space and _differs(found, incident) else found


def _differs(found: Fresh, incident: Incident) -> bool:
    causes = [item.cause for item in found.about(owner_of(incident))]
    return bool(causes) and incident.cause not in causes


def _look(connection: Connection, incident: Incident, now: datetime, space: str) -> Fresh:
    uncached = Uncached(connection)
    snapshot = with_logs(uncached, scan(uncached, now, space), first=_spaces(incident))
    dwell = Dwell().scaled(settings.DWELL_FACTOR)
    context = Context(
        now=now,
        dwell=dwell,
        baselines=load_baselines(incident.cluster),
        metrics=evidence(incident.cluster_id, prometheus(), now),
    )
    every = find_all(snapshot, context)
    opened, signs = (correlate(every, snapshot, young) for young in (False, True))
    return Fresh(snapshot, tuple(opened), tuple(signs))


def _reaches_further(incident: Incident) -> bool:
    return bool(_spaces(incident) - {incident.owner_namespace})


def _spaces(incident: Incident) -> set[str]:
    """The namespaces that it touches: in a wide look their logs are read before all others."""
    related = {item.get("namespace") for item in incident.related}
    return {space for space in {incident.owner_namespace, *related} if space}


def owner_of(incident: Incident) -> ObjectRef:
    return ObjectRef(
        incident.owner_kind, incident.owner_namespace, incident.owner_name, incident.owner_uid
    )


def finding_of(incident: Incident) -> Finding:
    """The finding as the incident's record has it."""
    revision = incident.revision
    known = Revision(**_with_tuples(revision)) if revision else None
    return Finding(
        cause=Cause(incident.cause),
        owner=owner_of(incident),
        severity=Severity(incident.severity),
        summary=incident.summary,
        onset=incident.onset,
        opens_at=incident.first_seen,
        source=next(iter(incident.sources), "kubernetes"),
        evidence=tuple(Evidence(**item) for item in incident.evidence),
        related=tuple(ObjectRef(**item) for item in incident.related),
        revision=known,
        flapping=incident.flapping,
        score=incident.score,
        facts=incident.known,
    )


def seen_by_scan(incident: Incident) -> bool:
    """Whether a scan can tell if its signal is there: an object, found in the cluster itself."""
    return bool(incident.owner_uid) and FoundBy.KUBERNETES in incident.sources


def _with_tuples(revision: Mapping[str, Any]) -> dict[str, Any]:
    """As it was before it went through JSON; older records have no `new_references`."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in revision.items()}
