"""The recorder with its own account, on a real API server: what it writes lets a rollback pass."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from detection.kubernetes.client import Connection, Forbidden, connect
from remediation.cluster.recorded_revisions import record
from tests.contract.objects import deployment, image_patch
from tests.contract.target import eventually
from tests.controlplane.rest import Api
from tests.controlplane.up import Cluster
from tests.install.helm import objects

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
WANTED = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
POLICY = "ValidatingAdmissionPolicy"


@dataclass(frozen=True)
class Installed:
    namespace: str
    name: str
    admin: Api
    recorder: Connection
    act: Api

    def path(self, resource: str, name: str = "", group: str = "/apis/apps/v1") -> str:
        return f"{group}/namespaces/{self.namespace}/{resource}/{name}".rstrip("/")


@pytest.fixture
def installed(cluster: Cluster) -> Iterator[Installed]:
    """Accounts, rights and policies as the chart makes them, and nothing else of it."""
    mark = uuid.uuid4().hex[:6]
    home, shop = f"home-{mark}", f"shop-{mark}"
    act = {"enabled": True, "namespaces": [shop], "policy": True}
    values = {"form": "distributed", "existingSecret": "k", "rights": {"act": act}}
    name = f"{home}.kw-kubewise.revisions"
    for one in (home, shop):
        cluster.kubectl("create", "namespace", one)
    made = yaml.safe_dump_all(
        one
        for one in objects(values, "kw", home)
        if one["kind"] in (*WANTED, POLICY, f"{POLICY}Binding") or one["metadata"]["name"] == name
    )
    cluster.kubectl("apply", "-f", "-", stdin=made)
    recorder = cluster.service_account_kubeconfig(home, "kw-kubewise-record")
    acting = cluster.service_account_kubeconfig(home, "kw-kubewise-act")
    connection = connect(kubeconfig=str(recorder))
    yield Installed(shop, name, cluster.api, connection, Api(acting))
    cluster.kubectl("delete", "-f", "-", "--wait=false", stdin=made)


def test_a_recorded_revision_may_be_rolled_back_to_and_another_may_not(
    installed: Installed,
) -> None:
    admin = installed.admin
    admin.create(installed.path("deployments"), deployment(image="nginx:1.26")).ok()
    eventually(lambda: len(revisions(installed)) == 1, "the first revision")
    admin.patch(installed.path("deployments", "web"), image_patch("nginx:missing")).ok()
    eventually(lambda: len(revisions(installed)) == 2, "the second revision")
    eventually(lambda: set_image(installed, "nginx:1.26") == 422, "the policy is in force")
    assert record(installed.recorder, installed.namespace, installed.name) == 1
    assert record(installed.recorder, installed.namespace, installed.name) == 0
    eventually(lambda: set_image(installed, "nginx:1.26") == 200, "the rollback passes")
    assert set_image(installed, "nginx:evil") == 422


def revisions(installed: Installed) -> list[object]:
    return list(installed.admin.get(installed.path("replicasets")).ok()["items"])


def set_image(installed: Installed, image: str) -> int:
    path = installed.path("deployments", "web")
    return installed.act.patch(path, image_patch(image), "strategic", dryRun="All").status


def test_it_may_write_nothing_else(installed: Installed) -> None:
    core = f"/api/v1/namespaces/{installed.namespace}/configmaps"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    for method, path in (("POST", core), ("PATCH", f"{core}/kube-root-ca.crt")):
        with pytest.raises(Forbidden):
            installed.recorder.request(method, path, body=body)
    with pytest.raises(Forbidden):
        installed.recorder.get(f"/api/v1/namespaces/{installed.namespace}/secrets")
