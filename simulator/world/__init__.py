"""A healthy cluster with a past: built by running the controllers through simulated days."""

import json
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from simulator.apimachinery.clock import parse, stamp
from simulator.apimachinery.objects import Obj, name_of, namespace_of
from simulator.apiserver import registry
from simulator.apiserver.context import WriteContext
from simulator.cluster.container_behaviour import Image, Memory, canonical
from simulator.controllers.nodes.nodes import HEALTHY
from simulator.world import manifests as parts

if TYPE_CHECKING:
    from simulator.simulator import Simulator

Sized = tuple[str, str, int]
NAMESPACES = (
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "shop",
    "payments",
    "platform",
    "monitoring",
)
DEPLOYMENTS = (
    ("shop", "web", 3),
    ("shop", "checkout", 4),
    ("shop", "catalog", 3),
    ("shop", "search", 2),
    ("shop", "cart", 2),
    ("payments", "gateway", 3),
    ("payments", "ledger", 2),
    ("payments", "fraud", 2),
    ("platform", "auth", 3),
    ("platform", "notifications", 2),
    ("platform", "ingress", 2),
    ("monitoring", "grafana", 1),
    ("monitoring", "kube-state-metrics", 1),
    ("kube-system", "coredns", 2),
    ("kube-system", "metrics-server", 1),
)
STATEFULSETS = (
    ("shop", "orders-db", 3, "20Gi"),
    ("payments", "ledger-db", 2, "50Gi"),
    ("platform", "queue", 3, "10Gi"),
)
DAEMONSETS = (
    ("kube-system", "kube-proxy"),
    ("kube-system", "cni"),
    ("monitoring", "node-exporter"),
)
SINGLE_REVISION = ("coredns", "metrics-server", "kube-state-metrics")


def image_of(namespace: str, name: str, version: int) -> str:
    return f"registry.example.com/{namespace}/{name}:v2.{version}.0"


class World:
    def __init__(
        self,
        simulator: "Simulator",
        pods: int = 0,
        nodes: int = 5,
        history: float | None = 3600.0,
        more: Sequence[Sized] = (),
    ) -> None:
        self.history_seconds = history
        self.deployments = (*DEPLOYMENTS, *more)
        self.namespaces = tuple(dict.fromkeys((*NAMESPACES, *(row[0] for row in more))))
        self.simulator, self.cluster = simulator, simulator.cluster
        self.store = simulator.store
        self.extra_pods, self.nodes = pods, nodes
        self.now = simulator.cluster.clock.now()
        self.addresses = 10

    def build(self) -> None:
        """About forty days of past, then timers and metrics."""
        with self.store.lock:
            self._at(40 * 24, self._foundations)
            self._at(30 * 24, self._workloads)
            self._at(6 * 24, self._releases)
            self._at(20, self._jobs)
            self._at(2, self._cronjobs)
            self._warm_images()
            if self.extra_pods:
                Bulk(self, self.extra_pods).build()
            self._arrive()

    def _at(self, hours_ago: float, build: "object") -> None:
        moment = self.now - timedelta(hours=hours_ago)
        self.simulator.engine.skip_to(moment)
        with self.cluster.clock.at(moment):
            build(moment)  # type: ignore[operator]
        self.simulator.engine.run_until(moment + timedelta(seconds=300))

    def _arrive(self) -> None:
        with self.cluster.clock.at(self.now - timedelta(seconds=30)):
            self._beat(self.now - timedelta(seconds=30))
        for event in self.store.items("events"):
            if (self.now - parse(event["lastTimestamp"])).total_seconds() > 3600:
                self.store.remove("events", namespace_of(event), name_of(event))
        self.simulator.engine.skip_to(self.now - timedelta(seconds=20))
        with self.cluster.clock.at(self.now - timedelta(seconds=20)):
            self.simulator.seed_timers()
        self.simulator.engine.run_until(self.now)
        if self.history_seconds is not None:
            self.simulator.sampler.backfill(self.now, self.history_seconds)

    def _beat(self, moment: datetime) -> None:
        for node in self.store.items("nodes"):
            new = deepcopy(node)
            for condition in new["status"]["conditions"]:
                condition["lastHeartbeatTime"] = stamp(moment)
            self.store.put("nodes", new)

    def create(
        self, table: str, obj: Obj, now: datetime, manager: str = "kubectl-client-side-apply"
    ) -> Obj:
        return registry.create(
            self.cluster, self.cluster.resource(table), obj, WriteContext(now, manager)
        )

    def address(self) -> str:
        self.addresses += 1
        return f"10.96.{self.addresses // 250}.{self.addresses % 250}"

    def _foundations(self, now: datetime) -> None:
        for name in self.namespaces:
            self.create("namespaces", {"metadata": {"name": name}}, now)
        provisioner = {
            "metadata": {
                "name": "standard",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            }
        }
        settings = {
            "provisioner": "csi.example.com",
            "allowVolumeExpansion": True,
            "reclaimPolicy": "Delete",
        }
        self.create(
            "storageclasses.storage.k8s.io",
            provisioner | settings | {"volumeBindingMode": "Immediate"},
            now,
        )
        self.create(
            "ingressclasses.networking.k8s.io",
            {"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}},
            now,
        )
        for index in range(1, self.nodes + 1):
            self.add_node(index, now)
        for namespace in ("shop", "payments", "platform"):
            config = {
                "metadata": {"name": "app-config", "namespace": namespace},
                "data": {"config.yaml": "retries: 3\n"},
            }
            self.create("configmaps", config, now)
            secret = {
                "metadata": {"name": "app-secret", "namespace": namespace},
                "type": "Opaque",
                "data": {"password": "c2VjcmV0"},
            }
            self.create("secrets", secret, now)

    def add_node(self, index: int, now: datetime) -> None:
        large = self.extra_pods > 1000
        obj = parts.node(index, *(("64", "256Gi", "500") if large else ()))
        made = self.create("nodes", obj, now)
        conditions = [
            {
                "type": k,
                "status": s,
                "reason": r,
                "message": m,
                "lastTransitionTime": stamp(now),
                "lastHeartbeatTime": stamp(now),
            }
            for k, (s, r, m) in HEALTHY.items()
        ]
        self.store.put(
            "nodes",
            {
                **made,
                "metadata": dict(made["metadata"]),
                "status": {**obj["status"], "conditions": conditions},
            },
        )

    def _workloads(self, now: datetime) -> None:
        for namespace, name, replicas in self.deployments:
            image = image_of(namespace, name, 2)
            self.cluster.behaviour.add_image(image)
            self.cluster.behaviour.memory[(namespace, name, name)] = Memory(90 * 2**20)
            self.create("deployments.apps", parts.deployment(namespace, name, image, replicas), now)
            self.create("services", parts.service(namespace, name, self.address()), now)
        for namespace, name, replicas, size in STATEFULSETS:
            image = image_of(namespace, name, 2)
            self.cluster.behaviour.add_image(image)
            self.create(
                "statefulsets.apps", parts.statefulset(namespace, name, image, replicas, size), now
            )
            self.create("services", parts.service(namespace, name, "None"), now)
        for namespace, name in DAEMONSETS:
            image = image_of(namespace, name, 2)
            self.cluster.behaviour.add_image(image)
            self.create("daemonsets.apps", parts.daemonset(namespace, name, image), now)
        self._policies(now)

    def _policies(self, now: datetime) -> None:
        self.cluster.behaviour.cpu_cores[("shop", "web", "web")] = 0.21
        self.create(
            "horizontalpodautoscalers.autoscaling", parts.autoscaler("shop", "web", 2, 8), now
        )
        for namespace, name, least in (
            ("shop", "checkout", 2),
            ("payments", "gateway", 2),
            ("platform", "queue", 2),
        ):
            self.create("poddisruptionbudgets.policy", parts.budget(namespace, name, least), now)
        backend = {"service": {"name": "web", "port": {"name": "http"}}}
        path = {"path": "/", "pathType": "Prefix", "backend": backend}
        rules = [{"host": "shop.example.com", "http": {"paths": [path]}}]
        ingress = {
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"ingressClassName": "nginx", "rules": rules},
        }
        self.create("ingresses.networking.k8s.io", ingress, now)

    def _releases(self, now: datetime) -> None:
        """The second revision, so that each Deployment has an old ReplicaSet at 0."""
        resource = self.cluster.resource("deployments.apps")
        for namespace, name, _ in self.deployments:
            if name in SINGLE_REVISION:
                continue
            image = image_of(namespace, name, 3)
            self.cluster.behaviour.add_image(image)

            def released(obj: Obj, image: str = image) -> Obj:
                obj["spec"]["template"]["spec"]["containers"][0]["image"] = image
                return obj

            context = WriteContext(now, "kubectl-set")
            registry.update(self.cluster, resource, namespace, name, released, context)

    def _finished(self, image: str) -> str:
        self.cluster.behaviour.add_image(image, Image(run_seconds=12, log=("INFO done",)))
        return image

    def _jobs(self, now: datetime) -> None:
        for namespace, name in (("shop", "reindex"), ("platform", "migrate-users")):
            self.create(
                "jobs.batch",
                parts.job(namespace, name, self._finished(image_of(namespace, name, 1))),
                now,
            )

    def _cronjobs(self, now: datetime) -> None:
        image = self._finished(image_of("payments", "report", 1))
        self.create(
            "cronjobs.batch", parts.cronjob("payments", "report", image, "*/30 * * * *"), now
        )

    def _warm_images(self) -> None:
        """Images that run on a node are on its disk."""
        for pod in self.store.items("pods"):
            for spec in pod["spec"]["containers"]:
                for controller in self.simulator.engine.controllers:
                    pulls = getattr(controller, "pulls", None)
                    if pulls is not None:
                        pulls.present.add(
                            (pod["spec"].get("nodeName", ""), canonical(spec["image"]))
                        )


class Bulk:
    """Many more pods: copies of one real Deployment, its ReplicaSet and its pods, by text."""

    per_deployment = 20

    def __init__(self, world: World, pods: int) -> None:
        self.world, self.store = world, world.store
        self.missing = max(0, pods - len(world.store.table("pods").objects))

    def build(self) -> None:
        if not self.missing:
            return
        self.world._at(30, self._prototype)
        deployment = self.store.get("deployments.apps", "bulk", "bulk-proto")
        if deployment is None:
            raise RuntimeError("the prototype of the bulk pods is missing")
        replicaset = self.store.children(deployment["metadata"]["uid"])[0]
        pod = self.store.children(replicaset["metadata"]["uid"], "pods")[0]
        for index in range(self.missing // self.per_deployment):
            self._copy(index, deployment, replicaset, pod)

    def _prototype(self, now: datetime) -> None:
        self.world.create("namespaces", {"metadata": {"name": "bulk"}}, now)
        self.world.simulator.engine.run_until(now)
        image = image_of("bulk", "bulk-proto", 1)
        self.world.cluster.behaviour.add_image(image)
        obj = parts.deployment("bulk", "bulk-proto", image, self.per_deployment)
        obj["spec"]["template"]["spec"]["containers"][0]["resources"] = {
            "requests": {"cpu": "10m", "memory": "16Mi"}
        }
        self.world.create("deployments.apps", obj, now)

    def _copy(self, index: int, deployment: Obj, replicaset: Obj, pod: Obj) -> None:
        name, uids = f"bulk-{index:04d}", [self.world.cluster.new_uid() for _ in range(2)]
        olds = [deployment["metadata"]["uid"], replicaset["metadata"]["uid"]]

        def renamed(obj: Obj) -> Obj:
            text = (
                json.dumps(obj)
                .replace('"bulk-proto', f'"{name}')
                .replace("/bulk-proto", f"/{name}")
            )
            for old, new in zip(olds, uids, strict=True):
                text = text.replace(old, new)
            found: Obj = json.loads(text)
            found["metadata"].pop("resourceVersion")
            return found

        self.store.load("deployments.apps", [renamed(deployment)])
        self.store.load("replicasets.apps", [renamed(replicaset)])
        model = msgspec.json.encode(renamed(pod))
        self.store.load(
            "pods", [self._pod(model, index, number) for number in range(self.per_deployment)]
        )

    def _pod(self, model: bytes, index: int, number: int) -> Obj:
        serial = index * self.per_deployment + number
        new = msgspec.json.decode(model)
        base = name_of(new).rsplit("-", 1)[0]
        new["metadata"] |= {
            "name": f"{base}-{self.world.cluster.suffix()}",
            "uid": self.world.cluster.new_uid(),
        }
        new["spec"]["nodeName"] = f"node-{serial % self.world.nodes + 1}"
        ip = f"10.{100 + serial // 62500}.{serial // 250 % 250}.{serial % 250 + 1}"
        new["status"] |= {"podIP": ip, "podIPs": [{"ip": ip}]}
        found: Obj = new
        return found


def build(
    simulator: "Simulator",
    pods: int = 0,
    nodes: int | None = None,
    history_seconds: float | None = 3600.0,
    more: Sequence[Sized] = (),
) -> None:
    """Fills an empty simulator.

    `pods` is the total to reach, 0 for the background alone (about 60).

    `history_seconds` of metrics are made up from the present state, a sample a minute; None is no
    metrics, which makes it much quicker.
    `more` are Deployments beside those of the background: (namespace, name, replicas).
    """
    World(simulator, pods, nodes or max(5, pods // 200), history_seconds, more).build()


def clone(source: "Simulator", target: "Simulator", history_seconds: float | None = None) -> None:
    """Gives an empty simulator the state of a built one, at its time.

    Quicker than to build anew. Without `history_seconds` there are no metrics.
    """
    now = source.cluster.clock.now()
    target.cluster.clock.set(now)
    for name, table in source.store.tables.items():
        target.store.load(name, table.objects.values())
    target.store.revision = max(source.store.revision, target.store.revision)
    target.store.forget()
    target.cluster.behaviour = deepcopy(source.cluster.behaviour)
    for mine, other in zip(target.engine.controllers, source.engine.controllers, strict=False):
        if hasattr(other, "pulls"):
            mine.pulls, mine.addresses = deepcopy(other.pulls), other.addresses  # type: ignore[attr-defined]
    target.seed_timers()
    target.engine.run_until(now)
    if history_seconds is not None:
        target.sampler.backfill(now, history_seconds)
