"""Why no node takes a pod: the objects before the words."""

from __future__ import annotations

from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from tests.detection.builders import incidents, snapshot_of

Entry = dict[str, Any]


def pending(message: str) -> Entry:
    return {"state": "unschedulable", "age": "20m", "message": message}


def only(*entries: Entry) -> Finding:
    found = incidents(snapshot_of(*entries))
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("0/6 nodes are available: 6 Too many pods.", Cause.INSUFFICIENT_CAPACITY),
        (
            "0/6 nodes are available: 1 node(s) had untolerated taint {a: b}, 5 Insufficient cpu.",
            Cause.INSUFFICIENT_CAPACITY,
        ),
        ("6 node(s) didn't satisfy existing pods anti-affinity rules", Cause.ANTI_AFFINITY),
        ("4 Insufficient cpu, 2 node(s) had volume node affinity conflict",
         Cause.VOLUME_NODE_AFFINITY),
        ('persistentvolumeclaim "data" not found', Cause.PVC_NOT_FOUND),
    ],
)  # fmt: skip
def test_the_latest_filter_that_is_named_is_the_cause(message: str, cause: Cause) -> None:
    assert only({"deployment": "a", "pods": [{}, pending(message)]}).cause == cause


def test_a_selector_is_told_by_the_labels_whatever_the_scheduler_says() -> None:
    entry = {
        "deployment": "a",
        "revisions": [{"template": {"nodeSelector": {"disk": "ssd"}}, "pods": [pending("none")]}],
    }
    assert only(entry).cause == Cause.NODE_SELECTOR_MISMATCH


def test_a_taint_is_told_by_the_tolerations_whatever_the_scheduler_says() -> None:
    taint = {"key": "dedicated", "value": "x", "effect": "NoSchedule"}
    node = {"node": "special", "labels": {"pool": "x"}, "taints": [taint]}
    selects = {"nodeSelector": {"pool": "x"}}

    def entry(**more: Any) -> Entry:
        template = selects | more
        return {"deployment": "a", "revisions": [{"template": template, "pods": [pending("no")]}]}

    assert only(node, entry()).cause == Cause.UNTOLERATED_TAINT
    tolerant = [{"key": "dedicated", "operator": "Exists"}]
    assert only(node, entry(tolerations=tolerant)).cause == Cause.UNCLASSIFIED


def test_a_cordoned_node_that_the_pod_would_not_fit_is_not_to_blame() -> None:
    node = {"node": "cordoned", "unschedulable": True}
    huge = {"containers": [{"name": "app", "resources": {"requests": {"memory": "900Gi"}}}]}
    message = "1 node(s) were unschedulable, 6 Insufficient memory"
    entry = {"deployment": "a", "revisions": [{"template": huge, "pods": [pending(message)]}]}
    assert only(node, entry).cause == Cause.INSUFFICIENT_CAPACITY


def test_a_change_of_the_image_alone_brought_no_taint() -> None:
    message = "6 node(s) had untolerated taint {a: b}"
    entry = {
        "deployment": "a",
        "revisions": [
            {"image": "r/a:1", "age": "9d", "replicas": 1, "pods": [{}]},
            {"image": "r/a:2", "age": "20m", "pods": [pending(message)]},
        ],
    }
    found = only(entry)
    assert (found.cause, found.revision and found.revision.borne) == (
        Cause.UNTOLERATED_TAINT,
        False,
    )
