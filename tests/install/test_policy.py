"""A stolen act token against the admission policy: every attack is refused by it, on a real API
server, and the catalogue's own writes pass. RBAC is out of the way: the account may do anything.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from remediation.cluster.recorded_revisions import recorded
from tests.contract.objects import container, deployment
from tests.contract.target import eventually
from tests.controlplane.rest import Answer, Api, Json
from tests.controlplane.up import Cluster
from tests.install.helm import objects

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
HOME = "policy-home"
APPS, CORE, BATCH = "/apis/apps/v1", "/api/v1", "/apis/batch/v1"
GOOD, OLDER, FOREIGN = "nginx:1.27", "nginx:1.26", "evil.example.com/miner:1"
POLICY = "ValidatingAdmissionPolicy"
RECORD = f"{HOME}.kw-kubewise.revisions"


@dataclass(frozen=True)
class Shop:
    """A namespace in which the act account may act, as the admin and as the thief."""

    name: str
    admin: Api
    thief: Api

    def path(self, resource: str, name: str = "web", group: str = APPS) -> str:
        return f"{group}/namespaces/{self.name}/{resource}/{name}"


@pytest.fixture(scope="module")
def names() -> tuple[str, str]:
    """The namespace that is bound, and one that is not."""
    return f"shop-{uuid.uuid4().hex[:6]}", f"other-{uuid.uuid4().hex[:6]}"


@pytest.fixture(scope="module")
def thief(cluster: Cluster, names: tuple[str, str]) -> Iterator[Api]:
    """With the chart's policies in force, and cluster-admin: nothing else holds it back."""
    for name in (HOME, *names):
        head = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        cluster.api.create(f"{CORE}/namespaces", head)
    values = {
        "form": "distributed",
        "existingSecret": "kubewise",
        "rights": {
            "act": {"enabled": True, "namespaces": [names[0]], "nodes": True, "policy": True}
        },
    }
    found = objects(values, "kw", HOME)
    wanted = ("ServiceAccount", POLICY, f"{POLICY}Binding")
    made = [one for one in found if one["kind"] in wanted or one["metadata"]["name"] == RECORD]
    cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(made))
    account = f"{HOME}:kw-kubewise-act"
    cluster.kubectl(
        "create", "clusterrolebinding", "thief", "--clusterrole=cluster-admin",
        f"--serviceaccount={account}",
    )  # fmt: skip
    api = Api(cluster.service_account_kubeconfig(HOME, "kw-kubewise-act"))
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}}
    maps = f"{CORE}/namespaces/{names[0]}/configmaps"
    eventually(
        lambda: api.create(maps, probe, dryRun="All").status == 422, "the policies are in force"
    )
    yield api
    cluster.kubectl("delete", "clusterrolebinding", "thief")
    cluster.kubectl("delete", "-f", "-", stdin=yaml.safe_dump_all(made))


VOLUME_OF_ITS_OWN = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: grows}}
provisioner: example.com/none
allowVolumeExpansion: true
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {namespace}}}
spec:
  storageClassName: grows
  capacity: {{storage: 1Gi}}
  accessModes: [ReadWriteOnce]
  csi: {{driver: none.example.com, volumeHandle: one}}
  claimRef: {{namespace: {namespace}, name: web}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{namespace: {namespace}, name: web}}
spec:
  storageClassName: grows
  volumeName: {namespace}
  accessModes: [ReadWriteOnce]
  resources: {{requests: {{storage: 1Gi}}}}
"""


def app() -> Json:
    """A Deployment with a bit of everything."""
    made = deployment(replicas=2, image=GOOD)
    made["spec"]["template"]["spec"]["containers"][0] |= {
        "command": ["nginx", "-g", "daemon off;"],
        "env": [{"name": "MODE", "value": "a\tb"}],
        "resources": {"limits": {"memory": "96Mi"}, "requests": {"cpu": "100m"}},
    }
    return made


def older() -> Json:
    """The template of its earlier revision."""
    template = deepcopy(app()["spec"]["template"])
    template["metadata"]["labels"] = {"app": "web", "version": "1"}
    template["spec"]["containers"][0] |= {
        "image": OLDER,
        "command": ["nginx"],
        "env": [
            {"name": "MODE", "value": "x\\y\nz"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "web", "key": "key"}}},
        ],
        "resources": {"limits": {"memory": "1Gi", "cpu": "2"}},
    }
    return dict(template)


def job() -> Json:
    spec = {"containers": [container("work", "busybox:1.36")], "restartPolicy": "Never"}
    return {"metadata": {"labels": {"job": "own"}}, "spec": spec}


ROLLBACK = {"op": "replace", "path": "/spec/template", "value": older()}


@pytest.fixture(scope="module")
def shop(cluster: Cluster, thief: Api, names: tuple[str, str]) -> Shop:
    made = Shop(names[0], cluster.api, thief)
    cluster.api.create(f"{APPS}/namespaces/{made.name}/deployments", app()).ok()
    other = f"{APPS}/namespaces/{names[1]}/deployments"
    cluster.api.create(other, app()).ok()
    cluster.kubectl("apply", "-f", "-", stdin=VOLUME_OF_ITS_OWN.format(namespace=made.name))
    claim = made.path("persistentvolumeclaims", group=CORE)
    eventually(
        lambda: cluster.api.get(claim).ok().get("status", {}).get("phase") == "Bound", "bound"
    )
    scaler = {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "maxReplicas": 4,
        },
    }  # fmt: skip
    path = f"/apis/autoscaling/v2/namespaces/{made.name}/horizontalpodautoscalers"
    cluster.api.create(path, scaler).ok()
    data = {"deployments.web": recorded([older()]), "cronjobs.nightly": recorded([job()])}
    cluster.api.patch(record(made), {"data": data}, "merge").ok()
    eventually(lambda: patched(made, ROLLBACK).status == 200, "the record is known")
    return made


def record(shop: Shop) -> str:
    return shop.path("configmaps", RECORD, CORE)


def patched(shop: Shop, *change: Json, resource: str = "deployments", group: str = APPS) -> Answer:
    """A JSON Patch by the thief, as a dry run: admission is asked all the same."""
    body = list(change)
    return shop.thief.patch(shop.path(resource, group=group), body, "json", dryRun="All")


def put(path: str, value: Any) -> Json:
    return {"op": "add", "path": path, "value": value}


POD = "/spec/template/spec"
FIRST = f"{POD}/containers/0"
VOLUME = {"name": "host", "hostPath": {"path": "/"}}
SECRET = {"name": "s", "secret": {"secretName": "payments"}}
RESTARTED = "/spec/template/metadata/annotations"

WORKLOAD_ATTACKS: dict[str, list[Json]] = {
    "an image of its own": [put(f"{FIRST}/image", FOREIGN)],
    "a recorded image with another command": [
        put("/spec/template", older()), put(f"{FIRST}/command", ["sh", "-c", "id"]),
    ],
    "a command": [put(f"{FIRST}/command", ["sh", "-c", "id"])],
    "arguments": [put(f"{FIRST}/args", ["-c", "/tmp/evil"])],
    "a variable": [put(f"{FIRST}/env/-", {"name": "LD_PRELOAD", "value": "/tmp/x.so"})],
    "a variable from a Secret": [
        put(f"{FIRST}/env/-",
            {"name": "K", "valueFrom": {"secretKeyRef": {"name": "payments", "key": "k"}}}),
    ],
    "all variables of a Secret": [put(f"{FIRST}/envFrom", [{"secretRef": {"name": "payments"}}])],
    "the host's network": [put(f"{POD}/hostNetwork", True)],
    "the host's processes": [put(f"{POD}/hostPID", True)],
    "the host's IPC": [put(f"{POD}/hostIPC", True)],
    "a privileged container": [put(f"{FIRST}/securityContext", {"privileged": True})],
    "a capability": [
        put(f"{FIRST}/securityContext", {"capabilities": {"add": ["SYS_ADMIN"]}}),
    ],
    "root": [put(f"{POD}/securityContext", {"runAsUser": 0})],
    "the host's files": [
        put(f"{POD}/volumes", [VOLUME]),
        put(f"{FIRST}/volumeMounts", [{"name": "host", "mountPath": "/host"}]),
    ],
    "a Secret as files": [put(f"{POD}/volumes", [SECRET])],
    "another account": [put(f"{POD}/serviceAccountName", "builder")],
    "its token": [put(f"{POD}/automountServiceAccountToken", True)],
    "a node of its choice": [put(f"{POD}/nodeName", "node-0")],
    "a node selector": [put(f"{POD}/nodeSelector", {"a": "b"})],
    "a toleration": [put(f"{POD}/tolerations", [{"operator": "Exists"}])],
    "a priority": [put(f"{POD}/priorityClassName", "system-node-critical")],
    "another container": [put(f"{POD}/containers/-", container("more", GOOD))],
    "an init container": [put(f"{POD}/initContainers", [container("first", GOOD)])],
    "a hook": [put(f"{FIRST}/lifecycle", {"postStart": {"exec": {"command": ["id"]}}})],
    "a probe that runs a command": [
        put(f"{FIRST}/livenessProbe", {"exec": {"command": ["id"]}}),
    ],
    "no replicas": [put("/spec/replicas", 0)],
    "too many replicas": [put("/spec/replicas", 5000)],
    "a stop of the rollout": [put("/spec/paused", True)],
    "another strategy": [put("/spec/strategy", {"type": "Recreate"})],
    "a label of the pods": [put("/spec/template/metadata/labels/role", "payments")],
    "an annotation of the pods": [put(RESTARTED, {"sidecar.istio.io/inject": "false"})],
    "a label of the object": [put("/metadata/labels/team", "evil")],
    "an annotation of the object": [put("/metadata/annotations/owner", "evil")],
    "a finalizer": [put("/metadata/finalizers", ["evil.example.com/stay"])],
    "no bound on memory": [{"op": "remove", "path": f"{FIRST}/resources/limits/memory"}],
    "ten times the memory": [put(f"{FIRST}/resources/limits/memory", "960Mi")],
    "a GPU": [put(f"{FIRST}/resources/limits/example.com~1gpu", "1")],
}  # fmt: skip


def refused(answer: Answer) -> None:
    """By the policy, not for another reason."""
    assert answer.status == 422, f"{answer.status} {answer.message}"
    assert POLICY in answer.message, answer.message
    assert "denied request: " in answer.message, answer.message
    assert "error" not in answer.message, answer.message


@pytest.mark.parametrize("name", WORKLOAD_ATTACKS)
def test_a_workload_cannot_be_given(shop: Shop, name: str) -> None:
    change = WORKLOAD_ATTACKS[name]
    refused(patched(shop, *change))


ELSEWHERE: dict[str, Callable[[Shop], Answer]] = {
    "a pod": lambda shop: shop.thief.create(
        f"{CORE}/namespaces/{shop.name}/pods",
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
         "spec": {"containers": [container()]}},
        dryRun="All",
    ),
    "the recorded revisions": lambda shop: shop.thief.patch(
        shop.path("configmaps", RECORD, CORE),
        {"data": {"deployments.web": "container"}}, "merge", dryRun="All",
    ),
    "a Secret": lambda shop: shop.thief.create(
        f"{CORE}/namespaces/{shop.name}/secrets",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}, dryRun="All",
    ),
    "a token": lambda shop: shop.thief.create(
        f"{CORE}/namespaces/{shop.name}/serviceaccounts/default/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    ),
    "the scale subresource": lambda shop: shop.thief.patch(
        shop.path("deployments") + "/scale", {"spec": {"replicas": 1}}, "merge", dryRun="All",
    ),
    "a Deployment's end": lambda shop: shop.thief.delete(
        shop.path("deployments"), dryRun="All",
    ),
    "a binding of a role": lambda shop: shop.thief.delete(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/thief", dryRun="All",
    ),
    "an eviction without a UID": lambda shop: evict(shop, {}),
    "an eviction without time": lambda shop: evict(
        shop, {"preconditions": {"uid": "x"}, "gracePeriodSeconds": 0}
    ),
    "a huge claim": lambda shop: claim_of(shop, "100Gi"),
    "a lower maximum": lambda shop: maximum(shop, 3),
    "a huge maximum": lambda shop: maximum(shop, 9),
    "another target of the autoscaler": lambda shop: patched(
        shop, put("/spec/scaleTargetRef/name", "other"), resource="horizontalpodautoscalers",
        group="/apis/autoscaling/v2",
    ),
    "a label of a node": lambda shop: node(shop, put("/metadata/labels/zone", "evil")),
    "a taint of a node": lambda shop: node(
        shop, put("/spec/taints", [{"key": "evil", "effect": "NoExecute"}])
    ),
    "a Job of its own": lambda shop: rerun(shop, "x-rerun-1", image=FOREIGN),
    "a Job under another name": lambda shop: rerun(shop, "x"),
    "a Job of nobody": lambda shop: rerun(shop, "x-rerun-1", owner=""),
    "a Job of another owner": lambda shop: rerun(shop, "x-rerun-1", owner="hourly"),
    "a Job with another account": lambda shop: rerun(
        shop, "x-rerun-1", spec={"serviceAccountName": "builder"}
    ),
    "a Job with the host's files": lambda shop: rerun(
        shop, "x-rerun-1", spec={"volumes": [VOLUME]}
    ),
    "a Job with the host's network": lambda shop: rerun(
        shop, "x-rerun-1", spec={"hostNetwork": True}
    ),
    "a privileged Job": lambda shop: rerun(
        shop, "x-rerun-1", container={"securityContext": {"privileged": True}}
    ),
    "a Job with a hook": lambda shop: rerun(
        shop, "x-rerun-1", container={"lifecycle": {"postStart": {"exec": {"command": ["id"]}}}}
    ),
}  # fmt: skip


def evict(shop: Shop, options: Json) -> Answer:
    [first, *_] = eventually(
        lambda: shop.admin.get(f"{CORE}/namespaces/{shop.name}/pods").ok()["items"], "pods"
    )
    name = first["metadata"]["name"]
    uid = options.get("preconditions", {}).get("uid")
    if uid:
        options = options | {"preconditions": {"uid": first["metadata"]["uid"]}}
    body = {
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name},
        "deleteOptions": options,
    }  # fmt: skip
    return shop.thief.create(shop.path("pods", name, CORE) + "/eviction", body, dryRun="All")


def claim_of(shop: Shop, size: str) -> Answer:
    change = put("/spec/resources/requests/storage", size)
    return patched(shop, change, resource="persistentvolumeclaims", group=CORE)


def maximum(shop: Shop, most: int) -> Answer:
    return patched(
        shop, put("/spec/maxReplicas", most),
        resource="horizontalpodautoscalers", group="/apis/autoscaling/v2",
    )  # fmt: skip


def node(shop: Shop, change: Json) -> Answer:
    [first, *_] = shop.admin.get(f"{CORE}/nodes").ok()["items"]
    path = f"{CORE}/nodes/{first['metadata']['name']}"
    return shop.thief.patch(path, [change], "json", dryRun="All")


def rerun(
    shop: Shop, name: str, image: str = "", owner: str = "nightly", spec: Json | None = None,
    container: Json | None = None,
) -> Answer:  # fmt: skip
    template = deepcopy(job())
    template["spec"] |= spec or {}
    template["spec"]["containers"][0] |= container or {}
    if image:
        template["spec"]["containers"][0]["image"] = image
    above = {
        "apiVersion": "batch/v1", "kind": "CronJob", "name": owner, "controller": True,
        "uid": "00000000-0000-0000-0000-000000000000",
    }  # fmt: skip
    body = {
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "ownerReferences": [above] if owner else []},
        "spec": {"template": template},
    }  # fmt: skip
    return shop.thief.create(f"{BATCH}/namespaces/{shop.name}/jobs", body, dryRun="All")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_the_token_gives_no_way_to(shop: Shop, name: str) -> None:
    refused(ELSEWHERE[name](shop))


def test_another_namespace_is_refused(shop: Shop, names: tuple[str, str]) -> None:
    path = f"{APPS}/namespaces/{names[1]}/deployments/web"
    refused(shop.thief.patch(path, [put("/spec/replicas", 3)], "json", dryRun="All"))


def test_an_empty_record_lets_pass_what_the_old_object_proves_and_a_missing_one_nothing(
    shop: Shop,
) -> None:
    kept = shop.admin.get(record(shop)).ok()
    more = put("/spec/replicas", 3)
    try:
        shop.admin.patch(record(shop), {"data": None}, "merge").ok()
        eventually(lambda: patched(shop, ROLLBACK).status == 422, "the record is empty")
        refused(patched(shop, ROLLBACK))
        assert patched(shop, more).status == 200
        shop.admin.delete(record(shop))
        eventually(lambda: patched(shop, more).status >= 400, "the record is gone")
    finally:
        kept["metadata"] = {"name": RECORD}
        shop.admin.delete(record(shop))
        shop.admin.create(f"{CORE}/namespaces/{shop.name}/configmaps", kept).ok()
        eventually(lambda: patched(shop, ROLLBACK).status == 200, "the record is back")


ATTEMPT = put("/metadata/annotations/kubewise.io~1attempt", "7")
STAMP = put(RESTARTED, {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"})
OWN_WRITES: dict[str, Callable[[Shop], Answer]] = {
    "a restart": lambda shop: patched(shop, STAMP, ATTEMPT),
    "a scale": lambda shop: patched(shop, put("/spec/replicas", 5)),
    "a rollback": lambda shop: patched(shop, ROLLBACK),
    "more memory": lambda shop: patched(shop, put(f"{FIRST}/resources/limits/memory", "144Mi")),
    "a request that was missing": lambda shop: patched(
        shop, put(f"{FIRST}/resources/requests/memory", "64Mi")
    ),
    "an eviction": lambda shop: evict(shop, {"preconditions": {"uid": "x"}}),
    "a larger claim": lambda shop: claim_of(shop, "2Gi"),
    "a larger maximum": lambda shop: maximum(shop, 6),
    "a cordon": lambda shop: node(shop, put("/spec/unschedulable", True)),
    "a Job once more": lambda shop: rerun(shop, "nightly-rerun-7"),
}


@pytest.mark.parametrize("name", OWN_WRITES)
def test_the_catalogue_may_still_do(shop: Shop, name: str) -> None:
    answer = OWN_WRITES[name](shop)
    assert answer.status < 300, json.dumps(answer.body)


def test_the_policy_holds_nobody_else(shop: Shop) -> None:
    change = put(f"{FIRST}/image", FOREIGN)
    assert shop.admin.patch(shop.path("deployments"), [change], "json", dryRun="All").status == 200
