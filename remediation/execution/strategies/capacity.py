"""What larger requests and limits must fit in: the nodes, LimitRanges, quotas of the namespace.

The API server asks these only when pods are made, so a dry run of the owner's patch says nothing.
What can't be read is no yes: the errors of the calls end the attempt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from detection.domain.units import counted
from remediation.actions.base import Object, Parameters
from remediation.actions.parameters import BadValue, quantity_amount
from remediation.actions.resources import (
    PLACES,
    merged_resources,
    named_container,
    wanted_resources,
)
from remediation.cluster import writer
from remediation.cluster.writer import Session


def shortage(session: Session, owner: Object, parameters: Parameters) -> str:
    """Why pods with these resources could not be made; '' where they fit.

    Raises KubernetesError where a list can't be read.
    """
    found = named_container(owner, parameters)
    if found is None:
        return "the container is gone"
    namespace, container = str(owner["metadata"]["namespace"]), found[1]
    after = merged_resources(container, parameters)
    checks = (
        _nodes(writer.list_of(session, "Node", "", ""), after),
        _limit_ranges(writer.list_of(session, "LimitRange", namespace, ""), after),
        _quotas(writer.list_of(session, "ResourceQuota", namespace, ""), owner, container,
                parameters),
    )  # fmt: skip
    return next((reason for check in checks for reason in check), "")


def _nodes(nodes: list[dict[str, Any]], after: Object) -> Iterator[str]:
    """A request that no node has room for would never be scheduled."""
    for kind in ("requests", "limits"):
        for resource, value in (after.get(kind) or {}).items():
            most = max((_allocatable(node, resource) for node in nodes), default=0.0)
            if resource in ("cpu", "memory") and _number(value) > most:
                yield f"{kind} of {resource}={value} is more than any node can allocate"


def _allocatable(node: Object, resource: str) -> float:
    status = node.get("status") or {}
    return _number((status.get("allocatable") or {}).get(resource, "0"))


def _limit_ranges(ranges: list[dict[str, Any]], after: Object) -> Iterator[str]:
    for item in ranges:
        for rule in (item.get("spec") or {}).get("limits") or []:
            if rule.get("type") == "Container":
                yield from _rule(str(item["metadata"]["name"]), rule, after)


def _rule(name: str, rule: Object, after: Object) -> Iterator[str]:
    for resource, most in (rule.get("max") or {}).items():
        for kind in ("requests", "limits"):
            value = (after.get(kind) or {}).get(resource)
            if value is not None and _number(value) > _number(most):
                yield f"LimitRange {name} allows at most {resource}={most}, not {value}"


def _quotas(
    quotas: list[dict[str, Any]], owner: Object, container: Object, parameters: Parameters
) -> Iterator[str]:
    """Every replica's growth must fit in what each quota has left."""
    replicas = _replicas(owner)
    for item in quotas:
        status = item.get("status") or {}
        hard, used = status.get("hard") or {}, status.get("used") or {}
        for key, growth in _growth(container, parameters):
            names = [key, key.removeprefix("requests.")]
            for name in [name for name in names if name in hard]:
                left = _number(hard[name]) - _number(used.get(name, "0"))
                if growth * replicas > left:
                    quota = item["metadata"]["name"]
                    pods = counted(replicas, "pod")
                    yield f"ResourceQuota {quota} does not have enough {name} left for {pods}"


def _replicas(owner: Object) -> int:
    wanted_nodes = (owner.get("status") or {}).get("desiredNumberScheduled")
    return int(owner["spec"].get("replicas", wanted_nodes or 1))


def _growth(container: Object, parameters: Parameters) -> Iterator[tuple[str, float]]:
    resources = container.get("resources") or {}
    for name, value in wanted_resources(parameters).items():
        kind, resource = PLACES[name]
        former = _number((resources.get(kind) or {}).get(resource, "0"))
        if (growth := _number(value) - former) > 0:
            yield f"{kind}.{resource}", growth


def _number(value: object) -> float:
    """A quantity of the cluster; 0 where it is none that we know how to read."""
    try:
        return quantity_amount(str(value))
    except BadValue:
        return 0.0
