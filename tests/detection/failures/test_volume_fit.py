"""A claim beside the volumes that are there: the field that differs is named with both values."""

from __future__ import annotations

from typing import Any

import pytest

from detection.failures.storage.volume_fit import near_misses
from detection.kubernetes.objects.volumes import PersistentVolumeClaim
from tests.detection.builders import snapshot_from

NAME = "books"


def claim(**spec: Any) -> dict[str, Any]:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    meta = {"name": NAME, "namespace": "shop", "uid": "c"}
    return {"kind": "PersistentVolumeClaim", "metadata": meta, "spec": asked | spec,
            "status": {"phase": "Pending"}}  # fmt: skip


def volume(name: str = "pv-a", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    has = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "8Gi"}}
    meta = {"name": name, "uid": name, "labels": labels or {}}
    return {"kind": "PersistentVolume", "metadata": meta, "spec": has | spec,
            "status": {"phase": "Available"}}  # fmt: skip


def said(asked: dict[str, Any], *volumes: dict[str, Any]) -> list[str]:
    snapshot = snapshot_from([asked, *volumes])
    found = snapshot.find("PersistentVolumeClaim", "shop", NAME)
    assert isinstance(found, PersistentVolumeClaim)
    return near_misses(snapshot, found)


@pytest.mark.parametrize(
    ("asked", "has", "words"),
    [
        ({"storageClassName": "fast"}, {}, ["StorageClass fast", "no StorageClass"]),
        ({"accessModes": ["ReadWriteMany"]}, {}, ["ReadWriteMany", "ReadWriteOnce"]),
        ({"volumeMode": "Block"}, {}, ["Block", "Filesystem"]),
        ({"resources": {"requests": {"storage": "9Gi"}}}, {}, ["9Gi", "8Gi"]),
        ({"selector": {"matchLabels": {"row": "2"}}}, {"labels": {"row": "1"}}, ["row=2", "row=1"]),
        ({"selector": {"matchExpressions": [{"key": "row", "operator": "Exists"}]}}, {},
         ["row Exists", "no label row"]),
        ({}, {"claimRef": {"namespace": "old", "name": "den"}}, ["old/den"]),
    ],
)  # fmt: skip
def test_the_field_that_differs_is_named_with_both_values(
    asked: dict[str, Any], has: dict[str, Any], words: list[str]
) -> None:
    (sentence,) = said(claim(**asked), volume(**has))
    assert "pv-a does not fit" in sentence
    assert all(word in sentence for word in words), sentence


def test_the_volumes_with_the_fewest_differences_are_told() -> None:
    near = volume("near", accessModes=["ReadOnlyMany"])
    far = volume("far", accessModes=["ReadOnlyMany"], capacity={"storage": "1Gi"})
    found = said(claim(), near, far)
    assert len(found) == 1
    assert "near" in found[0]


def test_a_volume_that_was_made_for_another_claim_is_no_candidate() -> None:
    made = volume("pvc-0a0b0c0d-1111-2222-3333-444455556666", claimRef={"name": "x"})
    assert said(claim(), made) == []


def test_a_volume_that_fits_says_so() -> None:
    assert "fits the claim" in said(claim(), volume())[0]
