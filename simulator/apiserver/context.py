"""Who writes, how, and when: what a write needs beside the object."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from simulator.apimachinery.objects import Obj

Warn = Callable[[str], None]


def _quiet(_: str) -> None:
    return None


@dataclass(frozen=True)
class WriteContext:
    """`manager` is the fieldManager; a dry run validates and changes nothing."""

    now: datetime
    manager: str = "kube-controller-manager"
    dry_run: bool = False
    validation: str = "Warn"
    operation: str = "Update"
    user: str = "system:kube-controller-manager"
    warn: Warn = _quiet


@dataclass(frozen=True)
class DeleteOptions:
    """As the body or the query of a DELETE says."""

    grace_seconds: int | None = None
    uid: str | None = None
    resource_version: str | None = None
    propagation: str | None = None

    @classmethod
    def from_body(cls, body: Obj) -> "DeleteOptions":
        preconditions = body.get("preconditions") or {}
        policy = body.get("propagationPolicy")
        if policy is None and body.get("orphanDependents") is not None:
            policy = "Orphan" if body["orphanDependents"] else "Background"
        version = preconditions.get("resourceVersion")
        return cls(body.get("gracePeriodSeconds"), preconditions.get("uid"), version, policy)
