"""The stand-ins for kubelets, on the real control plane: what every other live test builds on."""

from collections.abc import Iterator

import pytest

from tests.contract.objects import container, deployment, image_patch, pod
from tests.contract.target import Space, eventually, is_ready
from tests.controlplane.behaviours import BEHAVIOUR
from tests.controlplane.node import HEARTBEAT, PRESSURE
from tests.controlplane.nodes import NODES
from tests.controlplane.rest import Json
from tests.controlplane.up import Cluster

pytestmark = pytest.mark.live


def status_of(space: Space, selector: str = "app=web") -> Json:
    """The first container status of the newest pod, or nothing yet."""
    pods = sorted(
        space.items("pods", labelSelector=selector), key=lambda one: one["metadata"]["uid"]
    )
    found: list[Json] = [
        each for one in pods for each in one["status"].get("containerStatuses", [])
    ]
    return found[0] if found else {}


def behaving(name: str, behaviour: str) -> Json:
    body = pod(name)
    body["metadata"]["annotations"] = {BEHAVIOUR: behaviour}
    return body


def test_a_bad_image_cannot_be_pulled_and_undoing_it_mends_the_rollout(
    cluster: Cluster, space: Space
) -> None:
    space.create("deployments", deployment(progressDeadlineSeconds=2)).ok()
    space.running(2)
    cluster.kubectl("-n", space.name, "set", "image", "deployment/web", "web=nginx:missing")

    def stalled() -> bool:
        found = space.get("deployments", "web").ok()["status"]["conditions"]
        return any(one["reason"] == "ProgressDeadlineExceeded" for one in found)

    eventually(stalled, "the rollout stalls")
    cluster.kubectl("-n", space.name, "rollout", "undo", "deployment/web")
    cluster.kubectl("-n", space.name, "rollout", "status", "deployment/web", "--timeout=60s")
    assert all(one["spec"]["containers"][0]["image"] == "nginx:1.27" for one in space.running(2))


def test_a_crashing_image_restarts_ever_more_and_keeps_its_last_log(
    cluster: Cluster, space: Space
) -> None:
    space.create("pods", pod("web", container(image="nginx:crash"))).ok()

    def looping() -> bool:
        status = status_of(space)
        waiting = status.get("state", {}).get("waiting", {}).get("reason")
        return bool(waiting == "CrashLoopBackOff" and status["restartCount"] >= 3)

    eventually(looping, "the third restart")
    status = status_of(space)
    assert status["lastState"]["terminated"]["reason"] == "Error"
    assert status["lastState"]["terminated"]["exitCode"] == 1
    message = status["state"]["waiting"]["message"]
    assert message.startswith("back-off ")
    assert f"restarting failed container=web pod=web_{space.name}(" in message
    assert "connection refused" in cluster.kubectl("-n", space.name, "logs", "web", "--previous")


def test_a_container_out_of_memory_is_killed_until_its_limit_is_raised(space: Space) -> None:
    body = deployment(replicas=1, image="nginx:oom")
    (one,) = body["spec"]["template"]["spec"]["containers"]
    one["resources"] = {"limits": {"memory": "64Mi"}}
    space.create("deployments", body).ok()

    def killed() -> bool:
        ended = status_of(space).get("lastState", {}).get("terminated", {})
        return (ended.get("reason"), ended.get("exitCode")) == ("OOMKilled", 137)

    eventually(killed, "out of memory")
    more = {"name": "web", "resources": {"limits": {"memory": "256Mi"}}}
    patch = {"spec": {"template": {"spec": {"containers": [more]}}}}
    space.api.patch(space.path("deployments", "web"), patch).ok()
    space.running(1)


def test_a_container_that_is_never_ready_runs_unready(space: Space) -> None:
    space.create("pods", pod("web", container(image="nginx:never-ready"))).ok()
    eventually(lambda: "running" in status_of(space).get("state", {}), "running")
    assert status_of(space)["ready"] is False
    chosen = "involvedObject.name=web,reason=Unhealthy"
    assert eventually(lambda: space.items("events", fieldSelector=chosen), "a failed probe")


def test_behaviours_are_chosen_by_annotation_for_each_container(space: Space) -> None:
    body = pod("web", container("good"), container("bad"))
    body["metadata"]["annotations"] = {BEHAVIOUR: "bad=unauthorized,good=ready-after:1"}
    space.create("pods", body).ok()

    def look() -> dict[str, Json] | None:
        found = space.get("pods", "web").ok()["status"].get("containerStatuses", [])
        states = {one["name"]: one for one in found}
        is_done = states and states["good"]["ready"] and "waiting" in states["bad"]["state"]
        return states if is_done else None

    bad = eventually(look, "both have their way")["bad"]
    assert "insufficient_scope: authorization failed" in bad["state"]["waiting"]["message"]


def test_a_changed_annotation_makes_a_running_container_crash(space: Space) -> None:
    space.create("pods", pod("web")).ok()
    space.running(1)
    crash = {"metadata": {"annotations": {BEHAVIOUR: "crash"}}}
    space.api.patch(space.path("pods", "web"), crash, "merge").ok()
    eventually(lambda: status_of(space)["restartCount"] >= 1, "a restart")


def test_events_of_pulling_are_counted_not_repeated(space: Space) -> None:
    space.create("pods", pod("web", container(image="nginx:missing"))).ok()
    chosen = "involvedObject.name=web,reason=BackOff"

    def counted() -> list[Json] | None:
        events = space.items("events", fieldSelector=chosen)
        return events if events and events[0]["count"] > 1 else None

    (event,) = eventually(counted, "a second back-off")
    assert event["message"] == 'Back-off pulling image "nginx:missing"'
    assert event["involvedObject"]["fieldPath"] == "spec.containers{web}"


def test_a_pod_that_ignores_sigterm_is_killed_when_its_grace_is_over(space: Space) -> None:
    space.create("pods", behaving("web", "ignores-sigterm")).ok()
    space.running(1)
    events = space.api.watch(space.path("pods"), 60, fieldSelector="metadata.name=web")
    space.api.delete(space.path("pods", "web"), {"gracePeriodSeconds": 5}).ok()
    (ended,) = next(one for one in events if one["type"] == "DELETED")["object"]["status"][
        "containerStatuses"
    ]
    assert ended["state"]["terminated"]["exitCode"] == 137


NODE_TAINTS = ("not-ready", "unreachable")


def impatience(taint: str) -> Json:
    """A second instead of a cluster's own five minutes."""
    key = f"node.kubernetes.io/{taint}"
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}


@pytest.fixture
def silent_node(cluster: Cluster, space: Space) -> Iterator[str]:
    """The node of the one running pod, whose kubelet stops; it comes back after the test."""
    body = deployment(replicas=1)
    body["spec"]["template"]["spec"]["tolerations"] = list(map(impatience, NODE_TAINTS))
    space.create("deployments", body).ok()
    (running,) = space.running(1)
    path = f"{NODES}/{running['spec']['nodeName']}"
    cluster.api.patch(path, {"metadata": {"annotations": {HEARTBEAT: "stopped"}}}, "merge").ok()
    yield path
    cluster.api.patch(path, {"metadata": {"annotations": {HEARTBEAT: None}}}, "merge").ok()
    eventually(lambda: ready_condition(cluster, path)["status"] == "True", "the node is back")


def ready_condition(cluster: Cluster, path: str) -> Json:
    conditions = cluster.api.get(path).ok()["status"]["conditions"]
    found: Json = next(one for one in conditions if one["type"] == "Ready")
    return found


def test_a_silent_node_becomes_unknown_and_its_pods_are_replaced(
    cluster: Cluster, space: Space, silent_node: str
) -> None:
    eventually(lambda: ready_condition(cluster, silent_node)["status"] == "Unknown", "unknown")
    assert ready_condition(cluster, silent_node)["reason"] == "NodeStatusUnknown"

    def moved() -> list[Json]:
        ready = [one for one in space.items("pods") if is_ready(one)]
        return [one for one in ready if f"{NODES}/{one['spec']['nodeName']}" != silent_node]

    assert len(eventually(moved, "a pod on another node")) == 1
    (left,) = space.items("pods", fieldSelector=f"spec.nodeName={silent_node.rpartition('/')[2]}")
    assert left["metadata"]["deletionTimestamp"], "only the silent kubelet could end it"


def test_pressure_on_a_node_is_a_condition_and_a_taint(cluster: Cluster) -> None:
    path = f"{NODES}/{cluster.api.get(NODES).ok()['items'][0]['metadata']['name']}"

    def taints() -> list[str]:
        return [one["key"] for one in cluster.api.get(path).ok()["spec"].get("taints", [])]

    cluster.api.patch(path, {"metadata": {"annotations": {PRESSURE: "Memory"}}}, "merge").ok()
    eventually(lambda: "node.kubernetes.io/memory-pressure" in taints(), "the taint")
    cluster.api.patch(path, {"metadata": {"annotations": {PRESSURE: None}}}, "merge").ok()
    eventually(lambda: not taints(), "no taint")


def test_an_image_changed_in_a_pod_restarts_its_container(space: Space) -> None:
    space.create("pods", pod("web")).ok()
    space.running(1)
    new = [{"op": "replace", "path": "/spec/containers/0/image", "value": "nginx:1.28"}]
    space.api.patch(space.path("pods", "web"), new, "json").ok()
    eventually(lambda: status_of(space)["restartCount"] == 1, "one restart")
    eventually(lambda: status_of(space)["image"] == "docker.io/library/nginx:1.28", "the new image")


def test_a_crash_loop_is_mended_by_a_new_image(space: Space) -> None:
    space.create("deployments", deployment(replicas=1, image="nginx:crash")).ok()
    eventually(lambda: status_of(space).get("restartCount", 0) >= 2, "a crash loop")
    space.api.patch(space.path("deployments", "web"), image_patch("nginx:1.28")).ok()
    space.running(1)
