"""The API server's part: lists, writes, refusals, counters."""

import json
from typing import Any
from urllib.request import Request, urlopen

from kubernetes import client

from simulator import Simulator
from simulator.apiserver.webhooks import Webhook
from tests.simulator.conftest import api, refused


def raw(simulator: Simulator, path: str, accept: str = "application/json") -> dict[str, Any]:
    headers = {"Accept": accept, "Authorization": "Bearer admin-token"}
    with urlopen(Request(simulator.url + path, headers=headers)) as response:
        found: dict[str, Any] = json.load(response)
    return found


def test_the_official_client_lists_typed_pods(sim: Simulator) -> None:
    pods = client.CoreV1Api(api(sim)).list_namespaced_pod("shop")
    assert len(pods.items) > 10
    assert {p.status.phase for p in pods.items} <= {"Running", "Succeeded"}


def test_pages_cover_a_list_and_an_old_token_expires(sim: Simulator) -> None:
    core = client.CoreV1Api(api(sim))
    total = len(core.list_pod_for_all_namespaces().items)
    first = core.list_pod_for_all_namespaces(limit=10)
    rest = core.list_pod_for_all_namespaces(limit=1000, _continue=first.metadata._continue)
    assert (len(first.items), len(first.items) + len(rest.items)) == (10, total)
    sim.api.snapshots.expire()
    status = refused(
        lambda: core.list_pod_for_all_namespaces(limit=10, _continue=first.metadata._continue)
    )
    assert (status["code"], status["reason"]) == (410, "Expired")


def test_resource_version_zero_ignores_the_limit(sim: Simulator) -> None:
    pods = client.CoreV1Api(api(sim)).list_pod_for_all_namespaces(limit=5, resource_version="0")
    assert len(pods.items) > 5


def test_selectors_choose_by_label_and_field(sim: Simulator) -> None:
    core = client.CoreV1Api(api(sim))
    chosen = core.list_pod_for_all_namespaces(
        label_selector="app.kubernetes.io/name in (web, cart)"
    )
    assert {p.metadata.labels["app.kubernetes.io/name"] for p in chosen.items} == {"web", "cart"}
    node = core.list_pod_for_all_namespaces(field_selector="spec.nodeName=node-1")
    assert {p.spec.node_name for p in node.items} == {"node-1"}


def test_metadata_only_lists_hold_no_data(sim: Simulator) -> None:
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    found = raw(sim, "/api/v1/configmaps", accept)
    assert found["kind"] == "PartialObjectMetadataList"
    assert all(set(item) == {"kind", "apiVersion", "metadata"} for item in found["items"])


def test_an_unknown_token_is_unauthorized(sim: Simulator) -> None:
    core = client.CoreV1Api(api(sim, "nobody"))
    assert refused(core.list_node)["message"] == "Unauthorized"


def test_a_reader_may_not_list_secrets(sim: Simulator) -> None:
    core = client.CoreV1Api(api(sim, "read-token"))
    assert refused(core.list_secret_for_all_namespaces)["message"] == (
        'secrets is forbidden: User "read" cannot list resource "secrets" in API group'
        ' "" at the cluster scope'
    )


def test_a_stale_resource_version_is_a_conflict(sim: Simulator) -> None:
    apps = client.AppsV1Api(api(sim))
    body = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 5}}
    status = refused(lambda: apps.patch_namespaced_deployment("web", "shop", body))
    assert status["message"].startswith(
        'Operation cannot be fulfilled on deployments.apps "web": the object has'
    )


def test_a_failing_json_patch_test_is_unprocessable(sim: Simulator) -> None:
    apps = client.AppsV1Api(api(sim))
    patch = [
        {"op": "test", "path": "/metadata/uid", "value": "other"},
        {"op": "replace", "path": "/spec/replicas", "value": 1},
    ]
    status = refused(lambda: apps.patch_namespaced_deployment("web", "shop", patch))
    assert (status["code"], status["message"]) == (
        422,
        "the server rejected our request due to an error in our request",
    )


def test_negative_replicas_are_invalid(sim: Simulator) -> None:
    apps = client.AppsV1Api(api(sim))
    status = refused(
        lambda: apps.patch_namespaced_deployment("web", "shop", {"spec": {"replicas": -1}})
    )
    assert status["details"]["causes"][0]["field"] == "spec.replicas"
    assert status["code"] == 422


def test_a_dry_run_shows_the_change_and_makes_none(sim: Simulator) -> None:
    apps, before = client.AppsV1Api(api(sim)), sim.store.revision
    shown = apps.patch_namespaced_deployment(
        "web", "shop", {"spec": {"replicas": 9}}, dry_run="All"
    )
    assert shown.spec.replicas == 9
    assert apps.read_namespaced_deployment("web", "shop").spec.replicas == 3
    assert sim.store.revision == before


def test_every_write_is_recorded_also_refused_ones(sim: Simulator) -> None:
    apps = client.AppsV1Api(api(sim, "read-token"))
    refused(
        lambda: apps.patch_namespaced_deployment(
            "web", "shop", {"spec": {"replicas": 1}}, field_manager="kubewise"
        )
    )
    write = sim.writes[-1]
    assert (write.verb, write.code, write.user, write.field_manager) == (
        "patch",
        403,
        "read",
        "kubewise",
    )
    sim.reset_counters()
    assert sim.writes == []


def test_a_budget_refuses_an_eviction(sim: Simulator) -> None:
    core = client.CoreV1Api(api(sim, "act-token"))
    names = [
        p.metadata.name
        for p in core.list_namespaced_pod("payments").items
        if p.metadata.name.startswith("gateway")
    ]

    def evict(name: str) -> Any:
        body = client.V1Eviction(metadata=client.V1ObjectMeta(name=name, namespace="payments"))
        return core.create_namespaced_pod_eviction(name, "payments", body)

    evict(names[0])
    status = refused(lambda: evict(names[1]))
    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    assert status["details"]["causes"][0]["reason"] == "DisruptionBudget"


def test_a_quota_stops_new_pods(sim: Simulator) -> None:
    core = client.CoreV1Api(api(sim))
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}}}
    core.create_namespaced_resource_quota("shop", quota)
    pod = {
        "metadata": {"name": "x"},
        "spec": {"containers": [{"name": "a", "image": "nginx:1.25"}]},
    }
    message = refused(lambda: core.create_namespaced_pod("shop", pod))["message"]
    assert message.startswith(
        'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods='
    )


def test_a_webhook_denies(sim: Simulator) -> None:
    sim.cluster.webhooks.append(
        Webhook("policy.example.com", message="no", resources=("configmaps",))
    )
    body = {"metadata": {"name": "x"}}
    status = refused(lambda: client.CoreV1Api(api(sim)).create_namespaced_config_map("shop", body))
    assert status["message"] == 'admission webhook "policy.example.com" denied the request: no'


def test_a_removed_group_is_not_installed(sim: Simulator) -> None:
    sim.cluster.catalogue.remove_group("autoscaling")
    names = [g.name for g in client.ApisApi(api(sim)).get_api_versions().groups]
    assert "autoscaling" not in names
    assert "apps" in names


def test_a_watch_sees_a_change_and_ends_in_time(sim: Simulator) -> None:
    core = client.CoreV1Api(api(sim))
    version = core.list_namespaced_config_map("shop").metadata.resource_version
    core.create_namespaced_config_map("shop", {"metadata": {"name": "new"}})
    from kubernetes import watch

    stream = watch.Watch().stream(
        core.list_namespaced_config_map, "shop", resource_version=version, timeout_seconds=1
    )
    seen = [(event["type"], event["object"].metadata.name) for event in stream]
    assert ("ADDED", "new") in seen


def test_static_mode_keeps_objects_as_given(empty: Simulator) -> None:
    pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "p", "namespace": "a", "uid": "u"},
        "spec": {"odd": 1},
    }
    empty.load([pod], {("a", "p", "c", True): "last words\n"})
    found = raw(empty, "/api/v1/namespaces/a/pods/p")
    assert found["spec"] == {"odd": 1}
    assert found["metadata"]["uid"] == "u"
