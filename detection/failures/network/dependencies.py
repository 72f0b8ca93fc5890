"""Callers that fail on one dependency, as their logs name it."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from detection.domain.causes import Cause
from detection.domain.facts import DependencyFacts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed, with_pods
from detection.failures.log_reported import about_victims
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.log_errors import CONNECTING, Complaining, hosts_in, log_errors_of
from detection.snapshot.pod_status import is_active, is_ready
from detection.snapshot.pod_templates import normalized, spec_of
from detection.snapshot.services import in_cluster_name, services_of

SEVERAL = 2
LOCAL = frozenset({"localhost", "0.0.0.0", "127.0.0.1", "::1"})  # noqa: S104 no address to bind


@failure(Cause.DEPENDENCY_CASCADE)
def dependency_cascade(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F48. With one caller alone it is only a hint (`weak`): it joins a dependency that fails."""
    for ref, told in _by_dependency(snapshot).values():
        callers = {key_of(one.owner) for one in told}
        weak = len(callers) < SEVERAL or _is_scaled_down(snapshot, ref)
        if not weak or ref.uid:
            yield _cascade(snapshot, context, ref, told, weak)


def _by_dependency(snapshot: Snapshot) -> Mapping[str, tuple[ObjectRef, list[Complaining]]]:
    found: dict[str, tuple[ObjectRef, list[Complaining]]] = {}
    for items in log_errors_of(snapshot).by_owner(*CONNECTING).values():
        for one in items:
            ref = dependency_of(snapshot, one)
            if ref is not None and key_of(ref) != key_of(one.owner):
                found.setdefault(key_of(ref), (ref, []))[1].append(one)
    for ref, told in _by_environment(snapshot):
        found.setdefault(key_of(ref), (ref, []))[1].extend(told)
    return found


def _by_environment(snapshot: Snapshot) -> Iterator[tuple[ObjectRef, list[Complaining]]]:
    """Complaints that name no host: what the environments of several such owners name alike."""
    nameless: dict[str, list[Complaining]] = {}
    named_by: defaultdict[ObjectRef, list[str]] = defaultdict(list)
    for key, items in log_errors_of(snapshot).by_owner(*CONNECTING).items():
        mine = [one for one in items if dependency_of(snapshot, one) is None]
        if mine:
            nameless[key] = mine
            for ref in environment_of(snapshot, mine[0].owner):
                named_by[ref].append(key)
    for ref, keys in sorted(named_by.items(), key=lambda item: -len(item[1])):
        told = [one for key in keys for one in nameless.pop(key, [])]
        if len({key_of(one.owner) for one in told}) >= SEVERAL:
            yield ref, told


def environment_of(snapshot: Snapshot, owner: ObjectRef) -> list[ObjectRef]:
    """The workloads whose Services the values of its environment variables name."""
    item = snapshot.get(owner)
    if not isinstance(item, o.Deployment | o.StatefulSet | o.DaemonSet):
        return []
    found: list[ObjectRef] = []
    for container in spec_of(normalized(bytes(item.spec.template))).get("containers") or ():
        for env in container.get("env") or ():
            for host in hosts_in(str(env.get("value") or "")):
                if (ref := services_of(snapshot).workload_at(host, owner.namespace)) is not None:
                    found.append(ref)
    return [ref for ref in dict.fromkeys(found) if ref != owner]


def dependency_of(snapshot: Snapshot, one: Complaining) -> ObjectRef | None:
    """What the complaint is about: a workload or Service here, else a host outside."""
    namespace = one.pod.metadata.namespace
    hosts = [host for host in one.complaint.hosts if host not in LOCAL]
    for host in hosts:
        if (found := services_of(snapshot).workload_at(host, namespace)) is not None:
            return found
        if (service := services_of(snapshot).service(host, namespace)) is not None:
            return service.ref
    for host in hosts:
        if _is_outside(snapshot, host, namespace):
            return ObjectRef("Dependency", "", host)
    return None


def _is_outside(snapshot: Snapshot, host: str, namespace: str) -> bool:
    """A host by its full name, or an address that is none of the cluster's pods and Services."""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        name = in_cluster_name(host, namespace)
        return "." in host and (
            name is None or name.namespace not in services_of(snapshot).namespaces
        )


def _is_scaled_down(snapshot: Snapshot, ref: ObjectRef) -> bool:
    item = snapshot.get(ref) if ref.uid else None
    return isinstance(item, o.Deployment | o.StatefulSet) and item.spec.replicas == 0


def _cascade(
    snapshot: Snapshot,
    context: Context,
    ref: ObjectRef,
    told: Sequence[Complaining],
    weak: bool,
) -> Finding:
    callers = len({one.owner for one in told})
    pods = [p for p in snapshot.pods_below(ref) if is_active(p) and not is_ready(p)]
    ready, desired = snapshot.ready_of(ref) if ref.uid else (0, 0)
    state = (
        [observed("workloads", f"{full_name(ref)}: {ready} of {desired} ready")] if desired else []
    )
    return about_victims(
        snapshot,
        Cause.DEPENDENCY_CASCADE,
        ref,
        told,
        f"{callers} owners fail on {full_name(ref)}",
        state,
        dwell_seconds=context.dwell.callers_seconds,
        facts=with_pods(DependencyFacts(weak=weak, dependency=ref.name), pods),
    )
