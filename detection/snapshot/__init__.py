"""The cluster as one pass saw it, with the indexes that failures ask for, built when first asked.

Nothing here reads a clock or a network. What could not be read is in `blind`; what the cluster
does not have is in `not_installed`. Owners are followed by UID, never by name. What is derived
from the objects by others (services, selectors, errors in logs) is a `view`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar, cast

from detection.domain.findings import ObjectRef, key_of
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
from detection.snapshot.owners import TopOwners
from detection.snapshot.pod_status import is_active, is_ready, is_suspect

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
REVISION = "deployment.kubernetes.io/revision"
LogKey = tuple[str, str, str]
View = TypeVar("View")


@dataclass(frozen=True)
class Snapshot:
    """`at` is when the pass began.

    `logs`: (namespace, pod, container) → the end of its log, of the few that were read.
    `unread`: what part of a source did not answer → why; it keeps nothing else from being seen.
    """

    at: datetime
    blind: dict[str, str] = field(default_factory=dict)
    not_installed: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    pods: tuple[o.Pod, ...] = ()
    replicasets: tuple[o.ReplicaSet, ...] = ()
    deployments: tuple[o.Deployment, ...] = ()
    statefulsets: tuple[o.StatefulSet, ...] = ()
    daemonsets: tuple[o.DaemonSet, ...] = ()
    controllerrevisions: tuple[o.ControllerRevision, ...] = ()
    jobs: tuple[o.Job, ...] = ()
    cronjobs: tuple[o.CronJob, ...] = ()
    nodes: tuple[o.Node, ...] = ()
    events: tuple[o.Event, ...] = ()
    namespaces: tuple[o.Namespace, ...] = ()
    configmaps: tuple[o.ConfigMap, ...] = ()
    resourcequotas: tuple[o.ResourceQuota, ...] = ()
    services: tuple[Service, ...] = ()
    endpointslices: tuple[EndpointSlice, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    pvcs: tuple[PersistentVolumeClaim, ...] = ()
    persistentvolumes: tuple[PersistentVolume, ...] = ()
    hpas: tuple[HorizontalPodAutoscaler, ...] = ()
    scaledobjects: tuple[ScaledObject, ...] = ()
    vpas: tuple[VerticalPodAutoscaler, ...] = ()
    pdbs: tuple[PodDisruptionBudget, ...] = ()
    ingressclasses: tuple[policy.IngressClass, ...] = ()
    networkpolicies: tuple[policy.NetworkPolicy, ...] = ()
    storageclasses: tuple[StorageClass, ...] = ()
    certificates: tuple[policy.Certificate, ...] = ()
    authorizationpolicies: tuple[policy.AuthorizationPolicy, ...] = ()
    peerauthentications: tuple[policy.PeerAuthentication, ...] = ()
    validatingwebhooks: tuple[extensions.ValidatingWebhookConfiguration, ...] = ()
    mutatingwebhooks: tuple[extensions.MutatingWebhookConfiguration, ...] = ()
    apiservices: tuple[extensions.APIService, ...] = ()
    logs: Mapping[LogKey, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    _views: dict[object, object] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def workloads(self) -> tuple[o.Workload, ...]:
        """Deployments, StatefulSets and DaemonSets; ReplicaSets only where they stand alone."""
        alone = tuple(rs for rs in self.replicasets if rs.controller is None)
        return (*self.deployments, *self.statefulsets, *self.daemonsets, *alone)

    @cached_property
    def suspects(self) -> tuple[o.Pod, ...]:
        """Active pods that are not ready or were restarted: where every failure of pods begins."""
        return tuple(pod for pod in self.pods if is_active(pod) and is_suspect(pod))

    @cached_property
    def by_uid(self) -> dict[str, o.Object]:
        lists: tuple[Iterable[o.Object], ...] = (
            self.pods,
            self.replicasets,
            self.deployments,
            self.statefulsets,
            self.daemonsets,
            self.jobs,
            self.cronjobs,
            self.nodes,
            self.services,
            self.hpas,
            self.pdbs,
            self.pvcs,
            self.persistentvolumes,
            self.namespaces,
            self.resourcequotas,
            self.apiservices,
            self.validatingwebhooks,
            self.mutatingwebhooks,
        )
        return {item.metadata.uid: item for items in lists for item in items if item.metadata.uid}

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, str], o.Object]:
        extra: tuple[o.Object, ...] = (
            *self.configmaps,
            *self.ingresses,
            *self.resourcequotas,
            *self.networkpolicies,
            *self.certificates,
            *self.authorizationpolicies,
            *self.peerauthentications,
        )
        found = {(i.KIND, i.metadata.namespace, i.metadata.name): i for i in extra}
        for item in self.by_uid.values():
            found[(item.KIND, item.metadata.namespace, item.metadata.name)] = item
        return found

    def find(self, kind: str, namespace: str, name: str) -> o.Object | None:
        return self._by_name.get((kind, namespace, name))

    def get(self, ref: ObjectRef) -> o.Object | None:
        """The very object: with a UID only that one, without one by its name."""
        if ref.uid:
            found = self.by_uid.get(ref.uid)
            return found if found is not None and ref.kind == found.KIND else None
        return self.find(ref.kind, ref.namespace, ref.name)

    @cached_property
    def _owners(self) -> TopOwners:
        return TopOwners(self.by_uid)

    def top_owner(self, item: o.Object) -> ObjectRef:
        """The controller above all others, or the object itself; see owners.py."""
        return self._owners.top(item)

    @cached_property
    def _pods_by_owner(self) -> Mapping[str, list[o.Pod]]:
        found: defaultdict[str, list[o.Pod]] = defaultdict(list)
        for pod in self.pods:
            found[key_of(self.top_owner(pod))].append(pod)
        return found

    def pods_of(self, owner_uid: str) -> list[o.Pod]:
        """All pods below that top owner, finished and terminating ones included."""
        return self._pods_by_owner.get(owner_uid, [])

    def pods_below(self, ref: ObjectRef) -> list[o.Pod]:
        """As `pods_of`, also where a server gave no UID."""
        return self._pods_by_owner.get(key_of(ref), [])

    @cached_property
    def owners_of_pods(self) -> tuple[ObjectRef, ...]:
        """Every top owner that has pods."""
        return tuple({key_of(ref): ref for ref in map(self.top_owner, self.pods)}.values())

    @cached_property
    def _pods_by_node(self) -> Mapping[str, list[o.Pod]]:
        found: defaultdict[str, list[o.Pod]] = defaultdict(list)
        for pod in self.pods:
            if pod.spec.node_name:
                found[pod.spec.node_name].append(pod)
        return found

    def pods_on(self, node_name: str) -> list[o.Pod]:
        return self._pods_by_node.get(node_name, [])

    @cached_property
    def _pods_by_claim(self) -> Mapping[tuple[str, str], list[o.Pod]]:
        found: defaultdict[tuple[str, str], list[o.Pod]] = defaultdict(list)
        for pod in self.pods:
            for volume in pod.spec.volumes:
                if volume.persistent_volume_claim is not None:
                    name = volume.persistent_volume_claim.claim_name
                    found[pod.metadata.namespace, name].append(pod)
        return found

    def users_of_claim(self, ref: ObjectRef) -> list[o.Pod]:
        """Pods that name the PersistentVolumeClaim."""
        return self._pods_by_claim.get((ref.namespace, ref.name), [])

    @cached_property
    def _events(self) -> Mapping[str, list[o.Event]]:
        found: defaultdict[str, list[o.Event]] = defaultdict(list)
        for event in sorted(self.events, key=lambda e: e.at or LONG_AGO):
            about = event.involved_object
            found[about.uid or f"{about.kind}/{about.namespace}/{about.name}"].append(event)
        return found

    def events_of(self, uid: str) -> list[o.Event]:
        """Events about the object, newest last. A kubelet gives its node's name as the UID."""
        return self._events.get(uid, [])

    @cached_property
    def _replicasets_by_owner(self) -> Mapping[str, list[o.ReplicaSet]]:
        found: defaultdict[str, list[o.ReplicaSet]] = defaultdict(list)
        for replicaset in sorted(self.replicasets, key=revision_order):
            if (above := replicaset.controller) is not None:
                found[above.uid].append(replicaset)
        return found

    def replicasets_of(self, deployment_uid: str) -> list[o.ReplicaSet]:
        """By revision, the newest last."""
        return self._replicasets_by_owner.get(deployment_uid, [])

    @cached_property
    def _revisions_by_owner(self) -> Mapping[str, list[o.ControllerRevision]]:
        found: defaultdict[str, list[o.ControllerRevision]] = defaultdict(list)
        for revision in sorted(self.controllerrevisions, key=lambda r: r.revision):
            if (above := revision.controller) is not None:
                found[above.uid].append(revision)
        return found

    def controllerrevisions_of(self, owner_uid: str) -> list[o.ControllerRevision]:
        """By revision, the newest last."""
        return self._revisions_by_owner.get(owner_uid, [])

    @cached_property
    def _jobs_by_owner(self) -> Mapping[str, list[o.Job]]:
        found: defaultdict[str, list[o.Job]] = defaultdict(list)
        for job in self.jobs:
            found[key_of(self.top_owner(job))].append(job)
        return found

    def jobs_below(self, ref: ObjectRef) -> list[o.Job]:
        return self._jobs_by_owner.get(key_of(ref), [])

    @cached_property
    def _nodes(self) -> dict[str, o.Node]:
        return {node.metadata.name: node for node in self.nodes}

    def node(self, name: str) -> o.Node | None:
        return self._nodes.get(name)

    @cached_property
    def _pods_by_namespace(self) -> Mapping[str, list[o.Pod]]:
        found: defaultdict[str, list[o.Pod]] = defaultdict(list)
        for pod in self.pods:
            found[pod.metadata.namespace].append(pod)
        return found

    def all_pods_in(self, namespace: str) -> list[o.Pod]:
        """All pods of a namespace, finished and terminating ones included."""
        return self._pods_by_namespace.get(namespace, [])

    def view(self, make: Callable[[Snapshot], View]) -> View:
        """What `make` derives from this snapshot, made when first asked and kept with it."""
        if make not in self._views:
            self._views[make] = make(self)
        return cast(View, self._views[make])

    def ready_of(self, ref: ObjectRef) -> tuple[int, int]:
        """Ready and desired replicas: from the owner's status and from its pods, the larger."""
        pods = [pod for pod in self.pods_below(ref) if is_active(pod)]
        ready = sum(map(is_ready, pods))
        item = self.get(ref)
        if isinstance(item, o.DaemonSet):
            return max(item.status.number_ready, ready), item.status.desired_number_scheduled
        if isinstance(item, o.Deployment | o.StatefulSet | o.ReplicaSet):
            return max(item.status.ready_replicas, ready), item.spec.replicas
        return ready, len(pods)

    def owner_map(self) -> dict[str, ObjectRef]:
        """`namespace/pod` → its top owner, for metrics that only name the pod."""
        return {
            f"{pod.metadata.namespace}/{pod.metadata.name}": self.top_owner(pod)
            for pod in self.pods
        }

    def uids(self) -> dict[str, str]:
        """`Kind/namespace/name` → UID, for metrics that only name the object."""
        return {
            f"{item.KIND}/{item.metadata.namespace}/{item.metadata.name}": uid
            for uid, item in self.by_uid.items()
        }


def revision_of_replicaset(replicaset: o.ReplicaSet) -> int:
    """The number that `kubectl rollout undo` takes; 0 where it isn't there."""
    value = replicaset.metadata.annotations.get(REVISION, "")
    return int(value) if value.isdecimal() else 0


def revision_order(replicaset: o.ReplicaSet) -> tuple[int, datetime]:
    return (
        revision_of_replicaset(replicaset),
        replicaset.metadata.creation_timestamp or LONG_AGO,
    )
