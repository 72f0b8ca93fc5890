"""Services that nobody can be reached through, although every pod that is there is well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import ServiceFacts
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed
from detection.failures.network.services import has_near_misses, selects_nothing
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.network_storage_scaling import Service, ServicePort
from detection.snapshot import Snapshot
from detection.snapshot.logs import changed_at
from detection.snapshot.services import services_of

ABANDONED, PROTOCOL, NO_ADDRESS = "NoWorkload", "Protocol", "NoAddress"
MOST_PODS = 20
# When the endpoints last changed, as the endpoint controller notes it on each slice.
LAST_CHANGE = "endpoints.kubernetes.io/last-change-trigger-time"


@failure(Cause.SERVICE_LEADS_NOWHERE)
def leads_nowhere(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F69: no workload behind what an Ingress leads to, the wrong protocol, or no address."""
    if "kubernetes/services" in snapshot.blind or "kubernetes/pods" in snapshot.blind:
        return
    for service in snapshot.services:
        if service.is_terminating:
            continue
        problem = next(_problems(snapshot, service), None)
        if problem is not None:
            yield _finding(snapshot, context, service, problem)


@dataclass(frozen=True)
class Problem:
    """`reason`: which kind of it."""

    reason: str
    what: str
    evidence: list[Evidence]
    related: list[ObjectRef]


def _problems(snapshot: Snapshot, service: Service) -> Iterator[Problem]:
    yield from _abandoned(snapshot, service)
    yield from _other_protocol(snapshot, service)
    yield from _no_address(snapshot, service)


def _abandoned(snapshot: Snapshot, service: Service) -> Iterator[Problem]:
    """An Ingress leads to it, and no pod and no workload bears the labels that it selects."""
    name, namespace = service.metadata.name, service.metadata.namespace
    leading = snapshot.view(ingresses_to).get((namespace, name), [])
    if leading and selects_nothing(snapshot, service) and not has_near_misses(snapshot, service):
        selector = ",".join(f"{k}={v}" for k, v in sorted(service.spec.selector.items()))
        lines = [
            observed("services", f"{name} selects {selector}: no pod and no workload has it", True),
            *(observed("ingresses", f"{full_name(ref)} leads to it") for ref in leading[:3]),
        ]
        what = "it selects no pods, and no workload would make any"
        yield Problem(ABANDONED, what, lines, leading)


def ingresses_to(snapshot: Snapshot) -> dict[tuple[str, str], list[ObjectRef]]:
    """(namespace, Service) → the Ingresses that lead to it."""
    found: defaultdict[tuple[str, str], list[ObjectRef]] = defaultdict(list)
    for item in snapshot.ingresses:
        for name in dict.fromkeys(item.backends()):
            found[item.metadata.namespace, name].append(item.ref)
    return found


def _other_protocol(snapshot: Snapshot, service: Service) -> Iterator[Problem]:
    """The port's number is declared by the containers, with another protocol only."""
    pods = services_of(snapshot).pods_behind(service)[:MOST_PODS]
    for port in service.spec.ports:
        declared = {p for pod in pods for p in _declared(pod, port)}
        if pods and declared and port.protocol not in declared:
            target = port.target_port or port.port
            by = ", ".join(sorted(declared))
            said = f"port {port.port} is {port.protocol}, its pods serve {target} by {by}"
            lines = [observed("services", said, decisive=True)]
            yield Problem(PROTOCOL, said, lines, [snapshot.top_owner(pods[0])])


def _declared(pod: o.Pod, port: ServicePort) -> Iterator[str]:
    """The protocols that its containers declare for the port that the Service means."""
    target = port.target_port or port.port
    for container in pod.spec.containers:
        for own in container.ports:
            if target in (own.container_port, own.name):
                yield own.protocol


def _no_address(snapshot: Snapshot, service: Service) -> Iterator[Problem]:
    """A load balancer that was asked for and refused: the event says why. Without one it may be
    that nobody makes load balancers here."""
    if service.spec.type != "LoadBalancer" or service.status.load_balancer.ingress:
        return
    events = [e for e in snapshot.events_of(service.metadata.uid) if e.type == "Warning"]
    if events:
        last = events[-1]
        lines = [observed("events", f"{last.reason}: {last.message} (×{last.times})", True)]
        yield Problem(NO_ADDRESS, f"its load balancer has no address ({last.reason})", lines, [])


def _finding(snapshot: Snapshot, context: Context, service: Service, problem: Problem) -> Finding:
    onset = _since(snapshot, service) or context.now
    return Finding(
        cause=Cause.SERVICE_LEADS_NOWHERE,
        owner=service.ref,
        severity=Severity.CRITICAL,
        summary=f"{full_name(service.ref)}: {problem.what}",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.service_seconds),
        evidence=tuple(problem.evidence),
        related=tuple(problem.related),
        facts=ServiceFacts(reason=problem.reason, selector=service.spec.selector),
    )


def _since(snapshot: Snapshot, service: Service) -> datetime | None:
    slices = services_of(snapshot).slices_of(service)
    noted = [_time(item.metadata.annotations.get(LAST_CHANGE, "")) for item in slices]
    times = [time for time in (*noted, changed_at(service)) if time is not None]
    return max(times, default=None)


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
