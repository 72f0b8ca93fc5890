"""Failures that AUTO must leave to people: nothing earlier is known to have worked, or the fault
is not in the workload.
"""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.causes import Cause
from tests.controlplane.rest import Json
from tests.node.harness import images
from tests.node.workloads import ABSENT, container, pod_spec, workload


@dataclass(frozen=True)
class ForPeople:
    name: str
    made: Json
    cause: Cause


def _case(name: str, cause: Cause, *containers: Json, replicas: int = 1) -> ForPeople:
    spec = pod_spec(*containers)
    return ForPeople(name, workload("Deployment", name, spec, replicas), cause)


def _bare_pod(name: str) -> Json:
    spec = pod_spec(container("crash", "1"))
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


HOST_PORT = {"ports": [{"containerPort": 8080, "hostPort": 18080}]}
FOR_PEOPLE = (
    _case("never-there", Cause.IMAGE_NOT_FOUND, container(image=f"{images.OPEN}/none:1")),
    _case("no-password", Cause.PULL_UNAUTHORIZED, container(image=images.LOCKED)),
    _case("registry-down", Cause.REGISTRY_DOWN, container(image="down.test/app:1")),
    _case("never-ran", Cause.CRASH_NO_HISTORY, container("crash", "1")),
    _case("never-configured", Cause.CONFIGMAP_MISSING, container(**ABSENT)),
    _case(
        "root-refused",
        Cause.CONTAINER_NOT_STARTED,
        container(securityContext={"runAsNonRoot": True}),
    ),
    _case("ports", Cause.HOST_PORT_TAKEN, container(**HOST_PORT), replicas=3),
    _case(
        "giant",
        Cause.INSUFFICIENT_CAPACITY,
        container(resources={"requests": {"memory": "500Gi"}}),
    ),
    ForPeople("bare", _bare_pod("bare"), Cause.BARE_POD_FAILING),
)
