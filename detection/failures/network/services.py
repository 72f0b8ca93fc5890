"""Services that lead nowhere: no pod selected, a port that nobody listens on, or gone."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice

from detection.domain.causes import Cause, Severity
from detection.domain.facts import ServiceFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed
from detection.failures.log_reported import about_victims
from detection.failures.registry import failure
from detection.failures.scheduling.quota_use import SERVICES, quota_on
from detection.kubernetes.label_selectors import has_labels
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.network_storage_scaling import (
    Ingress,
    Service,
    ServicePort,
)
from detection.snapshot import Snapshot
from detection.snapshot.log_errors import Complaining, ErrorKind, log_errors_of
from detection.snapshot.logs import changed_at
from detection.snapshot.pod_status import is_ready
from detection.snapshot.selectors import selecting_in
from detection.snapshot.services import Name, in_cluster_name, services_of

ALIKE = 0.7
ENOUGH_PODS = 5
OFTEN = 3
SETTLED = timedelta(minutes=30)
NAME_LABELS = ("app.kubernetes.io/name", "app", "k8s-app", "name", "app.kubernetes.io/instance")
UNREACHED = (ErrorKind.REFUSED, ErrorKind.TIMEOUT, ErrorKind.RESET)


@failure(Cause.SELECTOR_MISMATCH)
def selector_mismatch(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F41: nothing bears the labels that a Service selects, but ready pods nearly do."""
    for service in snapshot.services:
        if selects_nothing(snapshot, service) and (near := _near_misses(snapshot, service)):
            yield _mismatch(snapshot, context, service, near)


def selects_nothing(snapshot: Snapshot, service: Service) -> bool:
    """No pod, ready or not, and no workload that would make one."""
    selector, namespace = service.spec.selector, service.metadata.namespace
    if not selector or service.spec.type == "ExternalName" or service.is_terminating:
        return False
    network = services_of(snapshot)
    if network.pods_behind(service) or network.has_ready_endpoints(service):
        return False
    templates = (
        network.template_labels(item)
        for item in (*snapshot.workloads, *snapshot.replicasets)
        if item.metadata.namespace == namespace
    )
    return not any(has_labels(labels, selector) for labels in templates)


def has_near_misses(snapshot: Snapshot, service: Service) -> bool:
    """Whether ready pods are there that it was probably meant for."""
    return bool(_near_misses(snapshot, service))


def _near_misses(snapshot: Snapshot, service: Service) -> list[o.Pod]:
    """Ready pods of the same namespace that this Service was meant for, by all that shows."""
    return [
        pod
        for pod in services_of(snapshot).pods_in(service.metadata.namespace)
        if is_ready(pod) and _is_near(snapshot, service, pod)
    ]


def _is_near(snapshot: Snapshot, service: Service, pod: o.Pod) -> bool:
    selector, labels = service.spec.selector, pod.metadata.labels
    missed = [key for key, value in selector.items() if labels.get(key) != value]
    if len(missed) < len(selector):
        return True
    owner = snapshot.top_owner(pod).name
    if owner == service.metadata.name:
        return True
    if selecting_in(snapshot).services_of(pod):
        return False
    values = set(selector.values())
    return bool(values & set(labels.values())) or any(
        _alike(selector[key], labels[key]) for key in missed if key in labels
    )


def _alike(one: str, other: str) -> bool:
    """Written nearly the same, or one with a part more: `cart`, `cart-v2`, `kart`."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    if len(short) >= 3 and (long.startswith(f"{short}-") or long.endswith(f"-{short}")):
        return True
    return difflib.SequenceMatcher(None, short, long).ratio() >= ALIKE


def _mismatch(
    snapshot: Snapshot, context: Context, service: Service, near: Sequence[o.Pod]
) -> Finding:
    onset = changed_at(service) or context.now
    owners = {key_of(ref): ref for ref in (snapshot.top_owner(pod) for pod in near)}
    selector = _shown(service.spec.selector)
    labels = _shown(near[0].metadata.labels)
    callers = callers_of(snapshot, service, *ErrorKind)
    return about_victims(
        snapshot,
        Cause.SELECTOR_MISMATCH,
        service.ref,
        callers,
        f"{full_name(service.ref)} selects {selector}, which no pod bears",
        [
            observed("services", f"{service.metadata.name} selects {selector}: no endpoints", True),
            observed("pods", f"{near[0].metadata.name} is ready and bears {labels}"),
        ],
        onset=onset,
        dwell_seconds=context.dwell.service_seconds,
        severity=Severity.CRITICAL,
        related=owners.values(),
        facts=ServiceFacts(selector=service.spec.selector, labels=near[0].metadata.labels),
    )


def _shown(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))[:200]


def callers_of(snapshot: Snapshot, service: Service, *kinds: ErrorKind) -> list[Complaining]:
    """Complaints of these kinds about that Service."""
    return [
        one
        for items in log_errors_of(snapshot).by_owner(*kinds).values()
        for one in items
        if any(
            services_of(snapshot).service(host, one.pod.metadata.namespace) is service
            for host in one.complaint.hosts
        )
    ]


@failure(Cause.WRONG_TARGET_PORT)
def wrong_target_port(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F42: the pods behind it are ready, but none of them declares the port it leads to."""
    for service in snapshot.services:
        ready = (pod for pod in services_of(snapshot).pods_behind(service) if is_ready(pod))
        pods = list(islice(ready, ENOUGH_PODS))
        if not pods or service.is_terminating:
            continue
        wrong = [port for port in service.spec.ports if not _is_declared(port, pods)]
        if not declared_ports(pods):
            wrong = _refused_all_the_same(snapshot, service)
        if wrong and (found := _led_astray(snapshot, context, service, pods, wrong)):
            yield found


def _is_declared(port: ServicePort, pods: Sequence[o.Pod]) -> bool:
    """By its name or number. Where containers declare no port at all, nothing can be told."""
    declared = declared_ports(pods)
    target = port.target_port or port.port
    if isinstance(target, str) and not target.isdecimal():
        return not declared or any(p.name == target for p in declared)
    return not declared or any(p.container_port == int(target) for p in declared)


def _refused_all_the_same(snapshot: Snapshot, service: Service) -> list[ServicePort]:
    """Nobody says what the pods listen on, and all are ready; yet several callers are refused."""
    callers = callers_of(snapshot, service, ErrorKind.REFUSED)
    several = len({key_of(one.owner) for one in callers}) > 1 or len(callers) >= OFTEN
    behind = services_of(snapshot).pods_behind(service)
    old = (changed_at(pod) for pod in behind)
    settled = all(time is not None and snapshot.at - time > SETTLED for time in old)
    if not (several and settled and all(map(is_ready, behind))):
        return []
    return list(service.spec.ports)


def declared_ports(pods: Sequence[o.Pod]) -> list[o.ContainerPort]:
    return [p for pod in pods for c in pod.spec.containers for p in c.ports]


def _led_astray(
    snapshot: Snapshot,
    context: Context,
    service: Service,
    pods: Sequence[o.Pod],
    wrong: Sequence[ServicePort],
) -> Finding | None:
    """Declaring a port is a courtesy. So unless callers are refused, all ports of the Service
    must be wrong, and no other Service lead to the right one."""
    callers = callers_of(snapshot, service, *UNREACHED)
    served = any(
        _is_declared(port, pods)
        for other in selecting_in(snapshot).services_of(pods[0])
        for port in other.spec.ports
    )
    if not callers and (served or len(wrong) < len(service.spec.ports)):
        return None
    target = wrong[0].target_port or wrong[0].port
    ports = sorted({p.container_port for pod in pods for c in pod.spec.containers for p in c.ports})
    owner = snapshot.top_owner(pods[0])
    return about_victims(
        snapshot,
        Cause.WRONG_TARGET_PORT,
        service.ref,
        callers,
        f"{full_name(service.ref)} leads to port {target}; its pods listen on {ports}",
        [observed("services", f"targetPort {target}; {full_name(owner)} declares {ports}", True)],
        onset=changed_at(service) or context.now,
        dwell_seconds=context.dwell.service_seconds,
        severity=Severity.CRITICAL,
        related=[owner],
        facts=ServiceFacts(target_port=target, declared=tuple(ports)),
    )


@failure(Cause.SERVICE_DELETED)
def service_deleted(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F43: callers, or an Ingress, name a Service that isn't there; its pods are healthy."""
    if "kubernetes/services" in snapshot.blind:
        return
    missing: dict[Name, list[Complaining]] = {}
    for items in log_errors_of(snapshot).by_owner(ErrorKind.NO_NAME, ErrorKind.RESOLVER).values():
        for one in items:
            for name in _missing_names(snapshot, one):
                missing.setdefault(name, []).append(one)
    for ingress in snapshot.ingresses:
        for backend in dict.fromkeys(ingress.backends()):
            missing.setdefault(Name(ingress.metadata.namespace, backend), [])
    for name, callers in missing.items():
        if found := _deleted(snapshot, context, name, callers):
            yield found


def _missing_names(snapshot: Snapshot, one: Complaining) -> Iterator[Name]:
    """The likeliest host; others only where a workload goes by that name."""
    network, namespace = services_of(snapshot), one.pod.metadata.namespace
    for number, host in enumerate(one.complaint.hosts):
        name = in_cluster_name(host, namespace)
        if name is None or (name.namespace, name.name) in network.services:
            continue
        here = ".svc" in host or name.namespace in network.namespaces
        alive = (pod for pod in network.pods_in(name.namespace) if is_ready(pod))
        if here and (number == 0 or any(goes_by(snapshot, pod, name.name) for pod in alive)):
            yield name


def _quota_evidence(snapshot: Snapshot, namespace: str) -> list[Evidence]:
    """A quota of Services may have kept it from being made, and would again."""
    said = quota_on(snapshot, namespace, SERVICES)
    return [observed("resourcequotas", said, decisive=True)] if said else []


def _deleted(
    snapshot: Snapshot, context: Context, name: Name, callers: Sequence[Complaining]
) -> Finding | None:
    if (name.namespace, name.name) in services_of(snapshot).services:
        return None
    pods = _pods_of_name(snapshot, name)
    several = len({key_of(one.owner) for one in callers}) > 1
    if not pods and not several:
        return None
    ref = ObjectRef("Service", name.namespace, name.name)
    owners = [snapshot.top_owner(pods[0])] if pods else []
    ingresses = [i for i in snapshot.ingresses if _leads_to(i, name)]
    onset = min((t for t in map(changed_at, ingresses) if t), default=None) if not callers else None
    return about_victims(
        snapshot,
        Cause.SERVICE_DELETED,
        ref,
        callers,
        f"The Service {name.name} in {name.namespace} is named, but isn't there",
        [
            observed("services", f"there is no Service {name.name} in {name.namespace}", True),
            *(
                observed("pods", f"{full_name(one)} has ready pods that it led to")
                for one in owners
            ),
            *(observed("ingresses", f"{full_name(i.ref)} leads to it") for i in ingresses[:3]),
            *_quota_evidence(snapshot, name.namespace),
        ],
        onset=onset,
        dwell_seconds=context.dwell.callers_seconds,
        severity=Severity.CRITICAL,
        related=[*owners, *(i.ref for i in ingresses)],
        facts=ServiceFacts(missing=name.name, missing_kind="Service"),
    )


def _pods_of_name(snapshot: Snapshot, name: Name) -> list[o.Pod]:
    """Ready pods that go by it."""
    pods = services_of(snapshot).pods_in(name.namespace)
    return [pod for pod in pods if is_ready(pod) and goes_by(snapshot, pod, name.name)]


def _leads_to(ingress: Ingress, name: Name) -> bool:
    return ingress.metadata.namespace == name.namespace and name.name in ingress.backends()


def goes_by(snapshot: Snapshot, pod: o.Pod, name: str) -> bool:
    """Whether the pod goes by that name: its owner's, or in one of the usual labels."""
    labels, owner = pod.metadata.labels, snapshot.top_owner(pod).name
    names = {owner, *(labels.get(key, "") for key in NAME_LABELS)}
    core = [part for part in (name.removesuffix("-svc"), name.removesuffix("-service")) if part]
    related = owner.startswith(f"{name}-") or name.startswith(f"{owner}-")
    return related or bool(names & {name, *core})
