"""Ingresses that name what isn't there: a class, a backend, a certificate's Secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import IngressFacts
from detection.domain.findings import Finding
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed
from detection.failures.network.services import goes_by
from detection.failures.registry import failure
from detection.kubernetes.objects.network_storage_scaling import Ingress
from detection.snapshot import Snapshot
from detection.snapshot.logs import changed_at, was_changed_lately
from detection.snapshot.pod_status import is_ready
from detection.snapshot.services import services_of

OLD_CLASS = "kubernetes.io/ingress.class"


@failure(Cause.INGRESS_BROKEN)
def ingress_broken(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F46. A missing backend whose pods are healthy is a deleted Service (F43) instead."""
    for ingress in snapshot.ingresses:
        problems = [
            *_class_missing(snapshot, ingress),
            *_backends_missing(snapshot, ingress),
            *_ports_missing(snapshot, ingress),
            *_secrets_missing(context, ingress),
        ]
        if problems and not ingress.is_terminating:
            yield _finding(context, ingress, problems)


def _class_missing(snapshot: Snapshot, ingress: Ingress) -> list[str]:
    """Only where classes could be listed, and where nobody serves the Ingress all the same.

    A controller may go without the object: where there is none at all, an Ingress that has been
    so for long is left alone.
    """
    wanted = ingress.spec.ingress_class_name
    seen = "kubernetes/ingressclasses" in snapshot.seen or snapshot.ingressclasses
    known = {item.metadata.name for item in snapshot.ingressclasses}
    served = ingress.status.load_balancer.ingress or OLD_CLASS in ingress.metadata.annotations
    if not wanted or wanted in known or not seen or served:
        return []
    settled = not known and not was_changed_lately(ingress, snapshot.at)
    return [] if settled else [f"there is no IngressClass {wanted}"]


def _backends_missing(snapshot: Snapshot, ingress: Ingress) -> list[str]:
    if "kubernetes/services" in snapshot.blind:
        return []
    namespace, network = ingress.metadata.namespace, services_of(snapshot)
    missing = [
        name
        for name in dict.fromkeys(ingress.backends())
        if (namespace, name) not in network.services
    ]
    alive = [pod for pod in network.pods_in(namespace) if is_ready(pod)]
    return [
        f"there is no Service {name} in {namespace}"
        for name in missing
        if not any(goes_by(snapshot, pod, name) for pod in alive)
    ]


def _ports_missing(snapshot: Snapshot, ingress: Ingress) -> list[str]:
    """Ports that the Service is there without. An Ingress that names none means any."""
    found = []
    for backend in ingress.services():
        service = services_of(snapshot).services.get((ingress.metadata.namespace, backend.name))
        wanted = backend.port.number or backend.port.name
        if service is None or not wanted or service.spec.type == "ExternalName":
            continue
        if not any(backend.port.is_of(port) for port in service.spec.ports):
            has = ", ".join(str(port.port) for port in service.spec.ports) or "none"
            found.append(f"Service {backend.name} has no port {wanted}; it has {has}")
    return list(dict.fromkeys(found))


def _secrets_missing(context: Context, ingress: Ingress) -> list[str]:
    """By kube-state-metrics alone, and only where it reports Secrets of that namespace."""
    known, namespace = context.metrics.secrets, ingress.metadata.namespace
    if not known:
        return []
    names = [tls.secret_name for tls in ingress.spec.tls if tls.secret_name]
    return [
        f"there is no Secret {name} for its certificate"
        for name in names
        if (namespace, name) not in known
    ]


def _finding(context: Context, ingress: Ingress, problems: list[str]) -> Finding:
    onset = changed_at(ingress) or context.now
    return Finding(
        cause=Cause.INGRESS_BROKEN,
        owner=ingress.ref,
        severity=Severity.CRITICAL,
        summary=f"{full_name(ingress.ref)}: {'; '.join(problems)}",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.config_seconds),
        evidence=tuple(observed("ingresses", problem, decisive=True) for problem in problems),
        facts=IngressFacts(problems=tuple(problems)),
    )
