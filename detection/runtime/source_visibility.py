"""What can be seen of each built-in source: seen, blind or not installed, and since when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings

from detection.domain.unjudged import OBJECT
from detection.models import Cluster, SourceState
from kubewise_site.core.redaction import redact

State = SourceState.State
ACCOUNT = "kubernetes/account"
# Without one of these nobody knows which owner a pod, and so a metric, belongs to.
OWNER_SOURCES = frozenset(
    f"kubernetes/{plural}"
    for plural in (
        "account", "pods", "nodes", "replicasets", "deployments", "statefulsets", "daemonsets",
        "jobs", "cronjobs",
    )
)  # fmt: skip
INTERVALS_BEFORE_BLIND = 3
SLACK_SECONDS = 60
DETECTION = "detection/"
KUBERNETES = "kubernetes/"


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
    """Remove rows of what is not looked at any more, such as a failure function that broke."""
    rows = SourceState.objects.filter(cluster=cluster, name__startswith=prefix)
    rows.exclude(name__in=keep).delete()


def forget_metric_sources(cluster: Cluster) -> None:
    """Scan only, on purpose: what Prometheus told once is neither seen nor blind."""
    rows = SourceState.objects.filter(cluster=cluster)
    for prefix in (KUBERNETES, DETECTION, OBJECT):
        rows = rows.exclude(name__startswith=prefix)
    rows.delete()


def blind_sources(cluster: Cluster, now: datetime) -> dict[str, str]:
    """Name → reason of every source that is blind now, or that nobody has looked at for long."""
    rows = SourceState.objects.filter(cluster=cluster).exclude(state=State.NOT_INSTALLED)
    told = {row.name: _blindness(row, now) for row in rows}
    return {name: reason for name, reason in told.items() if reason}


def _blindness(row: SourceState, now: datetime) -> str:
    if row.state == State.BLIND:
        return row.reason or "blind"
    if now - row.checked_at > patience():
        return f"not looked at since {row.checked_at:%Y-%m-%d %H:%M:%S} UTC"
    return ""


def patience() -> timedelta:
    """How old a look may be that still counts: three of the slower tick's intervals, and slack."""
    slower = max(
        settings.PROMETHEUS_SCRAPE_INTERVAL_SECONDS, settings.WORKER_SLEEP_INTERVAL_SECONDS
    )
    return timedelta(seconds=INTERVALS_BEFORE_BLIND * slower + SLACK_SECONDS)
