"""Requests, limits and sizes, in bounded steps from what stands."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from detection.domain.facts import (
    AutoscalerFacts,
    Facts,
    MemoryFacts,
    ThrottlingFacts,
    VolumeFacts,
)
from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from remediation.actions.base import (
    Action,
    AutoContext,
    Diagnosed,
    IncidentRecord,
    Line,
    Object,
    Parameters,
    Patch,
    Right,
    Risk,
    Trait,
    Wish,
    line,
    pointer,
)
from remediation.actions.parameters import (
    CONTAINER,
    MEBIBYTE,
    NAME,
    NAMESPACE,
    RESOURCES,
    SIZE,
    BadValue,
    Value,
    quantity_amount,
)

MOST_FACTOR = 2.0
RAISE_FACTOR = 1.5
GIBIBYTE = 1024 * MEBIBYTE
# What a container without a request is asked to begin with; a person is asked first.
FIRST_REQUEST = {"cpu": "100m", "memory": "128Mi"}
PLACES = {
    "cpu_request": ("requests", "cpu"),
    "cpu_limit": ("limits", "cpu"),
    "memory_request": ("requests", "memory"),
    "memory_limit": ("limits", "memory"),
}
SHOWN = ("memory_limit", "memory_request", "cpu_limit", "cpu_request")


class AdjustResources(Action):
    """Of one named container of the owner; the kind is the incident's own.

    Each value stays within half and twice what stands. `capacity.py` holds the outcome to the
    nodes, LimitRanges and quotas: the API server asks them only when pods are made.
    """

    name = "adjust_resources"
    family = "adjust_resources"
    kinds = ("Deployment", "StatefulSet", "DaemonSet")
    parameters = (NAME, NAMESPACE, CONTAINER, *RESOURCES)
    description = "Change requests and limits of one container."
    impact = "Every pod is replaced, as many at a time as the update strategy allows."
    estimated_duration = "1–10 min"
    risk = Risk.MEDIUM
    strategy = "patch"
    traits = frozenset({Trait.SETS_RESOURCES})
    reversible = True
    spec_write = True
    contexts = frozenset({AutoContext.STANDARD})
    rights = (
        Right("apps", "deployments", "patch"),
        Right("apps", "statefulsets", "patch"),
        Right("apps", "daemonsets", "patch"),
        Right("", "limitranges", "list", not_read=True),
        Right("", "resourcequotas", "list"),
        Right("", "nodes", "list"),
    )

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        text = f"kubectl set resources {(kind or self.kinds[0]).lower()}/{parameters['name']}"
        text += f" -n {parameters['namespace']} -c {parameters['container']}"
        for flag, suffix in (("requests", "request"), ("limits", "limit")):
            given = _pairs(parameters, suffix)
            text += f" --{flag}={given}" if given else ""
        return text

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        given = resources_for(situation.finding.facts)
        return None if given is None else self.names(target) | given

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        return adjustment_text(parameters, situation.finding.facts)

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return snapshot.pods_below(owner)

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        """The record knows what memory was allowed; what CPU was, the dry run shows."""
        where = f"containers[{parameters.get('container')}].resources"
        memory = recorded.facts.of(MemoryFacts)
        known = {"memory_limit": memory.memory_limit, "memory_request": memory.memory_request}
        return [
            line(f"{where}.{'.'.join(PLACES[name])}", known.get(name) or "?", parameters[name])
            for name in SHOWN
            if name in parameters
        ]

    def bounds(self, target: Object, parameters: Parameters) -> str:
        found = named_container(target, parameters)
        if found is None:
            return f"there is no container {parameters['container']}"
        if not wanted_resources(parameters):
            return "no request and no limit is given"
        steps = (
            _step(name, found[1], value) for name, value in wanted_resources(parameters).items()
        )
        return next(filter(None, steps), "")

    def change(self, target: Object, wish: Wish) -> Patch:
        """The whole `resources` of that container, tested by its name."""
        found = named_container(target, wish.parameters)
        if found is None:
            return []
        place, container = found
        path = ("spec", "template", "spec", *place)
        merged = merged_resources(container, wish.parameters)
        return [
            {"op": "test", "path": pointer((*path, "name")), "value": container["name"]},
            {"op": "add", "path": pointer((*path, "resources")), "value": merged},
        ]

    def inverse(self, target: Object, parameters: Parameters) -> dict[str, Any] | None:
        """What stood before; None where one of the values was not set: it can't be unset."""
        found = named_container(target, parameters)
        if found is None:
            return None
        former = {name: _present(found[1], name) for name in wanted_resources(parameters)}
        if not all(former.values()):
            return None
        return {"action": self.name, "parameters": {**parameters, **former}}


class ExpandPvc(Action):
    """The StorageClass's word is the server's own: it refuses the dry run."""

    name = "expand_pvc"
    family = "expand_pvc"
    kinds = ("PersistentVolumeClaim",)
    parameters = (NAME, NAMESPACE, SIZE)
    description = "Ask for a larger volume, where the StorageClass allows it."
    impact = "The volume grows; it can never shrink again."
    estimated_duration = "1–10 min"
    risk = Risk.MEDIUM
    strategy = "patch"
    traits = frozenset()
    spec_write = True
    rights = (Right("", "persistentvolumeclaims", "patch"),)

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        patch = f'{{"spec":{{"resources":{{"requests":{{"storage":"{parameters["size"]}"}}}}}}}}'
        name, namespace = parameters["name"], parameters["namespace"]
        return f"kubectl patch pvc {name} -n {namespace} --type=merge -p '{patch}'"

    def bounds(self, target: Object, parameters: Parameters) -> str:
        if (target.get("status") or {}).get("phase") != "Bound":
            return "it is not bound to a volume"
        now = str(target["spec"]["resources"]["requests"]["storage"])
        if quantity_amount(str(parameters["size"])) <= quantity_amount(now):
            return f"{parameters['size']} is not more than the present {now}"
        if quantity_amount(str(parameters["size"])) > MOST_FACTOR * quantity_amount(now):
            return f"{parameters['size']} is more than twice the present {now}"
        return ""

    def change(self, target: Object, wish: Wish) -> Patch:
        path = "/spec/resources/requests/storage"
        return [{"op": "replace", "path": path, "value": wish.parameters["size"]}]

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        size = grown(situation.finding.facts.of(VolumeFacts).size)
        return self.names(target) | {"size": size} if size else None

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        size = situation.finding.facts.of(VolumeFacts).size
        return f"Ask for {parameters['size']} in place of {size}; it can't shrink again."

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return ()

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        """The dry run shows the size that stands."""
        return []


def resources_for(facts: Facts) -> dict[str, Any] | None:
    """A request that is missing; the CPU limit where that holds it back; the memory limit."""
    match facts:
        case AutoscalerFacts(missing_requests=True):
            name, value = f"{facts.missing}_request", FIRST_REQUEST.get(facts.missing, "")
        case ThrottlingFacts():
            name, value = "cpu_limit", raised_cpu(facts.cpu_limit)
        case MemoryFacts():
            name, value = "memory_limit", raised_memory(facts.memory_limit)
        case _:
            return None
    return {"container": facts.container, name: value} if value and facts.container else None


def adjustment_text(parameters: Parameters, facts: Facts) -> str:
    container = parameters["container"]
    match facts:
        case AutoscalerFacts():
            ask = f"{facts.missing} {parameters[f'{facts.missing}_request']}"
            return f"Let {container} ask for {ask}, so that its autoscaler can compute its use."
        case ThrottlingFacts():
            return _raised("CPU", container, facts.cpu_limit, parameters["cpu_limit"])
        case _:
            limit = facts.of(MemoryFacts).memory_limit
            return _raised("memory", container, limit, parameters["memory_limit"])


def _raised(what: str, container: Value, old: str, limit: Value) -> str:
    return f"Raise the {what} limit of {container} from {old} to {limit}."


def raised_cpu(limit: str) -> str:
    """`limit` times 1.5 in whole millicores; '' where it is no quantity."""
    try:
        return f"{math.ceil(quantity_amount(limit) * RAISE_FACTOR * 1000)}m"
    except BadValue:
        return ""


def raised_memory(limit: str) -> str:
    """`limit` times 1.5 in whole MiB; '' where it is no quantity."""
    try:
        return f"{math.ceil(quantity_amount(limit) * RAISE_FACTOR / MEBIBYTE)}Mi"
    except BadValue:
        return ""


def grown(size: str) -> str:
    """`size` of a volume times 1.5 in whole GiB; '' where it is no quantity."""
    try:
        return f"{math.ceil(quantity_amount(size) * RAISE_FACTOR / GIBIBYTE)}Gi"
    except BadValue:
        return ""


Place = tuple[str, str]


def named_container(target: Object, parameters: Parameters) -> tuple[Place, dict[str, Any]] | None:
    """The list and index of the named container in the owner's template, and its body.

    Of the init containers only native sidecars run beside the others, so only they count.
    """
    spec = target["spec"]["template"]["spec"]
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or []):
            sidecar = field == "containers" or container.get("restartPolicy") == "Always"
            if sidecar and container["name"] == parameters["container"]:
                return (field, str(index)), container
    return None


def wanted_resources(parameters: Parameters) -> dict[str, str]:
    return {name: str(parameters[name]) for name in PLACES if name in parameters}


def merged_resources(container: Object, parameters: Parameters) -> dict[str, Any]:
    """The container's `resources` as they become; what is not given stays."""
    merged = {**(container.get("resources") or {})}
    for name, value in wanted_resources(parameters).items():
        kind, resource = PLACES[name]
        merged[kind] = {**(merged.get(kind) or {}), resource: value}
    return merged


def _present(container: Object, name: str) -> str:
    kind, resource = PLACES[name]
    return str(((container.get("resources") or {}).get(kind) or {}).get(resource, ""))


def _step(name: str, container: Object, value: str) -> str:
    """Why this step is too large; a value that was not set has no former one to bound it."""
    present = _present(container, name)
    if not present:
        return "" if name.endswith("request") else f"no {name} is set: one is not invented"
    try:
        ratio = quantity_amount(value) / quantity_amount(present)
    except (BadValue, ZeroDivisionError):
        return f"the present {name} of {present} can't be compared"
    if not 1 / MOST_FACTOR <= ratio <= MOST_FACTOR:
        return f"{name}={value} is not within half and twice the present {present}"
    return ""


def _pairs(parameters: Parameters, suffix: str) -> str:
    found = {what: parameters.get(f"{what}_{suffix}") for what in ("cpu", "memory")}
    return ",".join(f"{what}={value}" for what, value in found.items() if value)
