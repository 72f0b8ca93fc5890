"""The controllers that make a cluster move, each after its namesake in Kubernetes."""

from typing import Any

from simulator.cluster import Cluster
from simulator.controllers.cluster.budgets import Budgets
from simulator.controllers.cluster.endpoints import Endpoints
from simulator.controllers.cluster.events import EventExpiry
from simulator.controllers.cluster.garbage import Garbage
from simulator.controllers.cluster.namespaces import Namespaces
from simulator.controllers.cluster.quotas import Quotas
from simulator.controllers.cluster.volumes import Volumes
from simulator.controllers.nodes.kubelet import Kubelet
from simulator.controllers.nodes.nodes import Heartbeats, NodeLifecycle
from simulator.controllers.nodes.scheduler import Scheduler
from simulator.controllers.work_queue import Controller
from simulator.controllers.workloads.autoscaler import Autoscaler
from simulator.controllers.workloads.cronjobs import CronJobs
from simulator.controllers.workloads.daemonsets import DaemonSets
from simulator.controllers.workloads.deployments import Deployments
from simulator.controllers.workloads.jobs import Jobs
from simulator.controllers.workloads.replicasets import ReplicaSets
from simulator.controllers.workloads.statefulsets import StatefulSets


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
