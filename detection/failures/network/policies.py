"""Calls that a NetworkPolicy or the mesh's policy stops, while both ends are well."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from detection.domain.causes import Cause
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed
from detection.failures.log_reported import about_victims
from detection.failures.registry import failure
from detection.kubernetes.label_selectors import has_labels, selects
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects import policy
from detection.snapshot import LONG_AGO, Snapshot
from detection.snapshot.log_errors import Complaining, ErrorKind, log_errors_of
from detection.snapshot.logs import changed_at, was_changed_lately
from detection.snapshot.services import services_of

DNS_PORT = 53
STRICT = "STRICT"
MESH_ROOT = "istio-system"


@failure(Cause.NETPOL_BLOCK)
def netpol_block(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F44: time-outs, and a policy of late that selects one end and has no rule for the other."""
    told: dict[str, tuple[policy.NetworkPolicy, list[Complaining]]] = {}
    for items in log_errors_of(snapshot).by_owner(ErrorKind.TIMEOUT, ErrorKind.RESOLVER).values():
        for one in items:
            blocking = _blocking(snapshot, one)
            if blocking is not None:
                told.setdefault(key_of(blocking.ref), (blocking, []))[1].append(one)
    for blocking, victims in told.values():
        yield _blocked(snapshot, context, blocking, victims)


def _blocking(snapshot: Snapshot, one: Complaining) -> policy.NetworkPolicy | None:
    """The newest policy of late that stops this call."""
    lately = [p for p in snapshot.networkpolicies if was_changed_lately(p, snapshot.at)]
    for item in sorted(lately, key=lambda p: changed_at(p) or LONG_AGO, reverse=True):
        if _stops_leaving(snapshot, item, one) or _stops_entering(snapshot, item, one):
            return item
    return None


def _targets(snapshot: Snapshot, one: Complaining) -> list[o.Pod]:
    namespace = one.pod.metadata.namespace
    for host in one.complaint.hosts:
        if pods := services_of(snapshot).pods_at(host, namespace):
            return [pod for pod in pods if pod.metadata.uid != one.pod.metadata.uid]
    return []


def _stops_entering(snapshot: Snapshot, item: policy.NetworkPolicy, one: Complaining) -> bool:
    if one.complaint.kind != ErrorKind.TIMEOUT or not _holds_for(item, "Ingress"):
        return False
    targets = _targets(snapshot, one) or _nameless_targets(snapshot, item, one)
    pods = [pod for pod in targets if _selects(item, pod)]
    rules = [
        rule
        for other in snapshot.networkpolicies
        if pods and _holds_for(other, "Ingress") and _selects(other, pods[0])
        for rule in other.spec.ingress
    ]
    return bool(pods) and not any(
        _allows(snapshot, rule.sources, item, one.pod) and _has_port(rule, one) for rule in rules
    )


def _nameless_targets(
    snapshot: Snapshot, item: policy.NetworkPolicy, one: Complaining
) -> list[o.Pod]:
    """An address inside, that no object of ours has: whoever the policy selects here may be it."""
    if not any(_is_inside(host) for host in one.complaint.hosts[:1]):
        return []
    pods = services_of(snapshot).pods_in(item.metadata.namespace)
    return [pod for pod in pods if snapshot.top_owner(pod) != one.owner]


def _is_inside(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def _stops_leaving(snapshot: Snapshot, item: policy.NetworkPolicy, one: Complaining) -> bool:
    """Also a resolver that can't be reached, because no rule lets port 53 out."""
    if not _holds_for(item, "Egress") or not _selects(item, one.pod):
        return False
    rules = [
        rule
        for other in snapshot.networkpolicies
        if _holds_for(other, "Egress") and _selects(other, one.pod)
        for rule in other.spec.egress
    ]
    if one.complaint.kind == ErrorKind.RESOLVER:
        return not any(_lets_dns_out(rule) for rule in rules)
    targets = _targets(snapshot, one)
    if not targets:
        return not any(_is_open(rule) for rule in rules)
    return not any(
        _allows(snapshot, rule.to, item, pod) and _has_port(rule, one)
        for rule in rules
        for pod in targets[:3]
    )


def _is_open(rule: policy.PolicyRule) -> bool:
    """To what is outside the cluster: a rule for everybody, or for addresses."""
    return not rule.to or any(peer.ip_block is not None for peer in rule.to)


def _lets_dns_out(rule: policy.PolicyRule) -> bool:
    return not rule.ports or any(_covers(port, DNS_PORT) for port in rule.ports)


def _covers(port: policy.PolicyPort, number: int) -> bool:
    if port.port is None:
        return True
    if isinstance(port.port, int):
        return port.port <= number <= (port.end_port or port.port)
    return not port.port.isdecimal() or int(port.port) == number


def _has_port(rule: policy.PolicyRule, one: Complaining) -> bool:
    """Whether the rule may cover the call; the port in the log may be the Service's."""
    numbers = one.complaint.ports
    return (
        not rule.ports
        or not numbers
        or any(_covers(port, number) for port in rule.ports for number in numbers)
    )


def _holds_for(item: policy.NetworkPolicy, direction: str) -> bool:
    types = item.spec.policy_types
    if types:
        return direction in types
    return direction == "Ingress" or bool(item.spec.egress)


def _selects(item: policy.NetworkPolicy, pod: o.Pod) -> bool:
    same = item.metadata.namespace == pod.metadata.namespace
    return same and selects(item.spec.pod_selector, pod.metadata.labels)


def _allows(
    snapshot: Snapshot,
    peers: Sequence[policy.PolicyPeer],
    item: policy.NetworkPolicy,
    pod: o.Pod,
) -> bool:
    return not peers or any(_is_peer(snapshot, peer, item, pod) for peer in peers)


def _is_peer(
    snapshot: Snapshot, peer: policy.PolicyPeer, item: policy.NetworkPolicy, pod: o.Pod
) -> bool:
    if peer.ip_block is not None:
        return False
    namespace = pod.metadata.namespace
    if peer.namespace_selector is None:
        if namespace != item.metadata.namespace:
            return False
    elif not selects(peer.namespace_selector, _namespace_labels(snapshot, namespace)):
        return False
    return peer.pod_selector is None or selects(peer.pod_selector, pod.metadata.labels)


def _namespace_labels(snapshot: Snapshot, name: str) -> Mapping[str, str]:
    found = next((n for n in snapshot.namespaces if n.metadata.name == name), None)
    known = dict(found.metadata.labels) if found else {}
    return {"kubernetes.io/metadata.name": name} | known


def _blocked(
    snapshot: Snapshot,
    context: Context,
    item: policy.NetworkPolicy,
    victims: Sequence[Complaining],
) -> Finding:
    changed = changed_at(item) or snapshot.at
    ends = {
        key_of(r): r for one in victims for r in map(snapshot.top_owner, _targets(snapshot, one))
    }
    return about_victims(
        snapshot,
        Cause.NETPOL_BLOCK,
        item.ref,
        victims,
        f"{full_name(item.ref)} has no rule for calls that time out since it changed",
        [
            observed(
                "networkpolicies", f"{item.metadata.name} was changed at {changed:%H:%M:%S}", True
            )
        ],
        dwell_seconds=context.dwell.callers_seconds,
        onset=changed,
        related=ends.values(),
    )


@failure(Cause.MESH_DENY)
def mesh_deny(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F60: the mesh's own words of denial; or resets, and a policy of late that asks for mTLS."""
    told: dict[str, tuple[ObjectRef, list[Complaining]]] = {}
    for one in _of_kinds(snapshot, ErrorKind.DENIED, ErrorKind.FORBIDDEN, ErrorKind.RESET):
        ref = _denying(snapshot, one)
        if ref is not None:
            told.setdefault(key_of(ref), (ref, []))[1].append(one)
    for ref, victims in told.values():
        yield _denied(snapshot, context, ref, victims)


def _of_kinds(snapshot: Snapshot, *kinds: ErrorKind) -> Iterable[Complaining]:
    return [one for items in log_errors_of(snapshot).by_owner(*kinds).values() for one in items]


def _denying(snapshot: Snapshot, one: Complaining) -> ObjectRef | None:
    """The newest policy of late over the called pods, else what is called."""
    pods = _targets(snapshot, one)
    called = pods or [one.pod]
    if one.complaint.kind == ErrorKind.RESET:
        strict = [p for p in snapshot.peerauthentications if _is_strict(p)]
        return _newest(snapshot, strict, called) if pods else None
    both: list[policy.MeshPolicy] = [
        *snapshot.authorizationpolicies,
        *(p for p in snapshot.peerauthentications if _is_strict(p)),
    ]
    newest = _newest(snapshot, both, called)
    if newest is None and one.complaint.kind == ErrorKind.DENIED:
        return snapshot.top_owner(called[0])
    return newest


def _is_strict(item: policy.PeerAuthentication) -> bool:
    return item.spec.mtls is not None and item.spec.mtls.mode == STRICT


def _newest(
    snapshot: Snapshot, items: Iterable[policy.MeshPolicy], pods: Sequence[o.Pod]
) -> ObjectRef | None:
    over: Callable[[policy.MeshPolicy], bool] = lambda item: any(  # noqa: E731
        _covers_pod(item, pod) for pod in pods
    )
    lately = [item for item in items if over(item) and was_changed_lately(item, snapshot.at)]
    newest = max(lately, key=lambda item: changed_at(item) or LONG_AGO, default=None)
    return newest.ref if newest else None


def _covers_pod(item: policy.MeshPolicy, pod: o.Pod) -> bool:
    """A policy without a selector holds for its namespace; in the mesh's root for all."""
    labels = item.spec.selector.match_labels if item.spec.selector else {}
    if item.metadata.namespace not in (pod.metadata.namespace, MESH_ROOT):
        return False
    return has_labels(pod.metadata.labels, labels)


def _denied(
    snapshot: Snapshot, context: Context, ref: ObjectRef, victims: Sequence[Complaining]
) -> Finding:
    item = snapshot.get(ref)
    changed = changed_at(item) if item and ref.kind.endswith(("Policy", "Authentication")) else None
    ends = {
        key_of(r): r for one in victims for r in map(snapshot.top_owner, _targets(snapshot, one))
    }
    said = (
        [observed("policies", f"{ref.name} was changed at {changed:%H:%M:%S}")] if changed else []
    )
    return about_victims(
        snapshot,
        Cause.MESH_DENY,
        ref,
        victims,
        f"{full_name(ref)}: the mesh denies calls to healthy endpoints",
        said,
        dwell_seconds=context.dwell.callers_seconds,
        onset=changed,
        related=ends.values(),
    )
