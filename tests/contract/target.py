"""The server under contract, and a namespace of its own for each test."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.contract.objects import pod
from tests.controlplane.rest import Answer, Api, Json

T = TypeVar("T")
GROUPS = {
    "pods": "api/v1",
    "services": "api/v1",
    "configmaps": "api/v1",
    "events": "api/v1",
    "resourcequotas": "api/v1",
    "serviceaccounts": "api/v1",
    "deployments": "apis/apps/v1",
    "replicasets": "apis/apps/v1",
    "statefulsets": "apis/apps/v1",
    "jobs": "apis/batch/v1",
    "poddisruptionbudgets": "apis/policy/v1",
}


class NeverHappened(AssertionError):
    """What was waited for did not come; the message carries the last thing seen."""


def eventually(look: Callable[[], T | None], what: str, within_seconds: float = 60) -> T:
    """Look again and again until it is something true, and return that."""
    deadline = time.monotonic() + within_seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise NeverHappened(f"{what}: still {seen!r}")
        time.sleep(0.05)
    return seen


@dataclass(frozen=True)
class Target:
    """A server: as one who may everything, and as one who may only read.

    `reader_name` is what refusals call that one. `aged` is the path of a list whose history no
    longer reaches back to version 1.
    """

    api: Api
    reader: Api
    reader_name: str
    aged: str


@dataclass(frozen=True)
class Space:
    """A namespace and the ways to what is in it."""

    name: str
    api: Api
    reader: Api
    reader_name: str

    def path(self, resource: str, name: str = "", subresource: str = "") -> str:
        parts = ["", GROUPS[resource], "namespaces", self.name, resource, name, subresource]
        return "/".join(parts).rstrip("/")

    def get(self, resource: str, name: str = "", subresource: str = "", **params: Any) -> Answer:
        return self.api.get(self.path(resource, name, subresource), **params)

    def create(self, resource: str, body: Json, **params: Any) -> Answer:
        return self.api.create(self.path(resource), body, **params)

    def items(self, resource: str, **params: Any) -> list[Json]:
        found: list[Json] = self.get(resource, **params).ok()["items"]
        return found

    def running(self, count: int, selector: str = "app=web") -> list[Json]:
        """Wait until exactly `count` pods match and are ready, and return them."""

        def look() -> tuple[list[Json]] | None:
            pods = self.items("pods", labelSelector=selector)
            return (pods,) if len(pods) == count and all(map(is_ready, pods)) else None

        return eventually(look, f"{count} ready pods of {selector}")[0]


def is_ready(pod: Json) -> bool:
    conditions = {one["type"]: one["status"] for one in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def new_space(target: Target) -> Space:
    """Create a namespace and wait until pods can be created in it."""
    name = f"contract-{secrets.token_hex(4)}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    target.api.create("/api/v1/namespaces", body).ok()
    space = Space(name, target.api, target.reader, target.reader_name)
    eventually(lambda: takes_pods(space), "pods can be created")
    return space


def takes_pods(space: Space) -> bool:
    """Whether admission lets a pod in: it wants the namespace's default ServiceAccount first."""
    return space.create("pods", pod("first"), dryRun="All").status == 201
