"""What can be seen of each built-in source: seen, blind or not installed, and since when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from detection.models import Cluster, SourceState
from detection.redact import redact

State = SourceState.State
ACCOUNT = "kubernetes/account"
DETECTION = "detection/"


def save_sources(
    cluster: Cluster,
    seen: Iterable[str],
    blind: Mapping[str, str],
    not_installed: Iterable[str],
    now: datetime,
) -> None:
    """Write one row a source; `since` stays while the state stays."""
    states = dict.fromkeys(seen, (State.SEEN, ""))
    states |= dict.fromkeys(not_installed, (State.NOT_INSTALLED, ""))
    states |= {name: (State.BLIND, redact(reason)) for name, reason in blind.items()}
    known = {row.name: row for row in SourceState.objects.filter(cluster=cluster)}
    rows = [_row(cluster, name, *state, known.get(name), now) for name, state in states.items()]
    SourceState.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["cluster", "name"],
        update_fields=["state", "reason", "since", "checked_at"],
    )


def _row(
    cluster: Cluster,
    name: str,
    state: State,
    reason: str,
    known: SourceState | None,
    now: datetime,
) -> SourceState:
    since = known.since if known and known.state == state else now
    return SourceState(
        cluster=cluster, name=name, state=state, reason=reason, since=since, checked_at=now
    )


def forget_sources(cluster: Cluster, prefix: str, keep: Collection[str]) -> None:
    """Remove rows that stand only while there is trouble, such as a failure function that broke."""
    rows = SourceState.objects.filter(cluster=cluster, name__startswith=prefix)
    rows.exclude(name__in=keep).delete()


def forget_metric_sources(cluster: Cluster) -> None:
    """Scan only, on purpose: what Prometheus told once is neither seen nor blind."""
    rows = SourceState.objects.filter(cluster=cluster)
    rows.exclude(name__startswith="kubernetes/").exclude(name__startswith=DETECTION).delete()


def blind_sources(cluster: Cluster) -> dict[str, str]:
    """Name → reason of every source that is blind now."""
    rows = SourceState.objects.filter(cluster=cluster, state=State.BLIND)
    return dict(rows.values_list("name", "reason"))
