"""Whether something outside the cluster owns an object's spec: Argo CD, Flux, or plain Helm."""

from __future__ import annotations

from detection.kubernetes.objects.core import ManagedMetadata, Object

ARGO_TRACKING = "argocd.argoproj.io/tracking-id"
ARGO_INSTANCE = "argocd.argoproj.io/instance"
FLUX_LABELS = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
MANAGERS = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
}


def managed_by_git(item: Object) -> str | None:
    """`Argo CD` or `Flux`; None where neither shows in labels, annotations or field managers."""
    marks = item.metadata.annotations.keys() | item.metadata.labels.keys()
    if marks & {ARGO_TRACKING, ARGO_INSTANCE}:
        return "Argo CD"
    if marks & set(FLUX_LABELS):
        return "Flux"
    if isinstance(item.metadata, ManagedMetadata):
        fields = item.metadata.managed_fields
        return next((MANAGERS[f.manager] for f in fields if f.manager in MANAGERS), None)
    return None
