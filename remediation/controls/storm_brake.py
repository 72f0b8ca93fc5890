"""The storm brake: too many incidents at once, or a lost cluster, suspend AUTO until they pass.

Counted are roots: no symptom of another incident, nothing informational, no anomaly of metrics
alone, nothing that was accepted when it began, nothing that followed KubeWise's own action on the
same owner, and nothing about workloads whose pods KubeWise moved shortly before. To accept what is
counted already lifts nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from detection.domain.causes import ROWS, Cause, Severity
from detection.domain.findings import Finding
from detection.domain.units import counted
from detection.models import Cluster, Incident
from remediation.actions import CATALOGUE
from remediation.actions.base import Trait
from remediation.controls.acceptances import opened_accepted
from remediation.models import Attempt

SUSPENDING = {str(row.cause): row.suspends for row in ROWS if row.suspends}
WINDOW = timedelta(minutes=10)
# Restarts are counted over 15 minutes, so an action shows in the metrics of its owner for so long.
AFTER_EFFECT = timedelta(minutes=15)
LOOKED_BACK = timedelta(days=1)
MOST_TIMES = 20_000
State = Attempt.State
DRAINS = [entry.name for entry in CATALOGUE.values() if Trait.EMPTIES_NODE in entry.traits]
MAY_HAVE_WRITTEN = (State.SENDING, State.APPLIED, State.UNKNOWN, State.VERIFIED)


@dataclass(frozen=True)
class Suspension:
    """What suspends AUTO. `lifts_at` None: no time lifts it, only what `lifts` says."""

    reason: str
    since: datetime
    lifts: str
    lifts_at: datetime | None = None


def storm(findings: Iterable[Finding]) -> str:
    """Causes of the whole cluster that suspend AUTO for everything."""
    for finding in findings:
        if said := SUSPENDING.get(str(finding.cause)):
            return f"{said}: AUTO is suspended for the whole cluster"
    return ""


def storm_brake(cluster: Cluster, now: datetime) -> str:
    """Why AUTO is suspended now; '' where it is not."""
    if lost := _lost_cluster(cluster):
        return lost[0].reason
    return _reason(roots(cluster, now - WINDOW).count())


def suspensions(cluster: Cluster, now: datetime) -> list[Suspension]:
    """Everything that suspends AUTO now; [] where nothing does."""
    return [*_lost_cluster(cluster), *_too_many(cluster, now)]


def roots(cluster: Cluster, since: datetime) -> QuerySet[Incident]:
    """The incidents first seen after `since` that the brake counts."""
    rows = Incident.objects.filter(cluster=cluster, parent__isnull=True, first_seen__gt=since)
    told = rows.exclude(severity=Severity.INFO).exclude(cause=Cause.METRIC_ANOMALY)
    return (
        told.exclude(_after_our_action())
        .exclude(opened_accepted())
        .exclude(pk__in=_victims(cluster, since))
    )


def _victims(cluster: Cluster, since: datetime) -> set[int]:
    """The incidents about workloads that had just lost pods to KubeWise's own drain."""
    drains = Attempt.objects.filter(
        incident__cluster=cluster, action__in=DRAINS, state__in=MAY_HAVE_WRITTEN, dry_run=False,
        created_at__gt=since - AFTER_EFFECT,
    )  # fmt: skip
    found: set[int] = set()
    for at, before in drains.values_list("created_at", "before"):
        rows = Incident.objects.filter(cluster=cluster, first_seen__gte=at,
            first_seen__lt=at + AFTER_EFFECT)  # fmt: skip
        found |= _about(rows, {tuple(owner) for owner in before.get("owners") or ()})
    return found


def _about(rows: QuerySet[Incident], owners: Collection[tuple[str, ...]]) -> set[int]:
    """Those whose owner is one of them, or that name one of them as related."""
    own = ("owner_kind", "owner_namespace", "owner_name")
    found = set()
    for pk, related, *owner in rows.values_list("pk", "related", *own):
        named = {(one["kind"], one["namespace"], one["name"]) for one in related}
        if not named.union([tuple(owner)]).isdisjoint(owners):
            found.add(pk)
    return found


def _after_our_action() -> Q:
    """KubeWise acted on the owner shortly before."""
    ours = Attempt.objects.filter(
        incident__cluster=OuterRef("cluster"),
        incident__owner_kind=OuterRef("owner_kind"),
        incident__owner_namespace=OuterRef("owner_namespace"),
        incident__owner_name=OuterRef("owner_name"),
        state__in=MAY_HAVE_WRITTEN,
        dry_run=False,
        created_at__lte=OuterRef("first_seen"),
        created_at__gt=ExpressionWrapper(
            OuterRef("first_seen") - AFTER_EFFECT, output_field=DateTimeField()
        ),
    )
    return Q(Exists(ours.exclude(incident=OuterRef("pk"))))


def _lost_cluster(cluster: Cluster) -> list[Suspension]:
    rows = Incident.objects.filter(cluster=cluster, cause__in=SUSPENDING, open_key__isnull=False)
    lost = sorted(rows.order_by().values_list("first_seen", "cause"))
    if not lost:
        return []
    since, cause = lost[0]
    reason = f"{cause} is open: AUTO is suspended for the whole cluster"
    return [Suspension(reason, since, f"{cause} is resolved")]


def _too_many(cluster: Cluster, now: datetime) -> list[Suspension]:
    """Incidents that rise faster than STORM_INCIDENTS in ten minutes."""
    newest = roots(cluster, now - LOOKED_BACK).order_by("-first_seen", "-id")
    times = sorted(newest.values_list("first_seen", flat=True)[:MOST_TIMES])
    reason = _reason(sum(at > now - WINDOW for at in times))
    if not reason:
        return []
    most = settings.STORM_INCIDENTS
    since, until = braked(times, most)
    lifts = f"at most {counted(most, 'incident')} in ten minutes"
    return [Suspension(reason, since, lifts, until)]


def _reason(count: int) -> str:
    most = settings.STORM_INCIDENTS
    if count <= most:
        return ""
    return f"{counted(count, 'incident')} in ten minutes, the limit is {most}: AUTO is suspended"


def braked(times: Sequence[datetime], most: int) -> tuple[datetime, datetime]:
    """From when until when more than `most` of `times` (oldest first) are in one window.

    Each that is one too many brakes until the one `most` before it leaves the window.
    """
    pairs = zip(times, times[most:], strict=False)
    spans = [(late, early + WINDOW) for early, late in pairs if late < early + WINDOW]
    since, until = spans[-1]
    for begin, end in reversed(spans):
        if end < since:
            break
        since = begin
    return since, until
