"""The ServiceAccounts of deploy/k8s/ as they are, with tokens that the API server issued."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from kubewise_site.core.config.reading import BASE_DIR
from tests.controlplane.rest import Api, Json
from tests.controlplane.up import Cluster

NAMESPACE, READ, ACT = "kubewise", "kubewise-read", "kubewise-act"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
PLURALS = {
    "Namespace": ("/api/v1", "namespaces"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "ClusterRole": (RBAC, "clusterroles"),
    "ClusterRoleBinding": (RBAC, "clusterrolebindings"),
    "RoleBinding": (RBAC, "rolebindings"),
}


@dataclass(frozen=True)
class Accounts:
    """A kubeconfig for each; its only context is called `test`."""

    read: Path
    act: Path


def manifests() -> list[Json]:
    """The objects of read.yaml, act.yaml and act-nodes.yaml, in their order."""
    return [
        document
        for name in ("read", "act", "act-nodes")
        for document in yaml.safe_load_all((BASE_DIR / f"deploy/k8s/{name}.yaml").read_text())
    ]


@contextmanager
def accounts_of(cluster: Cluster) -> Iterator[Accounts]:
    """Both accounts, bound as the manifests bind them; everything is taken away afterwards."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    applied = [namespace, *manifests()]
    try:
        for one in applied:
            apply(cluster.api, one)
        yield Accounts(
            cluster.service_account_kubeconfig(NAMESPACE, READ),
            cluster.service_account_kubeconfig(NAMESPACE, ACT),
        )
    finally:
        for one in reversed(applied):
            cluster.api.delete(path_of(one))


def bind(api: Api, namespace: str) -> None:
    """Let the act account act in `namespace`: the manifest's RoleBinding, once more."""
    (binding,) = [one for one in manifests() if one["kind"] == "RoleBinding"]
    apply(api, binding | {"metadata": {"name": ACT, "namespace": namespace}})


def apply(api: Api, one: Json) -> Json:
    """As `kubectl apply --server-side` does it."""
    made: Json = api.patch(path_of(one), one, "apply", fieldManager="kubectl", force="true").ok()
    return made


def path_of(one: Json) -> str:
    meta, (root, plural) = one["metadata"], PLURALS[one["kind"]]
    scope = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    return f"{root}{scope}/{plural}/{meta['name']}"
