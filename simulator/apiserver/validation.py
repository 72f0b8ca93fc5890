"""Validation in the API server's words: a list of causes, empty when the object is good."""

import re
from collections.abc import Callable
from typing import Any

from simulator.apimachinery.errors import cause, invalid_value, required
from simulator.apimachinery.object_selectors import selects
from simulator.apimachinery.objects import Obj
from simulator.apimachinery.quantities import parse_quantity

SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
    " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
    f" for validation is '{SUBDOMAIN}')"
)
LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and"
    " must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex"
    f" used for validation is '{LABEL}')"
)
QUANTITY_TEXT = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
NOT_NEGATIVE = "must be greater than or equal to 0"
WORKLOAD_COUNTS = (
    "replicas",
    "revisionHistoryLimit",
    "minReadySeconds",
    "progressDeadlineSeconds",
)
LABEL_NAMED = {"namespaces", "services"}
FREE_NAMED = re.compile(r"^(.*\.rbac\.authorization\.k8s\.io|events.*)$")


def validate_name(table: str, name: Any, field: str = "metadata.name") -> list[Obj]:
    if not name:
        return [required("metadata.name", "name or generateName is required")]
    if FREE_NAMED.match(table):
        return []
    label = table in LABEL_NAMED
    pattern, text, limit = (LABEL, LABEL_TEXT, 63) if label else (SUBDOMAIN, SUBDOMAIN_TEXT, 253)
    if len(str(name)) > limit:
        return [invalid_value(field, name, f"must be no more than {limit} characters")]
    return [] if re.fullmatch(pattern, str(name)) else [invalid_value(field, name, text)]


def _quantities(values: Any, path: str) -> list[Obj]:
    found = []
    for name, value in (values or {}).items():
        try:
            if parse_quantity(value) < 0:
                found.append(invalid_value(f"{path}[{name}]", str(value), NOT_NEGATIVE))
        except ValueError:
            found.append(invalid_value(f"{path}[{name}]", str(value), QUANTITY_TEXT))
    return found


def _resources(resources: Obj, path: str) -> list[Obj]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    found = _quantities(limits, f"{path}.limits") + _quantities(requests, f"{path}.requests")
    if found:
        return found
    return [
        invalid_value(
            f"{path}.requests",
            str(value),
            f"must be less than or equal to {name} limit of {limits[name]}",
        )
        for name, value in requests.items()
        if name in limits and parse_quantity(value) > parse_quantity(limits[name])
    ]


def _container(container: Any, path: str, seen: set[str]) -> list[Obj]:
    if not isinstance(container, dict):
        return [required(path)]
    found, name = [], container.get("name")
    if not name:
        found.append(required(f"{path}.name"))
    elif not re.fullmatch(LABEL, str(name)):
        found.append(invalid_value(f"{path}.name", name, LABEL_TEXT))
    elif name in seen:
        found.append(cause("FieldValueDuplicate", f"{path}.name", f'Duplicate value: "{name}"'))
    seen.add(str(name))
    if not container.get("image"):
        found.append(required(f"{path}.image"))
    return found + _resources(container.get("resources") or {}, f"{path}.resources")


def _pod_spec(spec: Obj, path: str, claims: frozenset[str] = frozenset()) -> list[Obj]:
    if not spec.get("containers"):
        return [required(f"{path}.containers")]
    seen: set[str] = set()
    found = []
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(kind) or ()):
            found += _container(container, f"{path}.{kind}[{index}]", seen)
    grace = spec.get("terminationGracePeriodSeconds")
    if isinstance(grace, int) and grace < 0:
        found.append(invalid_value(f"{path}.terminationGracePeriodSeconds", grace, NOT_NEGATIVE))
    return found + _mounts(spec, path, claims)


def _mounts(spec: Obj, path: str, claims: frozenset[str]) -> list[Obj]:
    volumes = {v.get("name") for v in spec.get("volumes") or ()} | claims
    found = []
    for index, container in enumerate(spec.get("containers") or ()):
        for at, mount in enumerate(container.get("volumeMounts") or ()):
            if mount.get("name") not in volumes:
                field = f"{path}.containers[{index}].volumeMounts[{at}].name"
                found.append(
                    cause("FieldValueNotFound", field, f'Not found: "{mount.get("name")}"')
                )
    return found


def _count(spec: Obj, field: str, path: str = "spec") -> list[Obj]:
    value = spec.get(field)
    if isinstance(value, int) and value < 0:
        return [invalid_value(f"{path}.{field}", value, NOT_NEGATIVE)]
    return []


def _restart_policy(obj: Obj, allowed: tuple[str, ...]) -> list[Obj]:
    policy = obj["spec"]["template"]["spec"].get("restartPolicy")
    if policy in allowed:
        return []
    told = ", ".join(f'"{value}"' for value in allowed)
    field = "spec.template.spec.restartPolicy"
    text = f'Unsupported value: "{policy}": supported values: {told}'
    return [cause("FieldValueNotSupported", field, text)]


def _workload(obj: Obj, old: Obj | None) -> list[Obj]:
    spec, template = obj["spec"], obj["spec"].get("template") or {}
    found = [c for field in WORKLOAD_COUNTS for c in _count(spec, field)]
    found += _selector(spec, old)
    claims = frozenset(c["metadata"]["name"] for c in spec.get("volumeClaimTemplates") or ())
    found += _pod_spec(template.get("spec") or {}, "spec.template.spec", claims)
    return found or _restart_policy(obj, ("Always",))


def _selector(spec: Obj, old: Obj | None) -> list[Obj]:
    """It must be there, stay as it was, and match the labels of the template."""
    selector = spec.get("selector")
    if not selector:
        return [required("spec.selector")]
    found = []
    if old is not None and old["spec"].get("selector") != selector:
        found.append(invalid_value("spec.selector", go_selector(selector), "field is immutable"))
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if not selects(selector, labels):
        text = "`selector` does not match template `labels`"
        found.append(invalid_value("spec.template.metadata.labels", go_map(labels), text))
    return found


def go_map(value: Obj) -> Any:
    return _Bare(
        "map[string]string{" + ", ".join(f'"{k}":"{v}"' for k, v in sorted(value.items())) + "}"
    )


def go_selector(selector: Obj) -> Any:
    labels = go_map(selector.get("matchLabels") or {})
    expressions = "[]v1.LabelSelectorRequirement(nil)"
    return _Bare(f"&v1.LabelSelector{{MatchLabels:{labels}, MatchExpressions:{expressions}}}")


class _Bare:
    """Text that is shown without quotes, as Go's %#v does for structs."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


STS_FIELDS = ("serviceName", "podManagementPolicy", "selector")
STS_TEXT = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals',"
    " 'template', 'updateStrategy', 'revisionHistoryLimit',"
    " 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def _statefulset(obj: Obj, old: Obj | None) -> list[Obj]:
    if old is not None and any(old["spec"].get(f) != obj["spec"].get(f) for f in STS_FIELDS):
        return [cause("FieldValueForbidden", "spec", STS_TEXT)]
    return _workload(obj, old)


POD_TEXT = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only"
    " additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set"
    " to 1 if it was previously negative)"
)


def _fixed_part(spec: Obj) -> Obj:
    free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName")
    kept = {k: v for k, v in spec.items() if k not in (*free, "containers", "initContainers")}
    for kind in ("containers", "initContainers"):
        kept[kind] = [{**c, "image": ""} for c in spec.get(kind) or ()]
    return kept


def _pod(obj: Obj, old: Obj | None) -> list[Obj]:
    found = _pod_spec(obj["spec"], "spec")
    if not found and old is not None and _fixed_part(old["spec"]) != _fixed_part(obj["spec"]):
        found.append(cause("FieldValueForbidden", "spec", POD_TEXT))
    return found


def _job(obj: Obj, old: Obj | None) -> list[Obj]:
    found = [
        c for f in ("completions", "parallelism", "backoffLimit") for c in _count(obj["spec"], f)
    ]
    found += _pod_spec((obj["spec"].get("template") or {}).get("spec") or {}, "spec.template.spec")
    if not found and old is not None and old["spec"]["template"] != obj["spec"]["template"]:
        found.append(
            invalid_value("spec.template", _Bare("core.PodTemplateSpec{…}"), "field is immutable")
        )
    return found or _restart_policy(obj, ("OnFailure", "Never"))


def _autoscaler(obj: Obj, old: Obj | None) -> list[Obj]:
    spec = obj.get("spec") or {}
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas")
    if not isinstance(high, int) or high < 1:
        return [invalid_value("spec.maxReplicas", high or 0, "must be greater than 0")]
    if high < low:
        why = "must be greater than or equal to `minReplicas`"
        return [invalid_value("spec.maxReplicas", high, why)]
    return []


def _claim(obj: Obj, old: Obj | None) -> list[Obj]:
    requests = ((obj.get("spec") or {}).get("resources") or {}).get("requests") or {}
    if "storage" not in requests:
        return [required("spec.resources[storage]")]
    found = _quantities(requests, "spec.resources.requests")
    if found or old is None:
        return found
    before = old["spec"]["resources"]["requests"]["storage"]
    if parse_quantity(requests["storage"]) < parse_quantity(before):
        text = "Forbidden: field can not be less than status.capacity"
        return [cause("FieldValueForbidden", "spec.resources.requests.storage", text)]
    return []


VALIDATORS: dict[str, Callable[[Obj, Obj | None], list[Obj]]] = {
    "deployments.apps": _workload,
    "replicasets.apps": _workload,
    "daemonsets.apps": _workload,
    "statefulsets.apps": _statefulset,
    "pods": _pod,
    "jobs.batch": _job,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "persistentvolumeclaims": _claim,
}


def validate(table: str, obj: Obj, old: Obj | None) -> list[Obj]:
    """Causes of a 422; `old` is None for a creation."""
    found = validate_name(table, obj["metadata"].get("name"))
    if not found and isinstance(obj.get("spec", {}), dict) and (check := VALIDATORS.get(table)):
        found = check(obj, old)
    return found
