"""What the variables of failing callers name: hosts that are none, and databases that refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detection.domain.causes import Cause
from detection.domain.facts import CallerFacts, DependencyFacts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed, severity_of
from detection.failures.log_reported import about_victims
from detection.failures.registry import failure
from detection.snapshot import Snapshot
from detection.snapshot.log_errors import Complaining, ErrorKind, log_errors_of
from detection.snapshot.services import in_cluster_name, services_of
from detection.snapshot.variables import hosts_of_variables, variables_naming

UNREACHED = (ErrorKind.NO_NAME, ErrorKind.REFUSED, ErrorKind.TIMEOUT, ErrorKind.ERROR)
REFUSES = {
    ErrorKind.EXHAUSTED: "has no connection left for its callers",
    ErrorKind.READ_ONLY: "takes no writes: it is read-only",
}


@dataclass(frozen=True)
class Misnamed:
    """A caller's complaint about a host that its own variable names and that is no Service."""

    one: Complaining
    host: str
    variables: tuple[str, ...]


@failure(Cause.UNKNOWN_HOST)
def unknown_host(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F73: on the caller whose variable it is; a Service that was there is F43."""
    if "kubernetes/services" in snapshot.blind:
        return
    found: dict[str, list[Misnamed]] = {}
    for items in log_errors_of(snapshot).by_owner(*UNREACHED).values():
        for one in items:
            if wrong := _misnamed(snapshot, one):
                found.setdefault(key_of(one.owner), []).append(wrong)
    for group in found.values():
        yield _unknown(snapshot, context, group)


def _misnamed(snapshot: Snapshot, one: Complaining) -> Misnamed | None:
    for host in one.complaint.hosts:
        if _is_nothing_here(snapshot, host, one.pod.metadata.namespace):
            variables = variables_naming(one.pod, host)
            if variables:
                return Misnamed(one, host, tuple(variables))
    return None


def _is_nothing_here(snapshot: Snapshot, host: str, namespace: str) -> bool:
    """Written as a name in the cluster, and neither a Service, a pod nor a workload."""
    network, name = services_of(snapshot), in_cluster_name(host, namespace)
    if name is None or (name.namespace, name.name) in network.services:
        return False
    inside = host.count(".") == 0 or ".svc" in host or name.namespace in network.namespaces
    return inside and not network.pods_at(host, namespace)


def _unknown(snapshot: Snapshot, context: Context, group: Sequence[Misnamed]) -> Finding:
    first = group[0]
    owner, named = first.one.owner, ", ".join(first.variables[:3])
    return about_victims(
        snapshot,
        Cause.UNKNOWN_HOST,
        owner,
        [item.one for item in group],
        f"{full_name(owner)}: its variable {named} names {first.host}, which is no Service here "
        "and does not exist",
        [observed("pods", f"variable {named} → {first.host}: there is no such Service", True)],
        dwell_seconds=context.dwell.callers_seconds,
        severity=severity_of(snapshot, owner),
        facts=CallerFacts(reason=first.one.complaint.kind.value),
    )


@failure(Cause.DEPENDENCY_REFUSES)
def dependency_refuses(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F74: on the workload that they all name; without one, on the caller."""
    groups: dict[tuple[str, ErrorKind], tuple[ObjectRef, list[Complaining]]] = {}
    for items in log_errors_of(snapshot).by_owner(*REFUSES).values():
        for one in items:
            ref = _named_workload(snapshot, one) or one.owner
            key = (key_of(ref), one.complaint.kind)
            groups.setdefault(key, (ref, []))[1].append(one)
    for (_, kind), (ref, callers) in groups.items():
        yield _refusing(snapshot, context, ref, kind, callers)


def _named_workload(snapshot: Snapshot, one: Complaining) -> ObjectRef | None:
    """By the host in the line, else by the only other workload that its variables name."""
    network, namespace = services_of(snapshot), one.pod.metadata.namespace
    said = [network.workload_at(host, namespace) for host in one.complaint.hosts]
    named = [network.workload_at(host, namespace) for _, host in hosts_of_variables(one.pod)]
    for found in (said, named):
        refs = {key_of(ref): ref for ref in found if ref is not None and ref != one.owner}
        if len(refs) == 1:
            return next(iter(refs.values()))
    return None


def _refusing(
    snapshot: Snapshot,
    context: Context,
    ref: ObjectRef,
    kind: ErrorKind,
    callers: Sequence[Complaining],
) -> Finding:
    return about_victims(
        snapshot,
        Cause.DEPENDENCY_REFUSES,
        ref,
        callers,
        f"{full_name(ref)} {REFUSES[kind]}",
        [],
        dwell_seconds=context.dwell.callers_seconds,
        severity=severity_of(snapshot, callers[0].owner),
        facts=DependencyFacts(reason=kind.value),
    )
