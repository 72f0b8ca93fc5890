"""Pods that are never made, their sandboxes and their volumes: odd variants."""

from __future__ import annotations

from typing import Any

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from tests.detection.builders import incidents, snapshot_of

Entry = dict[str, Any]


def found(*entries: Entry) -> list[Finding]:
    return incidents(snapshot_of(*entries))


def refused(name: str, message: str, age: str = "2m") -> list[Entry]:
    about = {"kind": "StatefulSet", "name": name}
    event = {"event": "FailedCreate", "about": about, "message": message, "age": age,
             "since": "20m", "count": 9}  # fmt: skip
    return [{"statefulset": name, "replicas": 2, "age": "9d", "pods": [{}]}, event]


def test_one_owner_that_exceeds_a_quota_is_itself_the_owner() -> None:
    one = found(*refused("a", 'pods "a-1" is forbidden: exceeded quota: q, requested: pods=1'))
    assert [(i.cause, i.owner.kind) for i in one] == [(Cause.QUOTA_EXCEEDED, "StatefulSet")]


def test_a_refusal_long_ago_is_none() -> None:
    text = 'pods "a-1" is forbidden: exceeded quota: q'
    assert Cause.QUOTA_EXCEEDED not in {i.cause for i in found(*refused("a", text, age="50m"))}


def test_a_webhook_that_denies_is_no_webhook_that_is_down() -> None:
    denied = 'admission webhook "v.example" denied the request: no'
    assert [i.cause for i in found(*refused("a", denied))] == [Cause.ADMISSION_FORBIDDEN]
    down = 'failed calling webhook "v.example": context deadline exceeded'
    one = found(*refused("a", down))
    assert [(i.cause, i.owner.name) for i in one] == [(Cause.WEBHOOK_DOWN, "v.example")]


def test_two_webhooks_of_one_configuration_are_one_incident() -> None:
    service = {"namespace": "p", "name": "p"}
    hook = {"webhook": "both", "hooks": ["a.example", "b.example"], "service": service}
    entries = refused("a", 'failed calling webhook "a.example": EOF')
    entries += refused("b", 'failed calling webhook "b.example": EOF')
    one = found(hook, *entries)
    assert [(i.cause, i.owner.name) for i in one] == [(Cause.WEBHOOK_DOWN, "both")]
    assert {ref.name for ref in one[0].related} >= {"a", "b"}


def creating(name: str, node: str, reason: str, message: str) -> list[Entry]:
    pod = {"name": f"{name}-x", "node": node, "age": "15m",
           "containers": {"app": {"waiting": "ContainerCreating"}}}  # fmt: skip
    event = {"event": reason, "about": {"kind": "Pod", "name": f"{name}-x"}, "message": message,
             "age": "1m", "since": "14m", "count": 9}  # fmt: skip
    return [{"deployment": name, "replicas": 2, "age": "9d", "pods": [{}, pod]}, event]


def test_sandboxes_of_two_owners_on_two_nodes_are_the_clusters() -> None:
    reason = "FailedCreatePodSandBox"
    entries = creating("a", "node-a", reason, "x") + creating("b", "node-b", reason, "y")
    assert [(i.cause, i.owner.kind) for i in found(*entries)] == [(Cause.SANDBOX_FAILED, "Cluster")]


def test_a_missing_configmap_is_no_failed_mount() -> None:
    text = 'MountVolume.SetUp failed for volume "c" : configmap "gone" not found'
    one = found(*creating("a", "node-a", "FailedMount", text))
    assert [i.cause for i in one] == [Cause.CONFIGMAP_MISSING]


def test_a_volume_that_does_not_come_is_a_failed_mount() -> None:
    one = found(*creating("a", "node-a", "FailedMount", "mount.nfs: Connection timed out"))
    assert [i.cause for i in one] == [Cause.MOUNT_FAILED]
