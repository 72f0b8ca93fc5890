"""The controllers that make a cluster move, each after its namesake in Kubernetes."""

from typing import Any

from simulator.cluster import Cluster
from simulator.controllers.autoscaler import Autoscaler
from simulator.controllers.budgets import Budgets
from simulator.controllers.cronjobs import CronJobs
from simulator.controllers.daemonsets import DaemonSets
from simulator.controllers.deployments import Deployments
from simulator.controllers.endpoints import Endpoints
from simulator.controllers.events import EventExpiry
from simulator.controllers.garbage import Garbage
from simulator.controllers.jobs import Jobs
from simulator.controllers.kubelet import Kubelet
from simulator.controllers.namespaces import Namespaces
from simulator.controllers.nodes import Heartbeats, NodeLifecycle
from simulator.controllers.quotas import Quotas
from simulator.controllers.replicasets import ReplicaSets
from simulator.controllers.scheduler import Scheduler
from simulator.controllers.statefulsets import StatefulSets
from simulator.controllers.volumes import Volumes
from simulator.engine import Controller


def all_controllers(cluster: Cluster) -> list[Controller]:
    makers: tuple[Any, ...] = (
        Namespaces,
        Garbage,
        Volumes,
        Deployments,
        ReplicaSets,
        StatefulSets,
        DaemonSets,
        CronJobs,
        Jobs,
        Scheduler,
        Kubelet,
        Heartbeats,
        NodeLifecycle,
        Endpoints,
        Budgets,
        Autoscaler,
        Quotas,
        EventExpiry,
    )
    return [maker(cluster) for maker in makers]
