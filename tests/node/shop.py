"""A namespace for each case, with KubeWise's right to act in it, on a cluster of real nodes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.contract.target import Space, Target, eventually, is_ready, takes_pods
from tests.controlplane.rest import Api, Json
from tests.live.accounts import bind
from tests.node.workloads import GROUPS

PATHS = {"deployments": "apis/apps/v1", "daemonsets": "apis/apps/v1", "pods": "api/v1"}


@dataclass(frozen=True)
class Shop:
    """The namespace has the name of its case."""

    name: str
    api: Api

    def path(self, resource: str, name: str = "") -> str:
        root = f"/{PATHS[resource]}/namespaces/{self.name}/{resource}"
        return f"{root}/{name}" if name else root

    def apply(self, made: Json) -> None:
        self.api.create(self.path(GROUPS.get(made["kind"], "pods")), made).ok()

    def patch(self, kind: str, patch: Json) -> None:
        self.api.patch(self.path(GROUPS[kind], self.name), patch).ok()

    def pods(self) -> list[Json]:
        found: list[Json] = self.api.get(self.path("pods")).ok()["items"]
        return found

    def template(self, kind: str) -> Json:
        found = self.api.get(self.path(GROUPS[kind], self.name)).ok()
        spec: Json = found["spec"]["template"]["spec"]
        return spec

    def serves(self, count: int = 2, seconds: float = 180) -> list[Json]:
        """Wait until exactly `count` pods are there and ready, as their kubelets say."""

        def look() -> list[Json] | None:
            pods = self.pods()
            return pods if len(pods) == count and all(map(is_ready, pods)) else None

        return eventually(look, f"{count} ready pods in {self.name}", seconds)


def opened(api: Api, name: str) -> Shop:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    api.create("/api/v1/namespaces", body).ok()
    space = Space(name, *_as_admin(api))
    eventually(lambda: takes_pods(space), "pods can be created")
    bind(api, name)
    return Shop(name, api)


def _as_admin(api: Api) -> tuple[Api, Api, str]:
    target = Target(api, api, "", "")
    return target.api, target.reader, target.reader_name
