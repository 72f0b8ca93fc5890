"""What a scan reads, and what it says about what it could not read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from detection.kubernetes.client import METADATA_LIST, Forbidden, NotFound, TooLarge, Unreachable
from detection.kubernetes.resources import RESOURCES
from detection.snapshot.scan import scan
from detection.snapshot.scope import Scope
from tests.detection.builders import NOW

LIST = {"kind": "List", "metadata": {}, "items": []}


class Server:
    """Stands in for a Connection: path → answer, a list of answers, or an error."""

    def __init__(self, **given: Any) -> None:
        self.answers: dict[str, Any] = discovery() | {r.path(""): LIST for r in RESOURCES}
        self.answers |= {path.replace("__", "/"): answer for path, answer in given.items()}
        self.asked: list[tuple[str, Mapping[str, str], str]] = []

    def get(self, path: str, params: Mapping[str, str] | None = None, accept: str = "") -> bytes:
        self.asked.append((path, dict(params or {}), accept))
        answer = self.answers.get(path, NotFound(f"GET {path}: 404", 404))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def set(self, path: str, answer: Any) -> Server:
        self.answers[path] = answer
        return self


def discovery() -> dict[str, Any]:
    versions = {r.group_version for r in RESOURCES}
    groups = [{"versions": [{"groupVersion": gv}]} for gv in versions if "/" in gv]
    found: dict[str, Any] = {"/apis": {"groups": groups}}
    for version in versions:
        root = "/apis" if "/" in version else "/api"
        names = [{"name": r.plural} for r in RESOURCES if r.group_version == version]
        found[f"{root}/{version}"] = {"resources": names}
    return found


def listed(*names: str, **meta: Any) -> dict[str, Any]:
    items = [{"metadata": {"name": name, "uid": name}} for name in names]
    return {"kind": "List", "metadata": meta, "items": items}


def scanned(server: Server, namespace: str = "") -> Any:
    scope = Scope(frozenset({namespace} - {""}))
    return scan(server, NOW, scope)  # type: ignore[arg-type]


def test_everything_seen_is_neither_blind_nor_absent() -> None:
    snapshot = scanned(Server().set("/api/v1/pods", listed("a")))
    assert [pod.metadata.name for pod in snapshot.pods] == ["a"]
    assert not snapshot.blind
    assert not snapshot.not_installed
    assert "kubernetes/pods" in snapshot.seen


def test_lists_come_from_the_servers_cache_in_one_piece() -> None:
    server = Server()
    scanned(server)
    (params,) = [p for path, p, _ in server.asked if path == "/api/v1/pods"]
    assert params == {"resourceVersion": "0"}


def test_a_server_that_pages_all_the_same_is_followed() -> None:
    pages = [listed("a", **{"continue": "next"}), listed("b")]
    snapshot = scanned(Server().set("/api/v1/pods", pages))
    assert [pod.metadata.name for pod in snapshot.pods] == ["a", "b"]
    assert not snapshot.blind


def test_a_list_that_breaks_off_between_pages_is_blind_and_keeps_what_came() -> None:
    pages = [listed("a", **{"continue": "next"}), Unreachable("cut off")]
    snapshot = scanned(Server().set("/api/v1/pods", pages))
    assert len(snapshot.pods) == 1
    assert "kubernetes/pods" in snapshot.blind


def test_items_that_remain_without_a_token_make_the_source_blind() -> None:
    snapshot = scanned(Server().set("/api/v1/pods", listed("a", remainingItemCount=9)))
    assert "cut off" in snapshot.blind["kubernetes/pods"]


def test_a_token_that_repeats_ends_the_list_as_blind() -> None:
    page = json.dumps(listed("a", **{"continue": "same"})).encode()
    snapshot = scanned(Server().set("/api/v1/pods", page))
    assert "kubernetes/pods" in snapshot.blind


def test_refused_timed_out_and_too_large_are_blind() -> None:
    server = Server()
    server.set("/api/v1/pods", Forbidden("403"))
    server.set("/api/v1/nodes", Unreachable("timed out"))
    server.set("/api/v1/events", TooLarge("too large"))
    blind = scanned(server).blind
    assert set(blind) == {"kubernetes/pods", "kubernetes/nodes", "kubernetes/events"}


def test_a_page_of_html_is_blind() -> None:
    snapshot = scanned(Server().set("/apis/apps/v1/deployments", b"<html></html>"))
    assert "kubernetes/deployments" in snapshot.blind


def test_one_odd_object_makes_its_source_blind_and_the_pass_goes_on() -> None:
    odd = {"kind": "List", "items": [{"metadata": {"name": "a"}}, {"spec": []}]}
    snapshot = scanned(Server().set("/api/v1/pods", odd))
    assert [pod.metadata.name for pod in snapshot.pods] == ["a"]
    assert snapshot.blind["kubernetes/pods"].startswith("1 object")


def test_a_group_that_discovery_does_not_list_is_not_installed_and_is_not_asked_for() -> None:
    server = Server()
    groups = server.answers["/apis"]["groups"]
    server.set("/apis", {"groups": [g for g in groups if "keda" not in json.dumps(g)]})
    snapshot = scanned(server)
    assert snapshot.not_installed == {"kubernetes/scaledobjects"}
    assert not snapshot.blind
    assert not any("keda" in path for path, _, _ in server.asked)


def test_a_kind_that_its_group_does_not_list_is_not_installed() -> None:
    server = Server().set("/apis/batch/v1", {"resources": [{"name": "jobs"}]})
    assert scanned(server).not_installed == {"kubernetes/cronjobs"}


def test_without_discovery_the_lists_are_tried_and_404_means_not_installed() -> None:
    server = Server()
    for path in discovery():
        del server.answers[path]
    del server.answers["/apis/keda.sh/v1alpha1/scaledobjects"]
    server.set("/api/v1/pods", listed("a"))
    snapshot = scanned(server)
    assert len(snapshot.pods) == 1
    assert snapshot.not_installed == {"kubernetes/scaledobjects"}
    assert not snapshot.blind


def test_discovery_that_is_refused_makes_nothing_absent() -> None:
    server = Server().set("/apis", Forbidden("403")).set("/api/v1", Forbidden("403"))
    snapshot = scanned(server)
    assert not snapshot.not_installed
    assert not snapshot.blind


def test_with_a_namespace_its_lists_and_what_lies_beside_it_are_read() -> None:
    server = Server()
    for resource in RESOURCES:
        server.set(resource.path("shop"), listed())
    server.set("/api/v1/namespaces/shop/pods", listed("a"))
    snapshot = scanned(server, "shop")
    paths = [path for path, _, _ in server.asked]
    assert len(snapshot.pods) == 1
    assert "/api/v1/nodes" in paths
    assert "/apis/storage.k8s.io/v1/storageclasses" in paths, "whether a volume may grow"
    assert "/api/v1/pods" not in paths


def test_configmaps_are_asked_for_as_metadata_and_secrets_never() -> None:
    server = Server()
    scanned(server)
    assert [a for path, _, a in server.asked if path.endswith("configmaps")] == [METADATA_LIST]
    assert not any("secrets" in path for path, _, _ in server.asked)


def test_a_server_that_can_not_be_reached_is_blind_in_everything() -> None:
    server = Server()
    for path in server.answers:
        server.set(path, Unreachable("refused"))
    snapshot = scanned(server)
    assert len(snapshot.blind) == len(RESOURCES)


def test_a_proxy_that_answers_404_to_everything_is_blind_and_not_an_empty_cluster() -> None:
    server = Server()
    server.answers = {}
    snapshot = scanned(server)
    assert {"kubernetes/pods", "kubernetes/deployments", "kubernetes/nodes"} <= set(snapshot.blind)


def test_of_two_namespaces_both_are_read_and_nothing_else() -> None:
    server = Server()
    for resource in RESOURCES:
        for namespace in ("bank", "shop"):
            server.set(resource.path(namespace), listed())
    server.set("/api/v1/namespaces/bank/pods", listed("a"))
    server.set("/api/v1/namespaces/shop/pods", listed("b"))
    snapshot = scan(server, NOW, Scope(frozenset({"shop", "bank"})))  # type: ignore[arg-type]
    assert [pod.metadata.name for pod in snapshot.pods] == ["a", "b"]
    assert not snapshot.blind
    assert "/api/v1/pods" not in [path for path, _, _ in server.asked]


def test_an_odd_object_of_one_namespace_leaves_the_other_one_read_and_is_blind() -> None:
    server = Server()
    server.set("/api/v1/namespaces/bank/pods", listed("a", remainingItemCount=3))
    server.set("/api/v1/namespaces/shop/pods", listed("b"))
    scope = Scope(frozenset({"shop", "bank"}), kinds=frozenset({"pods"}))
    snapshot = scan(server, NOW, scope)  # type: ignore[arg-type]
    assert [pod.metadata.name for pod in snapshot.pods] == ["a", "b"]
    assert "cut off" in snapshot.blind["kubernetes/pods"]


def test_kinds_that_are_not_asked_for_send_no_request_and_are_blind() -> None:
    server = Server().set("/api/v1/pods", listed("a"))
    kinds = frozenset({"pods", "nodes"})
    snapshot = scan(server, NOW, Scope(kinds=kinds))  # type: ignore[arg-type]
    lists = {path for path, _, _ in server.asked} - discovery().keys()
    assert lists == {"/api/v1/pods", "/api/v1/nodes"}
    assert snapshot.seen == {"kubernetes/pods", "kubernetes/nodes"}
    assert snapshot.seen | snapshot.blind.keys() == {r.source for r in RESOURCES}


def test_uncached_lists_ask_for_no_resource_version() -> None:
    server = Server().set("/api/v1/pods", [listed("a", **{"continue": "next"}), listed("b")])
    snapshot = scan(server, NOW, Scope(cached=False))  # type: ignore[arg-type]
    asked = [params for path, params, _ in server.asked if path == "/api/v1/pods"]
    assert asked == [{}, {"continue": "next"}]
    assert len(snapshot.pods) == 2
    assert not any("resourceVersion" in params for _, params, _ in server.asked)
