"""What the cluster is now, for one incident: observed in etcd, not in the server's cache."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Evidence, Finding, FoundBy, ObjectRef, Revision
from detection.kubernetes.client import Connection
from detection.models import Incident
from detection.pipeline.inputs import from_records
from detection.pipeline.observe import Observation, observe
from detection.snapshot.scope import Scope


def observe_incident(
    connection: Connection,
    incident: Incident,
    now: datetime,
    everywhere: bool = False,
    may_share: bool = False,
) -> Observation:
    """Observe the incident's namespace, from etcd.

    The whole cluster for what has no namespace, for what others are related to from another one (a
    scan of its own would not see their complaints), where `everywhere` asks for it, and where the
    namespace alone tells of another cause: the whole cluster found it, so that decides.

    `may_share`: what another incident of this process saw a moment ago will do. Never before a
    write, never for a verification.
    """
    since = _share_since(incident) if may_share else None
    observe_in = partial(
        observe, connection, now=now, inputs=from_records(incident.cluster), share_since=since
    )
    wide = everywhere or _reaches_further(incident)
    found = observe_in(_scope(incident, "" if wide else incident.owner_namespace))
    narrow = not wide and incident.owner_namespace
    return observe_in(_scope(incident, "")) if narrow and _differs(found, incident) else found


def _scope(incident: Incident, namespace: str) -> Scope:
    """In a look at the whole cluster the logs of what it touches are read first."""
    if namespace:
        return Scope(frozenset({namespace}), cached=False)
    return Scope(cached=False, logs_first=_spaces(incident))


def _share_since(incident: Incident) -> datetime | None:
    """No look from before its newest sign, and none at all once something was tried for it."""
    return None if incident.attempts.exists() else incident.last_seen


def _differs(found: Observation, incident: Incident) -> bool:
    causes = [item.cause for item in found.about(owner_of(incident))]
    return bool(causes) and incident.cause not in causes


def _reaches_further(incident: Incident) -> bool:
    return bool(_spaces(incident) - {incident.owner_namespace})


def _spaces(incident: Incident) -> frozenset[str]:
    """The namespaces that it touches."""
    related = {item.get("namespace") for item in incident.related}
    return frozenset(space for space in {incident.owner_namespace, *related} if space)


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
