"""Certificates that have expired: by what bears them, by metrics, by callers' words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import CertificateFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.domain.units import duration
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed
from detection.failures.log_reported import about_victims
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects import policy
from detection.snapshot import Snapshot
from detection.snapshot.log_errors import Complaining, ErrorKind, log_errors_of
from detection.snapshot.services import services_of
from kubewise_site.core.foreign_numbers import span


@failure(Cause.CERT_EXPIRED)
def cert_expired(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F47."""
    told = _by_bearer(snapshot)
    for certificate in snapshot.certificates:
        callers = told.pop(key_of(certificate.ref), (certificate.ref, []))[1]
        problem = _problem(certificate, context)
        if problem or callers:
            yield _of_certificate(snapshot, certificate, problem, callers)
    for ref, callers in told.values():
        yield _of_bearer(snapshot, ref, callers, [])
    for (kind, namespace, name), left in context.metrics.certificates.items():
        bearer = certificate_bearer(snapshot, kind, namespace, name) if left <= 0 else None
        if bearer is not None and key_of(bearer) not in told:
            line = observed("metrics", f"its certificate expired {duration(-left)} ago", True)
            yield _of_bearer(snapshot, bearer, [], [line], seconds=-left)


def certificate_bearer(
    snapshot: Snapshot, kind: str, namespace: str, name: str
) -> ObjectRef | None:
    """The object that bears a certificate which metrics name by itself, its Secret or its host."""
    if kind == "Certificate":
        item = snapshot.find(kind, namespace, name)
        return item.ref if item else None
    for certificate in snapshot.certificates:
        bears = certificate.spec.secret_name == name
        if kind == "Secret" and bears and certificate.metadata.namespace == namespace:
            return certificate.ref
    for ingress in snapshot.ingresses:
        by_secret = kind == "Secret" and ingress.metadata.namespace == namespace
        for tls in ingress.spec.tls:
            if (by_secret and tls.secret_name == name) or (kind == "Host" and name in tls.hosts):
                return ingress.ref
    if kind == "Host":
        hosts = [i for i in snapshot.ingresses if any(r.host == name for r in i.spec.rules)]
        service = services_of(snapshot).service(name, "")
        return hosts[0].ref if hosts else (service.ref if service else None)
    return None


def _problem(item: policy.Certificate, context: Context) -> tuple[datetime, str] | None:
    """Since when it is of no use, and why."""
    ends, ready = item.status.not_after, o.condition(item.status.conditions, "Ready")
    if ends is not None and ends <= context.now:
        return ends, f"it ended at {ends:%Y-%m-%d %H:%M}"
    if ready is not None and ready.status == "False":
        since = ready.last_transition_time or context.now
        opens = since + timedelta(seconds=context.dwell.certificate_seconds)
        return opens, f"Ready=False/{ready.reason}: {ready.message}"
    return None


def _of_certificate(
    snapshot: Snapshot,
    item: policy.Certificate,
    problem: tuple[datetime, str] | None,
    callers: Sequence[Complaining],
) -> Finding:
    since, why = problem or (snapshot.at, "callers say that it has expired")
    ended = item.status.not_after is not None and item.status.not_after <= snapshot.at
    grave = Severity.CRITICAL if ended or callers else Severity.WARNING
    return about_victims(
        snapshot,
        Cause.CERT_EXPIRED,
        item.ref,
        callers,
        f"{full_name(item.ref)}: {why}",
        [
            observed("certificates", f"{item.metadata.name}: {why}", decisive=True),
            *_why_not_renewed(snapshot, item),
        ],
        onset=since if problem else None,
        dwell_seconds=0,
        severity=grave,
        related=_users(snapshot, item),
        facts=CertificateFacts(secret=item.spec.secret_name, names=tuple(item.spec.dns_names[:10])),
    )


def _why_not_renewed(snapshot: Snapshot, item: policy.Certificate) -> list[Evidence]:
    """What the issuer answered: the condition of the last try, else the newest warning."""
    issuing = o.condition(item.status.conditions, "Issuing")
    if issuing is not None and issuing.status == "False" and issuing.message:
        said = f"Issuing=False/{issuing.reason}: {issuing.message}"
        return [observed("certificates", said, decisive=True)]
    events = [e for e in snapshot.events_of(item.metadata.uid) if e.type == "Warning"]
    return [observed("events", f"{e.reason}: {e.message} (×{e.times})", True) for e in events[-1:]]


def _users(snapshot: Snapshot, item: policy.Certificate) -> list[ObjectRef]:
    return [
        ingress.ref
        for ingress in snapshot.ingresses
        if ingress.metadata.namespace == item.metadata.namespace
        and any(tls.secret_name == item.spec.secret_name for tls in ingress.spec.tls)
    ]


def _of_bearer(
    snapshot: Snapshot,
    ref: ObjectRef,
    callers: Sequence[Complaining],
    evidence: Sequence[Evidence],
    seconds: float = 0,
) -> Finding:
    onset = snapshot.at - span(seconds) if seconds else None
    return about_victims(
        snapshot,
        Cause.CERT_EXPIRED,
        ref,
        callers,
        f"{full_name(ref)}: its certificate has expired",
        evidence,
        onset=onset,
        dwell_seconds=0,
        severity=Severity.CRITICAL if not callers else None,
    )


def _by_bearer(snapshot: Snapshot) -> dict[str, tuple[ObjectRef, list[Complaining]]]:
    found: dict[str, tuple[ObjectRef, list[Complaining]]] = {}
    for items in log_errors_of(snapshot).by_owner(ErrorKind.EXPIRED).values():
        for one in items:
            ref = _bearer(snapshot, one)
            found.setdefault(key_of(ref), (ref, []))[1].append(one)
    return found


def _bearer(snapshot: Snapshot, one: Complaining) -> ObjectRef:
    """The Certificate of the host that is named, its Ingress, its Service; else who says it."""
    hosts = one.complaint.hosts
    namespace = one.pod.metadata.namespace
    for host in hosts:
        service = services_of(snapshot).service(host, namespace)
        names = {host}
        if service is not None:
            meta = service.metadata
            names |= {meta.name, f"{meta.name}.{meta.namespace}.svc"}
        if certificate := _certificate_for(snapshot, names):
            return certificate
        for ingress in snapshot.ingresses:
            if any(_covers(name, host) for tls in ingress.spec.tls for name in tls.hosts):
                return ingress.ref
        if service is not None:
            return service.ref
    return _broken_beside(snapshot, namespace) or one.owner


def _broken_beside(snapshot: Snapshot, namespace: str) -> ObjectRef | None:
    """Where no host is named: the one Certificate that is of no use, here or in the cluster."""
    broken = [c for c in snapshot.certificates if _is_broken(c, snapshot.at)]
    here = [c for c in broken if c.metadata.namespace == namespace]
    found = here or broken
    return found[0].ref if len(found) == 1 else None


def _is_broken(item: policy.Certificate, now: datetime) -> bool:
    ready = o.condition(item.status.conditions, "Ready")
    ended = item.status.not_after is not None and item.status.not_after <= now
    return ended or (ready is not None and ready.status == "False")


def _certificate_for(snapshot: Snapshot, names: set[str]) -> ObjectRef | None:
    for item in snapshot.certificates:
        covered = {*item.spec.dns_names, item.spec.common_name}
        short = {name.removesuffix(".cluster.local") for name in covered if name}
        if any(_covers(name, wanted) for name in short for wanted in names):
            return item.ref
    return None


def _covers(name: str, host: str) -> bool:
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])
