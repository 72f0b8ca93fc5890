"""What an owner's recorded revisions ran, as the lines that the admission policy compares.

The chart's policy builds the same lines in CEL (deploy/helm/kubewise/templates/_cel.tpl): what is
written by the act account is one of them, or as it was.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import Connection
from remediation.cluster.writer import Session, list_of, path_of

Object = Mapping[str, Any]
MERGE_PATCH = "application/merge-patch+json"
FIELD_MANAGER = "kubewise-recorder"
WORKLOADS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
PLACES = ("limits.cpu", "limits.memory", "requests.cpu", "requests.memory")
# No policy can compare these: a container that has one is not written down.
NOT_COMPARED = "?"


def record(connection: Connection, namespace: str, name: str) -> int:
    """Bring the ConfigMap up to date; how many owners changed. Raises KubernetesError.

    It must exist: the recorder's account may patch this one ConfigMap and create none.
    """
    path = path_of(ObjectRef("ConfigMap", namespace, name, ""))
    known: dict[str, str] = json.loads(connection.get(path)).get("data") or {}
    change = changes(known, found(Session(connection), namespace))
    if change:
        params = {"fieldManager": FIELD_MANAGER}
        connection.request("PATCH", path, params, {"data": change}, MERGE_PATCH)
    return len(change)


def changes(known: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str | None]:
    """What a merge patch has to say; None takes a key away."""
    gone = {key: None for key in known if key not in now}
    return gone | {key: text for key, text in now.items() if known.get(key) != text}


def found(session: Session, namespace: str) -> dict[str, str]:
    """The lines of every owner in the namespace, by the key that the policy looks for."""
    templates: defaultdict[str, list[Object]] = defaultdict(list)
    for key, template in (*_revisions(session, namespace), *_jobs(session, namespace)):
        templates[key].append(template)
    return {key: recorded(several) for key, several in sorted(templates.items())}


def _revisions(session: Session, namespace: str) -> Iterator[tuple[str, Object]]:
    for kind in ("ReplicaSet", "ControllerRevision"):
        for item in list_of(session, kind, namespace, ""):
            template = item["spec"]["template"] if kind == "ReplicaSet" else template_of(item)
            owner = next((ref for ref in owners_of(item) if ref["kind"] in WORKLOADS), None)
            if owner and template:
                yield f"{WORKLOADS[owner['kind']]}.{owner['name']}", template


def _jobs(session: Session, namespace: str) -> Iterator[tuple[str, Object]]:
    for item in list_of(session, "Job", namespace, ""):
        yield f"jobs.{item['metadata']['name']}", item["spec"]["template"]
    for item in list_of(session, "CronJob", namespace, ""):
        yield (
            f"cronjobs.{item['metadata']['name']}",
            item["spec"]["jobTemplate"]["spec"]["template"],
        )


def owners_of(item: Object) -> list[dict[str, Any]]:
    return [ref for ref in item["metadata"].get("ownerReferences") or [] if ref.get("controller")]


def template_of(revision: Object) -> dict[str, Any] | None:
    """A ControllerRevision holds a patch whose template is whole, marked `$patch: replace`."""
    data = revision.get("data")
    raw = json.loads(data) if isinstance(data, str) else data
    template = ((raw or {}).get("spec") or {}).get("template")
    if not isinstance(template, dict):
        return None
    return {key: value for key, value in template.items() if key != "$patch"}


def recorded(templates: Iterable[Object]) -> str:
    """All lines of these pod templates, each once and sorted: the value of a ConfigMap's key."""
    return "\n".join(sorted({line for template in templates for line in lines_of(template)}))


def lines_of(template: Object) -> Iterator[str]:
    """Its account, its containers, and the labels and annotations of its pods."""
    spec, meta = template.get("spec") or {}, template.get("metadata") or {}
    yield f"account\t{spec.get('serviceAccountName') or 'default'}"
    for field in ("containers", "initContainers"):
        yield from filter(None, map(_container_line, spec.get(field) or ()))
    for field in ("labels", "annotations"):
        for key, value in (meta.get(field) or {}).items():
            yield f"{field}\t{key}={_escaped(value)}"


def _container_line(container: Object) -> str:
    """'' where a part of it can't be compared."""
    parts = [
        *("container", _escaped(container["name"]), _escaped(container.get("image") or "")),
        *(f"c={_escaped(one)}" for one in container.get("command") or ()),
        *(f"a={_escaped(one)}" for one in container.get("args") or ()),
        *map(_variable, container.get("env") or ()),
        *(f"{place}={_amount(container, place)}" for place in PLACES),
    ]
    return "" if NOT_COMPARED in parts else "\t".join(parts)


def _variable(one: Object) -> str:
    name, source = one["name"], one.get("valueFrom")
    if not source:
        return f"e={name}={_escaped(one.get('value') or '')}"
    for letter, field in (("s", "secretKeyRef"), ("m", "configMapKeyRef")):
        if ref := source.get(field):
            return f"{letter}={name}={ref.get('name', '')}/{ref['key']}"
    if ref := source.get("fieldRef"):
        return f"f={name}={ref['fieldPath']}"
    return NOT_COMPARED


def _amount(container: Object, place: str) -> str:
    kind, _, name = place.partition(".")
    return str(((container.get("resources") or {}).get(kind) or {}).get(name, ""))


def _escaped(text: Any) -> str:
    return str(text).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
