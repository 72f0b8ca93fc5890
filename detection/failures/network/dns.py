"""Names that can't be resolved: for many owners the cluster's DNS, for one its own settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from detection.domain.causes import Cause, Severity
from detection.domain.facts import DnsFacts
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.failures.context import Context
from detection.failures.finding_builder import changed_evidence, full_name, observed
from detection.failures.log_reported import about_victims, began_with
from detection.failures.network.services import goes_by
from detection.failures.nodes.not_ready import CLUSTER
from detection.failures.registry import failure
from detection.failures.rollback_evidence import judge_newest_revision
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.log_errors import RESOLVING, Complaining, ErrorKind, log_errors_of
from detection.snapshot.pod_status import is_ready
from detection.snapshot.services import Name, in_cluster_name, services_of

DNS_LABEL, DNS_NAME = "k8s-app", "kube-dns"
SERVERS = ("coredns", "kube-dns")
SYSTEM = "kube-system"
MANY = 2
OFTEN = 3
ERROR_RATIO = 0.05


@failure(Cause.DNS_FAILURE)
def dns_failure(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F45."""
    server = dns_server(snapshot)
    sick = _server_is_sick(snapshot, context, server)
    by_owner = _of_resolving(snapshot, bool(sick))
    told = [one for items in by_owner.values() for one in items]
    if len(by_owner) >= MANY or (by_owner and sick):
        yield _cluster(snapshot, context, server, told, sick)
    else:
        for items in by_owner.values():
            if _is_own_fault(items):
                yield _single(snapshot, context, items)


def _of_resolving(snapshot: Snapshot, sick: bool) -> Mapping[str, list[Complaining]]:
    """Owner → its complaints, without those about a Service that really isn't there.

    Several owners that each miss another name complain of DNS, whether those are there or not.
    """
    everything = log_errors_of(snapshot).by_owner(*RESOLVING)
    names = {one.complaint.hosts[:1] for items in everything.values() for one in items}
    if sick or (len(everything) >= MANY and len(names) >= len(everything)):
        return {
            key: [one for one in items if not _has_healthy_pods(snapshot, one)]
            for key, items in everything.items()
            if not all(_has_healthy_pods(snapshot, one) for one in items)
        }
    found = {
        key: [one for one in items if not _is_missing_service(snapshot, one)]
        for key, items in everything.items()
    }
    return {key: items for key, items in found.items() if items}


def _is_missing_service(snapshot: Snapshot, one: Complaining) -> bool:
    """A name of the cluster's own form that has no Service: then DNS answers rightly."""
    if one.complaint.kind != ErrorKind.NO_NAME or "kubernetes/services" in snapshot.blind:
        return False
    if one.pod.spec.dns_policy not in ("", "ClusterFirst"):
        return False
    network, namespace = services_of(snapshot), one.pod.metadata.namespace
    for number, host in enumerate(one.complaint.hosts):
        name = in_cluster_name(host, namespace)
        if name is None or not (name.namespace in network.namespaces or ".svc" in host):
            continue
        if (name.namespace, name.name) in network.services:
            return False
        if number == 0 or _is_workload(snapshot, name):
            return True
    return False


def _has_healthy_pods(snapshot: Snapshot, one: Complaining) -> bool:
    """A deleted Service: its pods are well, and only it is missing."""
    network, namespace = services_of(snapshot), one.pod.metadata.namespace
    for host in one.complaint.hosts[:1]:
        name = in_cluster_name(host, namespace)
        if name and (name.namespace, name.name) not in network.services:
            alive = (pod for pod in network.pods_in(name.namespace) if is_ready(pod))
            return any(goes_by(snapshot, pod, name.name) for pod in alive)
    return False


def _is_workload(snapshot: Snapshot, name: Name) -> bool:
    pods = services_of(snapshot).pods_in(name.namespace)
    return any(snapshot.top_owner(pod).name == name.name for pod in pods)


def dns_server(snapshot: Snapshot) -> ObjectRef | None:
    """The workload that serves DNS: by its label, else by its name or image in kube-system."""
    for pod in snapshot.pods:
        if pod.metadata.labels.get(DNS_LABEL) == DNS_NAME and pod.metadata.namespace == SYSTEM:
            return snapshot.top_owner(pod)
    for item in snapshot.workloads:
        labels = {item.metadata.name, item.metadata.labels.get(DNS_LABEL, "")}
        if item.metadata.namespace == SYSTEM and _names_server(labels):
            return item.ref
    return None


def _names_server(names: set[str]) -> bool:
    return any(server in name for name in names for server in SERVERS)


def _server_is_sick(
    snapshot: Snapshot, context: Context, server: ObjectRef | None
) -> list[Evidence]:
    found: list[Evidence] = []
    if server is not None:
        ready, desired = snapshot.ready_of(server)
        if ready < max(desired, 1):
            found.append(
                observed("workloads", f"{full_name(server)}: {ready} of {desired} ready", True)
            )
    if context.metrics.dns_error_ratio >= ERROR_RATIO:
        ratio = context.metrics.dns_error_ratio
        found.append(observed("metrics", f"{ratio:.0%} of the answers of DNS are errors", True))
    return found


def _cluster(
    snapshot: Snapshot,
    context: Context,
    server: ObjectRef | None,
    told: Sequence[Complaining],
    sick: Sequence[Evidence],
) -> Finding:
    owner = server or CLUSTER
    owners = len({one.owner for one in told})
    return about_victims(
        snapshot,
        Cause.DNS_FAILURE,
        owner,
        told,
        f"{owners} owners can't resolve names",
        sick,
        dwell_seconds=context.dwell.callers_seconds,
        severity=Severity.CRITICAL,
        facts=DnsFacts(
            server_sick=bool(sick),
            hosts=tuple(sorted({h for one in told for h in one.complaint.hosts[:1]})[:20]),
        ),
    )


def _is_own_fault(items: Sequence[Complaining]) -> bool:
    """It fails by it, resolves in a way of its own, or complains again and again."""
    pods = {one.pod.metadata.uid: one.pod for one in items}.values()
    own = any(pod.spec.dns_policy not in ("", "ClusterFirst") for pod in pods)
    return own or len(items) >= OFTEN or not all(map(is_ready, pods))


def _single(snapshot: Snapshot, context: Context, items: Sequence[Complaining]) -> Finding:
    owner = items[0].owner
    pods = list({one.pod.metadata.uid: one.pod for one in items}.values())
    onset = began_with(items, snapshot.at)
    failing = [pod for pod in pods if not is_ready(pod)]  # ready ones may have logged it once
    revision = judge_newest_revision(snapshot, owner, context, failing or pods, onset).revision
    policy = sorted({pod.spec.dns_policy or "ClusterFirst" for pod in pods})
    return about_victims(
        snapshot,
        Cause.DNS_FAILURE,
        owner,
        items,
        f"{full_name(owner)} can't resolve a name; no other owner has this trouble",
        [observed("pods", f"dnsPolicy {', '.join(policy)}"), *changed_evidence(revision)],
        dwell_seconds=context.dwell.callers_seconds,
        onset=onset,
        revision=revision,
        related=_refs(pods),
        facts=DnsFacts(
            single=True,
            pod=pods[0].metadata.name,
            pod_uid=pods[0].metadata.uid,
            log_container=items[0].container,
        ),
    )


def _refs(pods: Sequence[o.Pod]) -> list[ObjectRef]:
    return [pod.ref for pod in pods]
