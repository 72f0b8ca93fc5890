"""Who changed an object, by its managed fields."""

from __future__ import annotations

from datetime import datetime

from detection.kubernetes.objects.core import ManagedMetadata, Object

OURS = frozenset({"kubewise", "kube-controller-manager", "kube-scheduler", "kubelet"})


def managers(found: Object) -> frozenset[str]:
    meta = found.metadata
    if not isinstance(meta, ManagedMetadata):
        return frozenset()
    return frozenset(field.manager for field in meta.managed_fields)


def changed_by(found: Object, onset: datetime) -> str:
    """Who, beside Kubernetes and us, wrote the object after the onset; '' for nobody.

    `kubectl scale` writes a subresource: only the status is no work of anybody's.
    """
    meta = found.metadata
    if not isinstance(meta, ManagedMetadata):
        return ""
    for field in meta.managed_fields:
        late = field.time is not None and field.time > onset
        if late and field.subresource != "status" and field.manager not in OURS:
            return field.manager
    return ""
