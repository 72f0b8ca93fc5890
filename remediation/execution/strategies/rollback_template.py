"""The pod template of an older revision, and whether what it names is still there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from detection.domain.findings import ObjectRef
from remediation.cluster import writer
from remediation.cluster.recorded_revisions import template_of
from remediation.cluster.writer import ObjectChanged, Session

REVISION = "deployment.kubernetes.io/revision"
Template = dict[str, Any]


def older_template(
    session: Session, owner_seen: Mapping[str, Any], owner: ObjectRef, revision: Any
) -> Template | None:
    """The template of that revision; None where no revision is asked for.

    Raises ObjectChanged where the revision, or a ConfigMap, PVC or ServiceAccount that it names, is
    gone.
    """
    if revision is None:
        return None
    kind = "ReplicaSet" if owner.kind == "Deployment" else "ControllerRevision"
    found = _of_revision(_children(session, owner_seen, owner, kind), kind, int(revision))
    if found is None:
        raise ObjectChanged(f"revision {revision} of {owner} is gone")
    for ref in named_objects(found, owner.namespace):
        if not writer.exists(session, ref):
            raise ObjectChanged(f"revision {revision} names {ref.kind} {ref.name}, which is gone")
    return found


def _children(
    session: Session, owner_seen: Mapping[str, Any], owner: ObjectRef, kind: str
) -> list[dict[str, Any]]:
    selector = (owner_seen["spec"].get("selector") or {}).get("matchLabels") or {}
    query = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    items = writer.list_of(session, kind, owner.namespace, query)
    return [item for item in items if _is_controlled(item, owner.uid)]


def _is_controlled(item: Mapping[str, Any], uid: str) -> bool:
    refs = item["metadata"].get("ownerReferences") or []
    return any(ref.get("controller") and ref.get("uid") == uid for ref in refs)


def _of_revision(items: list[dict[str, Any]], kind: str, revision: int) -> Template | None:
    for item in items:
        if kind == "ReplicaSet":
            number = (item["metadata"].get("annotations") or {}).get(REVISION)
            if number == str(revision):
                return dict(item["spec"]["template"])
        elif item.get("revision") == revision:
            return template_of(item)
    return None


def named_objects(template: Mapping[str, Any], namespace: str) -> list[ObjectRef]:
    """ConfigMaps, PVCs and the ServiceAccount that pods of this template can't do without."""
    spec = template.get("spec") or {}
    names = {*_from_volumes(spec), *_from_containers(spec)}
    if account := spec.get("serviceAccountName"):
        names.add(("ServiceAccount", account))
    return [ObjectRef(kind, namespace, name) for kind, name in sorted(names)]


def _from_volumes(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for volume in spec.get("volumes") or []:
        projected = (volume.get("projected") or {}).get("sources") or []
        for source in (volume, *projected):
            config = source.get("configMap") or {}
            if _is_needed(config):
                yield "ConfigMap", config["name"]
        if claim := volume.get("persistentVolumeClaim"):
            yield "PersistentVolumeClaim", claim["claimName"]


def _from_containers(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        for ref in filter(_is_needed, _config_refs(container)):
            yield "ConfigMap", ref["name"]


def _config_refs(container: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What names a ConfigMap in its environment; {} for each entry that names none."""
    for item in container.get("envFrom") or []:
        yield item.get("configMapRef") or {}
    for item in container.get("env") or []:
        yield (item.get("valueFrom") or {}).get("configMapKeyRef") or {}


def _is_needed(ref: Mapping[str, Any]) -> bool:
    return bool(ref.get("name")) and not ref.get("optional")
