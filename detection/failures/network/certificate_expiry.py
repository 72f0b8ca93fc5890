"""Certificates that end within a week and were not renewed: by cert-manager's objects, by metrics.

Secrets are never read. Where cert-manager doesn't rule over a certificate, its end is known if
somebody measures it: an exporter of certificates, or a prober of the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import MetricFacts
from detection.domain.findings import Finding, FoundBy, ObjectRef, key_of
from detection.domain.units import duration
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed
from detection.failures.network.certificates import certificate_bearer
from detection.failures.registry import failure
from detection.forecasting.prediction import prediction
from detection.forecasting.trend import Eta
from detection.snapshot import Snapshot
from kubewise_site.core.foreign_numbers import span

AHEAD = timedelta(days=7)
SHARE_LEFT = 0.15
GRAVE = timedelta(days=1)


@failure(Cause.FORECAST_BREACH)
def cert_ends_soon(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """It should be renewed by now: within a week, or the last 15 % of a shorter life."""
    told: set[str] = set()
    for item in snapshot.certificates:
        ends, begins = item.status.not_after, item.status.not_before
        told.add(key_of(item.ref))
        ahead = min(AHEAD, SHARE_LEFT * (ends - begins)) if ends and begins else AHEAD
        if ends is not None and context.now < ends <= context.now + ahead:
            yield _finding(context, item.ref, ends, ahead, FoundBy.KUBERNETES)
    for (kind, namespace, name), left in context.metrics.certificates.items():
        bearer = certificate_bearer(snapshot, kind, namespace, name) if left > 0 else None
        if bearer is not None and key_of(bearer) not in told:
            told.add(key_of(bearer))
            ends = context.now + span(left)
            yield _finding(context, bearer, ends, AHEAD, FoundBy.FORECAST)


def _finding(
    context: Context, ref: ObjectRef, ends: datetime, ahead: timedelta, found_by: FoundBy
) -> Finding:
    left = (ends - context.now).total_seconds()
    text = f"expires in {duration(left)}, at {ends:%Y-%m-%d %H:%M}"
    eta = Eta(left, left, left)
    source = "certificates" if found_by == FoundBy.KUBERNETES else "metrics"
    return Finding(
        cause=Cause.FORECAST_BREACH,
        owner=ref,
        severity=Severity.WARNING if left <= GRAVE.total_seconds() else Severity.INFO,
        summary=f"{full_name(ref)}: its certificate {text}, and was not renewed",
        onset=ends - ahead,
        opens_at=ends - ahead,
        source=found_by,
        evidence=(observed(source, f"its certificate {text}", decisive=True),),
        facts=MetricFacts(
            prediction=prediction(
                "certificate_seconds_left", left, 0.0, "seconds", context.now, eta, text
            )
        ),
    )
