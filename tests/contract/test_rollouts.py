"""Rollouts: revisions, conditions, and the way back."""

from tests.contract.objects import GOOD, MISSING, deployment, image_patch
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Json

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
HASH = "pod-template-hash"


def web(space: Space) -> Json:
    body: Json = space.get("deployments", "web").ok()
    return body


def revision(one: Json) -> str:
    return str(one["metadata"].get("annotations", {}).get(REVISION, ""))


def by_revision(space: Space) -> dict[str, Json]:
    return {revision(one): one for one in space.items("replicasets", labelSelector="app=web")}


def conditions(one: Json) -> dict[str, tuple[str, str]]:
    found = one.get("status", {}).get("conditions", [])
    return {each["type"]: (each["status"], each["reason"]) for each in found}


def rolled_out(space: Space, replicas: int = 2) -> Json:
    """Wait until every replica is of the newest template and available."""

    def look() -> Json | None:
        one = web(space)
        status = one.get("status", {})
        counts = [
            status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")
        ]
        is_seen = status.get("observedGeneration") == one["metadata"]["generation"]
        return one if is_seen and counts == [replicas] * 3 else None

    return eventually(look, "rolled out")


def test_a_new_deployment_is_revision_one_and_available(space: Space) -> None:
    space.create("deployments", deployment()).ok()
    one = rolled_out(space)
    assert revision(one) == "1"
    assert conditions(one)["Available"] == ("True", "MinimumReplicasAvailable")
    reached = eventually(
        lambda: conditions(web(space)).get("Progressing") == ("True", "NewReplicaSetAvailable"),
        "progressing is done",
    )
    assert reached


def test_a_new_image_is_a_new_replica_set_with_the_next_revision(space: Space) -> None:
    space.create("deployments", deployment()).ok()
    rolled_out(space)
    space.api.patch(space.path("deployments", "web"), image_patch("nginx:1.28")).ok()
    one = rolled_out(space)
    assert revision(one) == "2"
    sets = by_revision(space)
    images = {
        number: each["spec"]["template"]["spec"]["containers"][0]["image"]
        for number, each in sets.items()
    }
    assert images == {"1": GOOD, "2": "nginx:1.28"}
    assert {number: each["spec"]["replicas"] for number, each in sets.items()} == {"1": 0, "2": 2}


def test_replica_sets_and_pods_carry_the_hash_of_their_template(space: Space) -> None:
    space.create("deployments", deployment()).ok()
    rolled_out(space)
    (one,) = space.items("replicasets")
    digest = one["metadata"]["labels"][HASH]
    assert one["metadata"]["name"] == f"web-{digest}"
    assert one["spec"]["selector"]["matchLabels"] == {"app": "web", HASH: digest}
    assert one["spec"]["template"]["metadata"]["labels"] == {"app": "web", HASH: digest}
    assert len(space.items("pods", labelSelector=f"{HASH}={digest}")) == 2


def test_a_bad_image_stalls_the_rollout_and_the_old_pods_stay(space: Space) -> None:
    space.create("deployments", deployment(progressDeadlineSeconds=2)).ok()
    rolled_out(space)
    space.api.patch(space.path("deployments", "web"), image_patch(MISSING)).ok()
    eventually(
        lambda: conditions(web(space)).get("Progressing") == ("False", "ProgressDeadlineExceeded"),
        "the deadline is exceeded",
    )
    (progressing,) = [
        one for one in web(space)["status"]["conditions"] if one["type"] == "Progressing"
    ]
    name = by_revision(space)["2"]["metadata"]["name"]
    assert progressing["message"] == f'ReplicaSet "{name}" has timed out progressing.'
    status = web(space)["status"]
    assert (status["availableReplicas"], status["updatedReplicas"]) == (2, 1)
    assert (status["replicas"], status["unavailableReplicas"]) == (3, 1)
    assert conditions(web(space))["Available"][0] == "True"


def test_a_pod_whose_image_is_missing_says_so_in_its_status(space: Space) -> None:
    space.create("deployments", deployment(replicas=1, image=MISSING)).ok()

    def look() -> Json | None:
        for pod in space.items("pods"):
            for status in pod["status"].get("containerStatuses", []):
                waiting: Json = status["state"].get("waiting", {})
                if waiting.get("reason") == "ImagePullBackOff":
                    return waiting
        return None

    waiting = eventually(look, "the pull is backed off")
    full = f"docker.io/library/{MISSING}"
    assert waiting["message"] == (
        f'Back-off pulling image "{MISSING}": ErrImagePull: rpc error: code = NotFound desc = '
        f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": '
        f"{full}: not found"
    )


def test_going_back_gives_the_old_replica_set_the_newest_revision(space: Space) -> None:
    space.create("deployments", deployment()).ok()
    rolled_out(space)
    old = by_revision(space)["1"]
    space.api.patch(space.path("deployments", "web"), image_patch(MISSING)).ok()
    eventually(lambda: "2" in by_revision(space), "the second revision")
    template = old["spec"]["template"]
    template["metadata"]["labels"].pop(HASH)
    back = [{"op": "replace", "path": "/spec/template", "value": template}]
    space.api.patch(space.path("deployments", "web"), back, "json").ok()
    one = rolled_out(space)
    assert revision(one) == "3"
    sets = by_revision(space)
    assert set(sets) == {"2", "3"}
    assert sets["3"]["metadata"]["uid"] == old["metadata"]["uid"]
    assert sets["3"]["metadata"]["annotations"][HISTORY] == "1"
    assert sets["2"]["spec"]["replicas"] == 0


def test_a_restart_annotation_replaces_every_pod(space: Space) -> None:
    space.create("deployments", deployment()).ok()
    rolled_out(space)
    before = {one["metadata"]["uid"] for one in space.running(2)}
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    patch = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
    space.api.patch(space.path("deployments", "web"), patch).ok()
    assert revision(rolled_out(space)) == "2"
    after = {one["metadata"]["uid"] for one in space.running(2)}
    assert not before & after


def test_a_paused_deployment_rolls_nothing_out(space: Space) -> None:
    space.create("deployments", deployment()).ok()
    rolled_out(space)
    path = space.path("deployments", "web")
    space.api.patch(path, {"spec": {"paused": True}}, "merge").ok()
    eventually(
        lambda: conditions(web(space)).get("Progressing") == ("Unknown", "DeploymentPaused"),
        "paused",
    )
    changed = space.api.patch(path, image_patch("nginx:1.28")).ok()["metadata"]["generation"]
    eventually(lambda: web(space)["status"]["observedGeneration"] == changed, "the change is seen")
    assert list(by_revision(space)) == ["1"]


def test_old_replica_sets_beyond_the_history_limit_are_deleted(space: Space) -> None:
    space.create("deployments", deployment(replicas=1, revisionHistoryLimit=1)).ok()
    rolled_out(space, 1)
    for tag in ("1.28", "1.29"):
        space.api.patch(space.path("deployments", "web"), image_patch(f"nginx:{tag}")).ok()
        rolled_out(space, 1)
    eventually(lambda: set(by_revision(space)) == {"2", "3"}, "only one old replica set")


def test_the_deployment_says_what_it_scaled_in_an_event(space: Space) -> None:
    space.create("deployments", deployment(replicas=1)).ok()
    rolled_out(space, 1)
    name = by_revision(space)["1"]["metadata"]["name"]
    chosen = "involvedObject.kind=Deployment,involvedObject.name=web"
    events = eventually(lambda: space.items("events", fieldSelector=chosen), "an event")
    assert events[0]["reason"] == "ScalingReplicaSet"
    assert events[0]["message"] == f"Scaled up replica set {name} from 0 to 1"
