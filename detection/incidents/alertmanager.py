"""Alertmanager's alerts as one more source of findings.

An alert names an object that the scan has seen, or it names nothing: labels come from outside and
invent no owner. Its finding adds evidence to what the scan found on that owner, or opens an
incident that is handed to people; it is never the reason for an action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from detection.domain.causes import Cause, Severity
from detection.domain.facts import AlertFacts
from detection.domain.findings import Evidence, Finding, FoundBy, ObjectRef
from detection.metrics.samples import NODE_LABELS, WORKLOAD_LABELS
from detection.models import Alert, Cluster
from detection.snapshot import Snapshot
from kubewise_site.core.foreign_numbers import is_plausible
from kubewise_site.core.foreign_text import safe

# Alertmanager repeats what still fires every four hours by default: silence for a day is no news.
BELIEVED = timedelta(hours=24)
LONGEST_TEXT = 500
SEVERITIES = {
    "critical": Severity.CRITICAL, "page": Severity.CRITICAL, "error": Severity.WARNING,
    "warning": Severity.WARNING,
}  # fmt: skip


@dataclass(frozen=True)
class ReceivedAlert:
    """One alert of a webhook, as plain values."""

    fingerprint: str
    state: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime


def receive(cluster: Cluster, told: Iterable[ReceivedAlert], now: datetime) -> dict[str, int]:
    """Write what was told, the last word on each fingerprint; how many fire and are resolved."""
    counts = dict.fromkeys(Alert.State.values, 0)
    with transaction.atomic():
        for alert in told:
            _write(cluster, alert, now)
            counts[alert.state] += 1
    return counts


def _write(cluster: Cluster, alert: ReceivedAlert, now: datetime) -> None:
    fields: dict[str, Any] = {
        "state": alert.state,
        "name": safe(alert.labels.get("alertname", ""))[:253] or "without a name",
        "labels": _safe(alert.labels),
        "annotations": _safe(alert.annotations),
        "starts_at": alert.starts_at if is_plausible(alert.starts_at) else now,
        "received_at": now,
    }
    Alert.objects.update_or_create(cluster=cluster, fingerprint=alert.fingerprint, defaults=fields)


def _safe(texts: Mapping[str, str]) -> dict[str, str]:
    return {safe(name): safe(text) for name, text in texts.items()}


def find_in_alerts(cluster: Cluster, snapshot: Snapshot, now: datetime) -> list[Finding]:
    """A finding for each firing alert whose labels name an object of the snapshot."""
    rows = Alert.objects.filter(cluster=cluster, state=Alert.State.FIRING)
    found = []
    for row in rows.filter(received_at__gt=now - BELIEVED):
        owner = labelled_owner(row.labels, snapshot)
        _note_owner(row, owner)
        if owner is not None:
            found.append(_finding(row, owner, now))
    return found


def labelled_owner(labels: Mapping[str, str], snapshot: Snapshot) -> ObjectRef | None:
    """The top controller of the pod, else the workload, volume or node that the labels name."""
    namespace = labels.get("exported_namespace") or labels.get("namespace", "")
    for kind, name in _kinds_and_names(labels):
        found = snapshot.find(kind, "" if kind == "Node" else namespace, name)
        if found is not None:
            return snapshot.top_owner(found)
    return None


def _kinds_and_names(labels: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Kind and name, the most telling label first; `instance` may carry a port."""
    kinds = {"pod": "Pod", **WORKLOAD_LABELS, "persistentvolumeclaim": "PersistentVolumeClaim"}
    kinds |= dict.fromkeys(NODE_LABELS, "Node")
    for label, kind in kinds.items():
        if name := labels.get(f"exported_{label}") or labels.get(label):
            yield kind, name.rpartition(":")[0] or name if kind == "Node" else name


def _note_owner(row: Alert, owner: ObjectRef | None) -> None:
    told = (owner.kind, owner.namespace, owner.name) if owner else ("", "", "")
    if told != (row.owner_kind, row.owner_namespace, row.owner_name):
        names = ("owner_kind", "owner_namespace", "owner_name")
        Alert.objects.filter(pk=row.pk).update(**dict(zip(names, told, strict=True)))


def _finding(row: Alert, owner: ObjectRef, now: datetime) -> Finding:
    text = row.annotations.get("summary") or row.annotations.get("description") or ""
    summary = f"Alert {row.name} fires{f': {text}' if text else ''}"[:LONGEST_TEXT]
    onset = min(row.starts_at, now)
    return Finding(
        cause=Cause.EXTERNAL_ALERT,
        owner=owner,
        severity=SEVERITIES.get(row.labels.get("severity", "").lower(), Severity.WARNING),
        summary=summary,
        onset=onset,
        opens_at=onset,
        source=FoundBy.ALERTMANAGER,
        evidence=(Evidence(f"{FoundBy.ALERTMANAGER}/{row.name}", summary),),
        facts=AlertFacts(alert=row.name, fingerprint=row.fingerprint),
    )
