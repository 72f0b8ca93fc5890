"""Owner references, and what is deleted with its owner."""

from tests.contract.objects import BATCH, configmap, deployment
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Json


def owner(one: Json) -> Json:
    (reference,) = one["metadata"]["ownerReferences"]
    found: Json = reference
    return found


def test_a_pod_leads_to_its_deployment_by_its_owners(space: Space) -> None:
    made = space.create("deployments", deployment(replicas=1)).ok()
    (pod,) = space.running(1)
    (replica_set,) = space.items("replicasets")
    assert owner(pod) == {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": replica_set["metadata"]["name"],
        "uid": replica_set["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    assert owner(replica_set)["kind"] == "Deployment"
    assert owner(replica_set)["uid"] == made["metadata"]["uid"]


def test_a_deleted_pod_of_a_replica_set_is_replaced_under_another_name(space: Space) -> None:
    space.create("deployments", deployment(replicas=1)).ok()
    (before,) = space.running(1)
    space.api.delete(space.path("pods", before["metadata"]["name"])).ok()
    name = before["metadata"]["name"]
    eventually(lambda: space.get("pods", name).status == 404, "the old pod is gone")
    (after,) = space.running(1)
    assert owner(after) == owner(before)
    assert after["metadata"]["name"] != name


def test_what_a_deleted_deployment_owned_goes_with_it(space: Space) -> None:
    space.create("deployments", deployment(replicas=1)).ok()
    space.running(1)
    options = {"propagationPolicy": "Background"}
    assert space.api.delete(space.path("deployments", "web"), options).status == 200
    eventually(lambda: not space.items("replicasets"), "no replica set")
    eventually(lambda: not space.items("pods"), "no pod")


def test_what_an_orphaning_delete_leaves_has_no_owner(space: Space) -> None:
    space.create("deployments", deployment(replicas=1)).ok()
    space.running(1)
    options = {"propagationPolicy": "Orphan"}
    assert space.api.delete(space.path("deployments", "web"), options).status == 200
    eventually(lambda: space.get("deployments", "web").status == 404, "the deployment is gone")
    (replica_set,) = space.items("replicasets")
    assert "ownerReferences" not in replica_set["metadata"]
    assert len(space.items("pods")) == 1


def test_what_names_an_owner_that_is_not_there_is_collected(space: Space) -> None:
    body = configmap("orphan")
    gone = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone"}
    uid = "00000000-0000-0000-0000-000000000001"
    body["metadata"]["ownerReferences"] = [gone | {"uid": uid}]
    space.create("configmaps", body).ok()
    eventually(lambda: space.get("configmaps", "orphan").status == 404, "it is collected")


def test_a_job_owns_its_pod_and_is_complete_when_that_succeeded(space: Space) -> None:
    done = {"name": "job", "image": BATCH, "command": ["true"]}
    template = {"spec": {"restartPolicy": "Never", "containers": [done]}}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}}
    space.create("jobs", body | {"spec": {"template": template}}).ok()

    def look() -> Json | None:
        status: Json = space.get("jobs", "once").ok().get("status", {})
        done = {one["type"]: one["status"] for one in status.get("conditions", [])}
        return status if done.get("Complete") == "True" else None

    assert eventually(look, "complete")["succeeded"] == 1
    (pod,) = space.items("pods", labelSelector="job-name=once")
    assert (owner(pod)["kind"], owner(pod)["name"]) == ("Job", "once")
    assert pod["status"]["phase"] == "Succeeded"
