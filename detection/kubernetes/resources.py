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
    PodDisruptionBudget,
    ScaledObject,
    Service,
    VerticalPodAutoscaler,
)
from detection.kubernetes.objects.volumes import (
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
)


@dataclass(frozen=True)
class ListedResource:
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
    ListedResource("v1", "pods", o.Pod),
    ListedResource("v1", "events", o.Event),
    ListedResource("apps/v1", "replicasets", o.ReplicaSet),
    ListedResource("apps/v1", "deployments", o.Deployment),
    ListedResource("apps/v1", "statefulsets", o.StatefulSet),
    ListedResource("apps/v1", "daemonsets", o.DaemonSet),
    ListedResource("apps/v1", "controllerrevisions", o.ControllerRevision),
    ListedResource("batch/v1", "jobs", o.Job),
    ListedResource("batch/v1", "cronjobs", o.CronJob),
    ListedResource("v1", "nodes", o.Node, namespaced=False),
    ListedResource("v1", "namespaces", o.Namespace, namespaced=False),
    ListedResource("v1", "configmaps", o.ConfigMap, accept=METADATA_LIST),
    ListedResource("v1", "resourcequotas", o.ResourceQuota),
    ListedResource("v1", "services", Service),
    ListedResource("v1", "persistentvolumeclaims", PersistentVolumeClaim, "pvcs"),
    ListedResource("v1", "persistentvolumes", PersistentVolume, namespaced=False),
    ListedResource("discovery.k8s.io/v1", "endpointslices", EndpointSlice),
    ListedResource("networking.k8s.io/v1", "ingresses", Ingress),
    ListedResource("autoscaling/v2", "horizontalpodautoscalers", HorizontalPodAutoscaler, "hpas"),
    ListedResource("keda.sh/v1alpha1", "scaledobjects", ScaledObject),
    ListedResource(
        "autoscaling.k8s.io/v1", "verticalpodautoscalers", VerticalPodAutoscaler, "vpas"
    ),
    ListedResource("policy/v1", "poddisruptionbudgets", PodDisruptionBudget, "pdbs"),
    ListedResource("networking.k8s.io/v1", "ingressclasses", policy.IngressClass, namespaced=False),
    ListedResource("networking.k8s.io/v1", "networkpolicies", policy.NetworkPolicy),
    ListedResource("storage.k8s.io/v1", "storageclasses", StorageClass, namespaced=False),
    ListedResource(
        ADMISSION,
        "validatingwebhookconfigurations",
        extensions.ValidatingWebhookConfiguration,
        "validatingwebhooks",
        namespaced=False,
    ),
    ListedResource(
        ADMISSION,
        "mutatingwebhookconfigurations",
        extensions.MutatingWebhookConfiguration,
        "mutatingwebhooks",
        namespaced=False,
    ),
    ListedResource(AGGREGATION, "apiservices", extensions.APIService, namespaced=False),
    ListedResource("cert-manager.io/v1", "certificates", policy.Certificate),
    ListedResource(ISTIO, "authorizationpolicies", policy.AuthorizationPolicy, or_else=OLD_ISTIO),
    ListedResource(ISTIO, "peerauthentications", policy.PeerAuthentication, or_else=OLD_ISTIO),
)
# What is read one by one, and is no part of a scan.
BESIDE_THE_SCAN = (
    ListedResource("v1", "serviceaccounts", kind="ServiceAccount"),
    ListedResource("v1", "limitranges", kind="LimitRange"),
)
BY_KIND: Mapping[str, ListedResource] = {
    resource.kind_name: resource for resource in (*RESOURCES, *BESIDE_THE_SCAN)
}
