"""Lists: their shape, selectors and pages."""

import pytest

from tests.contract.objects import configmap, pod
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Json

MINE = "mine"


@pytest.fixture
def letters(space: Space) -> Space:
    """Five ConfigMaps a to e; a, c and e are odd, and e alone has a tier."""
    for number, name in enumerate("abcde", 1):
        labels = {MINE: "yes", "parity": "odd" if number % 2 else "even"}
        labels |= {"tier": "last"} if name == "e" else {}
        space.create("configmaps", configmap(name, labels, n=str(number))).ok()
    return space


def names(items: list[Json]) -> list[str]:
    return [one["metadata"]["name"] for one in items]


def test_a_list_names_its_kind_and_its_items_do_not(letters: Space) -> None:
    listed = letters.get("configmaps", labelSelector=MINE).ok()
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert int(listed["metadata"]["resourceVersion"]) > 0
    assert names(listed["items"]) == ["a", "b", "c", "d", "e"]
    assert all("kind" not in one and "apiVersion" not in one for one in listed["items"])


def test_an_empty_list_has_items_that_are_no_null(space: Space) -> None:
    assert space.get("pods").ok()["items"] == []


def test_a_list_of_all_namespaces_has_those_of_this_one(letters: Space) -> None:
    listed = letters.api.get("/api/v1/configmaps", labelSelector=MINE).ok()["items"]
    ours = [one for one in listed if one["metadata"]["namespace"] == letters.name]
    assert names(ours) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("parity=odd", "ace"),
        ("parity==odd", "ace"),
        ("parity!=odd,mine", "bd"),
        ("parity in (odd,other)", "ace"),
        ("mine,parity notin (odd)", "bd"),
        ("tier", "e"),
        ("mine,!tier", "abcd"),
        ("parity=odd,tier=last", "e"),
        ("parity=none", ""),
    ],
)
def test_a_label_selector_chooses(letters: Space, selector: str, expected: str) -> None:
    assert names(letters.items("configmaps", labelSelector=selector)) == list(expected)


@pytest.mark.parametrize("selector", ["parity=(odd", "a=b=c", "parity in odd"])
def test_a_label_selector_that_cannot_be_read_is_a_bad_request(space: Space, selector: str) -> None:
    answer = space.get("configmaps", labelSelector=selector)
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert "unable to parse requirement" in answer.message or "found" in answer.message


def test_a_field_selector_chooses_by_name(letters: Space) -> None:
    assert names(letters.items("configmaps", fieldSelector="metadata.name=b")) == ["b"]
    others = names(
        letters.items("configmaps", fieldSelector="metadata.name!=b", labelSelector=MINE)
    )
    assert others == ["a", "c", "d", "e"]


def test_a_field_selector_chooses_pods_by_phase_and_node(space: Space) -> None:
    space.create("pods", pod("web")).ok()
    (running,) = space.running(1)
    node = running["spec"]["nodeName"]
    chosen = f"spec.nodeName={node},status.phase=Running"
    assert names(space.items("pods", fieldSelector=chosen)) == ["web"]
    assert space.items("pods", fieldSelector="status.phase=Failed") == []
    assert space.items("pods", fieldSelector="spec.nodeName=") == []


def test_a_field_that_cannot_be_selected_by_is_a_bad_request(space: Space) -> None:
    answer = space.get("pods", fieldSelector="spec.priority=3")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert "field label not supported: spec.priority" in answer.message


def test_pages_follow_each_other_at_one_resource_version(letters: Space) -> None:
    first = letters.get("configmaps", limit=2, fieldSelector="metadata.name!=kube-root-ca.crt").ok()
    assert names(first["items"]) == ["a", "b"]
    token = first["metadata"]["continue"]
    letters.create("configmaps", configmap("bb", {MINE: "yes"})).ok()
    second = letters.get(
        "configmaps",
        limit=9,
        fieldSelector="metadata.name!=kube-root-ca.crt",
        **{"continue": token},
    ).ok()
    assert names(second["items"]) == ["c", "d", "e"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert not second["metadata"].get("continue")


def test_a_page_without_a_selector_tells_how_many_remain(letters: Space) -> None:
    def told() -> bool:
        """A controller adds the cluster's own ConfigMap to a new namespace at its own time."""
        whole = len(letters.items("configmaps"))
        page = letters.get("configmaps", limit=2).ok()
        return bool(page["metadata"]["remainingItemCount"] == whole - 2)

    eventually(told, "as many remain as there are less two")


def test_a_page_with_a_selector_does_not_tell_how_many_remain(letters: Space) -> None:
    page = letters.get("configmaps", limit=2, labelSelector=MINE).ok()
    assert page["metadata"]["continue"]
    assert "remainingItemCount" not in page["metadata"]


def test_a_continue_token_that_is_none_is_a_bad_request(space: Space) -> None:
    answer = space.get("configmaps", limit=2, **{"continue": "nonsense"})
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert "continue" in answer.message


def test_a_list_not_older_than_a_version_that_was_seen_shows_what_was_there(letters: Space) -> None:
    version = letters.get("configmaps", "e").ok()["metadata"]["resourceVersion"]
    listed = letters.items("configmaps", resourceVersion=version, labelSelector=MINE)
    assert names(listed) == ["a", "b", "c", "d", "e"]
    assert names(letters.items("configmaps", resourceVersion="0", labelSelector=MINE))


def test_a_resource_version_that_is_no_number_is_refused(space: Space) -> None:
    answer = space.get("configmaps", resourceVersion="yesterday")
    assert answer.status == 400
    assert "yesterday" in answer.message
