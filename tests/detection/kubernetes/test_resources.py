"""The one table of resource paths."""

from __future__ import annotations

from detection.kubernetes.objects.core import Pod
from detection.kubernetes.resources import BESIDE_THE_SCAN, BY_KIND, RESOURCES, ListedResource
from detection.snapshot import Snapshot

GATEWAYS = ListedResource(
    "gateway.networking.k8s.io/v1", "gateways", namespaced=False, kind="Gateway"
)


def test_a_path_leads_to_one_namespace_or_to_all() -> None:
    pods = ListedResource("v1", "pods", Pod)
    assert (pods.path(""), pods.path("shop")) == ("/api/v1/pods", "/api/v1/namespaces/shop/pods")
    assert pods.path("a/b") == "/api/v1/namespaces/a%2Fb/pods"
    assert GATEWAYS.path("shop") == "/apis/gateway.networking.k8s.io/v1/gateways"


def test_each_kind_stands_in_the_table_once() -> None:
    assert len(BY_KIND) == len(RESOURCES) + len(BESIDE_THE_SCAN)
    assert all(BY_KIND), "none is without a name"


def test_each_list_of_the_scan_has_its_place_in_a_snapshot() -> None:
    fields = set(Snapshot.__dataclass_fields__)
    assert {resource.field for resource in RESOURCES} <= fields
