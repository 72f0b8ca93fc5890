"""Which kinds the API serves, and how a path segment leads to one."""

from collections.abc import Iterable
from dataclasses import dataclass, field

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Resource:
    """One served kind. `storage` names the table, so that two groups may share one."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    storage: str = ""
    custom: bool = False

    @property
    def qualified(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def table(self) -> str:
        return self.storage or self.qualified

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.kind.lower()


def _core() -> list[Resource]:
    def core(plural: str, kind: str, *short: str, ns: bool = True, sub: str = "") -> Resource:
        return Resource("", "v1", plural, kind, ns, short, tuple(sub.split()))

    return [
        core("namespaces", "Namespace", "ns", ns=False, sub="status finalize"),
        core("nodes", "Node", "no", ns=False, sub="status"),
        core("pods", "Pod", "po", sub="status log eviction ephemeralcontainers resize"),
        core("services", "Service", "svc", sub="status"),
        core("endpoints", "Endpoints", "ep"),
        core("events", "Event", "ev"),
        core("configmaps", "ConfigMap", "cm"),
        core("secrets", "Secret"),
        core("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", sub="status"),
        core("persistentvolumes", "PersistentVolume", "pv", ns=False, sub="status"),
        core("resourcequotas", "ResourceQuota", "quota", sub="status"),
        core("limitranges", "LimitRange", "limits"),
        core("serviceaccounts", "ServiceAccount", "sa"),
        core("podtemplates", "PodTemplate"),
        core("replicationcontrollers", "ReplicationController", "rc", sub="status scale"),
    ]


def _workloads() -> list[Resource]:
    def apps(plural: str, kind: str, short: str = "", sub: str = "status scale") -> Resource:
        names = (short,) if short else ()
        return Resource("apps", "v1", plural, kind, True, names, tuple(sub.split()), ("all",))

    return [
        apps("deployments", "Deployment", "deploy"),
        apps("replicasets", "ReplicaSet", "rs"),
        apps("statefulsets", "StatefulSet", "sts"),
        apps("daemonsets", "DaemonSet", "ds", "status"),
        apps("controllerrevisions", "ControllerRevision", "", ""),
        Resource("batch", "v1", "jobs", "Job", True, (), ("status",), ("all",)),
        Resource("batch", "v1", "cronjobs", "CronJob", True, ("cj",), ("status",), ("all",)),
        Resource(
            "autoscaling",
            "v2",
            "horizontalpodautoscalers",
            "HorizontalPodAutoscaler",
            True,
            ("hpa",),
            ("status",),
            ("all",),
        ),
        Resource(
            "policy",
            "v1",
            "poddisruptionbudgets",
            "PodDisruptionBudget",
            True,
            ("pdb",),
            ("status",),
        ),
    ]


def _network_and_storage() -> list[Resource]:
    networking = "networking.k8s.io"
    return [
        Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
        Resource("events.k8s.io", "v1", "events", "Event", True, ("ev",), storage="events"),
        Resource(networking, "v1", "ingresses", "Ingress", True, ("ing",), ("status",)),
        Resource(networking, "v1", "ingressclasses", "IngressClass", False),
        Resource(networking, "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",)),
        Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, ("sc",)),
        Resource("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", False),
        Resource("storage.k8s.io", "v1", "csidrivers", "CSIDriver", False),
        Resource("coordination.k8s.io", "v1", "leases", "Lease"),
        Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, ("pc",)),
    ]


def _administration() -> list[Resource]:
    admission, rbac = "admissionregistration.k8s.io", "rbac.authorization.k8s.io"

    def config(plural: str, kind: str) -> Resource:
        return Resource(admission, "v1", plural, kind, False)

    def review(plural: str, kind: str) -> Resource:
        return Resource("authorization.k8s.io", "v1", plural, kind, False, verbs=("create",))

    return [
        config("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
        config("mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
        Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False),
        Resource(
            "apiextensions.k8s.io",
            "v1",
            "customresourcedefinitions",
            "CustomResourceDefinition",
            False,
            ("crd", "crds"),
        ),
        Resource(rbac, "v1", "roles", "Role"),
        Resource(rbac, "v1", "rolebindings", "RoleBinding"),
        Resource(rbac, "v1", "clusterroles", "ClusterRole", False),
        Resource(rbac, "v1", "clusterrolebindings", "ClusterRoleBinding", False),
        review("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        review("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ]


def built_in() -> list[Resource]:
    return [*_core(), *_workloads(), *_network_and_storage(), *_administration()]


@dataclass
class Catalogue:
    """The served kinds. A removed group answers 404 and is absent from discovery."""

    resources: list[Resource] = field(default_factory=built_in)

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        for resource in self.resources:
            if (resource.group, resource.version, resource.plural) == (group, version, plural):
                return resource
        return None

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        for resource in self.resources:
            if resource.kind == kind and resource.api_version == api_version:
                return resource
        return None

    def by_kind(self, kind: str) -> Resource | None:
        return next((r for r in self.resources if r.kind == kind and not r.storage), None)

    def of_table(self, table: str) -> Resource:
        return next(r for r in self.resources if r.table == table and not r.storage)

    def add(self, resource: Resource) -> Resource:
        self.resources.append(resource)
        return resource

    def add_custom(
        self, group: str, version: str, plural: str, kind: str, namespaced: bool = True
    ) -> Resource:
        """Serves a custom resource, as a CustomResourceDefinition would."""
        return self.add(
            Resource(group, version, plural, kind, namespaced, (), ("status",), custom=True)
        )

    def remove_group(self, group: str) -> None:
        self.resources = [r for r in self.resources if r.group != group]

    def groups(self) -> dict[str, list[str]]:
        """API groups (without the core) and their versions."""
        found: dict[str, list[str]] = {}
        for resource in self.resources:
            versions = found.setdefault(resource.group, []) if resource.group else []
            if resource.version not in versions:
                versions.append(resource.version)
        return found

    def of(self, group: str, version: str) -> Iterable[Resource]:
        return (r for r in self.resources if r.group == group and r.version == version)
