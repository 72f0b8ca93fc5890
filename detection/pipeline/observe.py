"""The one look at a cluster that everything else is built on.

`detect`, `analyze`, `decide`, `act`, `verify` and `diagnose` call `observe`, so that all of them,
and the benchmarks, judge by the same pipeline: scan → logs → metrics → failures → correlation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

from django.conf import settings

from detection.correlation import correlate
from detection.domain.causes import Severity
from detection.domain.findings import Finding, ObjectRef
from detection.failures import find_all
from detection.failures.context import Context
from detection.failures.dwell import Dwell
from detection.failures.urgency import with_urgency
from detection.kubernetes.client import Connection
from detection.pipeline.inputs import Inputs, MetricView
from detection.pipeline.shared_observations import Key, Shared
from detection.snapshot import Snapshot
from detection.snapshot.logs import with_logs
from detection.snapshot.scan import scan
from detection.snapshot.scope import Scope


@dataclass(frozen=True)
class Observation:
    """The cluster as one look saw it. `findings` are all, before correlation, young ones too."""

    snapshot: Snapshot
    findings: tuple[Finding, ...]
    metrics: MetricView

    @property
    def at(self) -> datetime:
        """When the look began: nothing in it is older."""
        return self.snapshot.at

    @property
    def blind(self) -> dict[str, str]:
        """Source → why it could not be seen."""
        return {**self.snapshot.blind, **self.metrics.blind}

    @cached_property
    def opened(self) -> tuple[Finding, ...]:
        """What opens an incident now: correlated, past its dwell."""
        return tuple(correlate(self.findings, self.snapshot))

    @cached_property
    def signs(self) -> tuple[Finding, ...]:
        """The same with what is younger than its dwell."""
        return tuple(correlate(self.findings, self.snapshot, young=True))

    def about(self, owner: ObjectRef) -> list[Finding]:
        """Findings on this very owner, severity info left out."""
        return _grave(self.opened, owner)

    def signs_of(self, owner: ObjectRef) -> list[Finding]:
        """The same with young ones: a crash of a moment ago is not health."""
        return _grave(self.signs, owner)


def _grave(findings: Iterable[Finding], owner: ObjectRef) -> list[Finding]:
    mine = [finding for finding in findings if finding.owner.uid == owner.uid]
    return [finding for finding in mine if finding.severity != Severity.INFO]


SHARED: Shared[Observation] = Shared()


def observe(
    connection: Connection,
    scope: Scope,
    now: datetime,
    inputs: Inputs,
    share_since: datetime | None = None,
) -> Observation:
    """Look at the cluster now. Never raises for a source that fails: it is named in `blind`.

    `share_since`: the look of a moment ago at the same scope will do, where it began no earlier
    than this; a new one is kept for others. Without it this look sends its own requests and is not
    kept: so it must be before a write, and for a verification.
    """
    look = partial(_scan_and_find, connection, scope, now, inputs)
    if share_since is None or inputs.cluster_id is None:
        SHARED.forget_old(now)
        return look()
    return SHARED.take(Key(connection.account, inputs.cluster_id, scope), share_since, now, look)


def _scan_and_find(
    connection: Connection, scope: Scope, now: datetime, inputs: Inputs
) -> Observation:
    scanned = scan(connection, now, scope)
    snapshot = with_logs(connection, scanned, scope.most_logs, scope.logs_first)
    metrics, dwell = inputs.metrics(snapshot, now), Dwell().scaled(settings.DWELL_FACTOR)
    context = Context(now, dwell, inputs.baselines(), metrics.evidence, inputs.sights())
    failures = with_urgency(find_all(snapshot, context), snapshot, context)
    found = (*failures, *metrics.findings, *inputs.extra_findings(snapshot))
    return Observation(snapshot, found, metrics)
