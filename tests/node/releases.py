"""Failures that a release brings, and that AUTO takes back: what is changed, and what is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detection.domain.causes import Cause
from tests.controlplane.rest import Json
from tests.node.harness import images
from tests.node.shop import Shop
from tests.node.workloads import (
    ABSENT,
    EVERY_NODE,
    READY,
    container,
    env,
    memory,
    pod_spec,
    release,
    workload,
)


@dataclass(frozen=True)
class Release:
    """`good` runs on the nodes; `patch` breaks it with `cause`; `action` takes it back."""

    name: str
    good: Json
    patch: Json
    cause: Cause
    action: str = "rollback_deployment"

    @property
    def kind(self) -> str:
        return str(self.good["kind"])


def _of_deployment(name: str, patch: Json, cause: Cause, served: Json | None = None) -> Release:
    spec = pod_spec(served or container(**READY))
    return Release(name, workload("Deployment", name, spec), patch, cause)


def _of_daemons(name: str, patch: Json, cause: Cause) -> Release:
    good = workload("DaemonSet", name, EVERY_NODE)
    return Release(name, good, patch, cause, "rollback_daemonset")


# The product's own limits: five roll-backs of Deployments an hour, three attempts at a time.
AT_A_TIME = 3
RELEASES = (
    _of_deployment("unready", release(**env(UNREADY="1")), Cause.READINESS_MISCONFIG),
    _of_deployment(
        "missing-image", release(image=f"{images.OPEN}/app:none"), Cause.IMAGE_NOT_FOUND
    ),
    _of_daemons("wrong-command", release(command=["/no/such/program"]), Cause.BAD_COMMAND),
    _of_deployment("crash", release(args=["crash", "1"]), Cause.BAD_RELEASE),
    _of_deployment(
        "low-limit",
        release(**memory("24Mi")),
        Cause.OOM_LIMIT_LOW,
        container(**READY, **memory("160Mi"), **env(HOLD_MIB="60")),
    ),
    _of_deployment(
        "too-big",
        release(resources={"requests": {"memory": "500Gi"}}),
        Cause.INSUFFICIENT_CAPACITY,
    ),
    _of_daemons("no-configuration", release(**ABSENT), Cause.CONFIGMAP_MISSING),
)


@dataclass(frozen=True)
class Rollouts:
    """Rolls out as many bad releases together as KubeWise may take back at a time."""

    shops: Mapping[str, Shop]
    done: set[str] = field(default_factory=set)

    def of(self, case: Release) -> Shop:
        """Its shop, with the release that is rolled out beside those of its group."""
        first = RELEASES.index(case) // AT_A_TIME * AT_A_TIME
        for one in RELEASES[first : first + AT_A_TIME]:
            if one.name not in self.done:
                self.shops[one.name].patch(one.kind, one.patch)
                self.done.add(one.name)
        return self.shops[case.name]
