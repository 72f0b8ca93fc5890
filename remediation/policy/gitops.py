"""Who else owns a spec: Argo CD, Flux, Helm."""

from __future__ import annotations

from remediation.policy.case import OwnerTarget

ARGO_MARKS = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
FLUX_MARKS = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
ARGO_MANAGERS = frozenset({"argocd-controller", "argocd-application-controller"})
FLUX_MANAGERS = frozenset({"kustomize-controller", "helm-controller"})
MANAGED_BY = "app.kubernetes.io/managed-by"


def gitops_owner(target: OwnerTarget) -> str:
    """`Argo CD` or `Flux`, '' where neither owns the object."""
    marks = {*target.labels, *target.annotations}
    if marks.intersection(ARGO_MARKS) or target.managers & ARGO_MANAGERS:
        return "Argo CD"
    if marks.intersection(FLUX_MARKS) or target.managers & FLUX_MANAGERS:
        return "Flux"
    return ""


def is_helm_release(target: OwnerTarget) -> bool:
    return target.labels.get(MANAGED_BY) == "Helm"
