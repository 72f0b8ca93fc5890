"""Which path of the API server leads to which kind: one table for the scan and for the writer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from detection.kubernetes.client import METADATA_LIST
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects import extensions, policy
from detection.kubernetes.objects.network_storage_scaling import (
    EndpointSlice,
    HorizontalPodAutoscaler,
    Ingress,
    PersistentVolumeClaim,
    PodDisruptionBudget,
    ScaledObject,
    Service,
    VerticalPodAutoscaler,
)


@dataclass(frozen=True)
class Resource:
    """Where the API server has a kind, and the attribute of Snapshot that holds its list.

    `type` is what the scan decodes; `kind` names one that it does not read. `accept` asks for the
    list in another form. `or_else`: the older version of its group, for clusters that don't serve
    the newer one.
    """

    group_version: str
    plural: str
    type: type[o.Object] = o.Object
    attribute: str = ""
    namespaced: bool = True
    accept: str = ""
    or_else: str = ""
    kind: str = ""

    @property
    def root(self) -> str:
        return f"/api/{self.group_version}" if self.is_core else f"/apis/{self.group_version}"

    @property
    def is_core(self) -> bool:
        return "/" not in self.group_version

    @property
    def kind_name(self) -> str:
        return self.kind or self.type.KIND

    @property
    def field(self) -> str:
        return self.attribute or self.plural

    @property
    def source(self) -> str:
        return f"kubernetes/{self.plural}"

    def path(self, namespace: str) -> str:
        if namespace and self.namespaced:
            return f"{self.root}/namespaces/{quote(namespace, safe='')}/{self.plural}"
        return f"{self.root}/{self.plural}"


ADMISSION, AGGREGATION = "admissionregistration.k8s.io/v1", "apiregistration.k8s.io/v1"
ISTIO, OLD_ISTIO = "security.istio.io/v1", "security.istio.io/v1beta1"
# What the scan reads.
RESOURCES = (
    Resource("v1", "pods", o.Pod),
    Resource("v1", "events", o.Event),
    Resource("apps/v1", "replicasets", o.ReplicaSet),
    Resource("apps/v1", "deployments", o.Deployment),
    Resource("apps/v1", "statefulsets", o.StatefulSet),
    Resource("apps/v1", "daemonsets", o.DaemonSet),
    Resource("apps/v1", "controllerrevisions", o.ControllerRevision),
    Resource("batch/v1", "jobs", o.Job),
    Resource("batch/v1", "cronjobs", o.CronJob),
    Resource("v1", "nodes", o.Node, namespaced=False),
    Resource("v1", "namespaces", o.Namespace, namespaced=False),
    Resource("v1", "configmaps", o.ConfigMap, accept=METADATA_LIST),
    Resource("v1", "resourcequotas", o.ResourceQuota),
    Resource("v1", "services", Service),
    Resource("v1", "persistentvolumeclaims", PersistentVolumeClaim, "pvcs"),
    Resource("discovery.k8s.io/v1", "endpointslices", EndpointSlice),
    Resource("networking.k8s.io/v1", "ingresses", Ingress),
    Resource("autoscaling/v2", "horizontalpodautoscalers", HorizontalPodAutoscaler, "hpas"),
    Resource("keda.sh/v1alpha1", "scaledobjects", ScaledObject),
    Resource("autoscaling.k8s.io/v1", "verticalpodautoscalers", VerticalPodAutoscaler, "vpas"),
    Resource("policy/v1", "poddisruptionbudgets", PodDisruptionBudget, "pdbs"),
    Resource("networking.k8s.io/v1", "ingressclasses", policy.IngressClass, namespaced=False),
    Resource("networking.k8s.io/v1", "networkpolicies", policy.NetworkPolicy),
    Resource("storage.k8s.io/v1", "storageclasses", policy.StorageClass, namespaced=False),
    Resource(
        ADMISSION,
        "validatingwebhookconfigurations",
        extensions.ValidatingWebhookConfiguration,
        "validatingwebhooks",
        namespaced=False,
    ),
    Resource(
        ADMISSION,
        "mutatingwebhookconfigurations",
        extensions.MutatingWebhookConfiguration,
        "mutatingwebhooks",
        namespaced=False,
    ),
    Resource(AGGREGATION, "apiservices", extensions.APIService, namespaced=False),
    Resource("cert-manager.io/v1", "certificates", policy.Certificate),
    Resource(ISTIO, "authorizationpolicies", policy.AuthorizationPolicy, or_else=OLD_ISTIO),
    Resource(ISTIO, "peerauthentications", policy.PeerAuthentication, or_else=OLD_ISTIO),
)
# What is read one by one, and is no part of a scan.
BESIDE_THE_SCAN = (
    Resource("v1", "serviceaccounts", kind="ServiceAccount"),
    Resource("v1", "limitranges", kind="LimitRange"),
)
BY_KIND: Mapping[str, Resource] = {
    resource.kind_name: resource for resource in (*RESOURCES, *BESIDE_THE_SCAN)
}
