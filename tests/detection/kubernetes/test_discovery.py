"""Discovery is kept for ten minutes; a 404 on what it names asks anew before it means anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from detection.kubernetes.client import Unreachable
from detection.snapshot import Snapshot
from detection.snapshot.scan import scan
from tests.detection.builders import NOW
from tests.detection.snapshot.test_scan import Server, listed

KEDA, CERTIFICATES = "/apis/keda.sh/v1alpha1", "/apis/cert-manager.io/v1"
SCALED = f"{KEDA}/scaledobjects"
ISTIO = "/apis/security.istio.io"


def scanned(server: Server, minutes: float = 0) -> Snapshot:
    server.asked.clear()
    return scan(server, NOW + timedelta(minutes=minutes))  # type: ignore[arg-type]


def discoveries(server: Server) -> int:
    return sum(path == "/apis" for path, _, _ in server.asked)


def without(server: Server, *versions: str) -> None:
    """Uninstall these group versions: discovery leaves them out, their lists answer 404."""
    groups = server.answers["/apis"]["groups"]
    kept = [g for g in groups if g["versions"][0]["groupVersion"] not in versions]
    server.set("/apis", {"groups": kept})
    for path in [p for p in server.answers if any(p.startswith(f"/apis/{v}") for v in versions)]:
        del server.answers[path]


def test_it_is_asked_once_in_ten_minutes() -> None:
    server, found = Server(), []
    for minutes in (0, 3, 9.9, 10, 12):
        scanned(server, minutes)
        found.append(discoveries(server))
    assert found == [1, 0, 0, 1, 0]


def test_a_kept_discovery_gives_the_same_lists() -> None:
    server = Server().set("/api/v1/pods", listed("a"))
    without(server, "keda.sh/v1alpha1")
    first, second = scanned(server), scanned(server, 1)
    assert second.not_installed == first.not_installed == {"kubernetes/scaledobjects"}
    assert (second.seen, len(second.pods)) == (first.seen, 1)


def test_each_connection_has_its_own() -> None:
    one, other = Server(), Server()
    without(other, "keda.sh/v1alpha1")
    scanned(one)
    assert scanned(other, 1).not_installed == {"kubernetes/scaledobjects"}
    assert not scanned(one, 1).not_installed


def test_a_group_that_was_removed_since_is_not_installed_in_the_very_next_scan() -> None:
    server = Server()
    scanned(server)
    without(server, "keda.sh/v1alpha1", "cert-manager.io/v1")
    snapshot = scanned(server, 1)
    assert snapshot.not_installed == {"kubernetes/scaledobjects", "kubernetes/certificates"}
    assert not snapshot.blind
    assert discoveries(server) == 1, "asked anew once, however many lists are missing"


def test_a_404_on_what_is_served_all_the_same_is_blind() -> None:
    server = Server()
    scanned(server)
    del server.answers[SCALED]
    snapshot = scanned(server, 1)
    assert set(snapshot.blind) == {"kubernetes/scaledobjects"}
    assert (discoveries(server), snapshot.not_installed) == (1, set())


def test_a_404_says_nothing_where_discovery_can_not_be_asked_anew() -> None:
    server = Server()
    scanned(server)
    del server.answers[SCALED]
    for path in ("/apis", "/api/v1", KEDA):
        server.set(path, Unreachable("cut off"))
    snapshot = scanned(server, 1)
    assert set(snapshot.blind) == {"kubernetes/scaledobjects"}
    assert not snapshot.not_installed


def test_a_group_whose_own_discovery_fails_is_blind_and_not_gone() -> None:
    server = Server()
    scanned(server)
    del server.answers[SCALED]
    server.set(KEDA, Unreachable("cut off"))
    assert set(scanned(server, 1).blind) == {"kubernetes/scaledobjects"}


def test_an_older_version_is_read_where_the_newer_one_is_gone_since() -> None:
    server = Server()
    scanned(server)
    without(server, "security.istio.io/v1")
    server.set(f"{ISTIO}/v1beta1/authorizationpolicies", listed("deny"))
    older = [{"name": "authorizationpolicies"}, {"name": "peerauthentications"}]
    server.set(f"{ISTIO}/v1beta1", {"resources": older})
    server.set(f"{ISTIO}/v1beta1/peerauthentications", listed())
    server.answers["/apis"]["groups"].append(_group("security.istio.io/v1beta1"))
    snapshot = scanned(server, 1)
    assert [item.metadata.name for item in snapshot.authorizationpolicies] == ["deny"]
    assert not snapshot.blind


def _group(version: str) -> dict[str, Any]:
    return {"versions": [{"groupVersion": version}]}


def test_an_answer_with_holes_is_not_kept() -> None:
    server = Server().set(CERTIFICATES, Unreachable("cut off"))
    scanned(server)
    scanned(server, 1)
    assert discoveries(server) == 1
