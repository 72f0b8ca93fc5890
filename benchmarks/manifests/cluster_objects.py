"""Claims, classes, quotas, budgets and what extends the API server, for scenarios."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.manifests.expand import (
    Entry,
    ManifestMoment,
    Obj,
    conditions,
    expands,
    metadata,
    uid_of,
)


def cluster_wide(world: ManifestMoment, kind: str, entry: Entry) -> Obj:
    name = entry["name"]
    return {
        "name": name,
        "uid": uid_of(kind, "", name),
        "creationTimestamp": world.at(entry.get("age", "60d")),
    }


@expands("claim")
def claim(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """`phase`, `class`, `volume`, `size`."""
    spec: Obj = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": entry.get("size", "10Gi")}},
    }
    if "class" in entry:
        spec["storageClassName"] = entry["class"]
    if "volume" in entry:
        spec["volumeName"] = entry["volume"]
    yield {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(world, "PersistentVolumeClaim", entry, entry["name"]),
        "spec": spec,
        "status": {"phase": entry.get("phase", "Bound")},
    }


@expands("storageclass")
def storageclass(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    yield {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": cluster_wide(world, "StorageClass", entry),
        "provisioner": entry.get("provisioner", "disk.example"),
        "volumeBindingMode": entry.get("mode", "WaitForFirstConsumer"),
    }


@expands("quota")
def quota(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    yield {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata(world, "ResourceQuota", entry, entry["name"]),
        "spec": {"hard": entry["hard"]},
        "status": {"hard": entry["hard"], "used": entry["used"]},
    }


@expands("budget")
def budget(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """A PodDisruptionBudget of the owner of its name, unless `of` says otherwise."""
    yield {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(world, "PodDisruptionBudget", entry, entry["name"]),
        "spec": {"selector": {"matchLabels": {"app": entry.get("of", entry["name"])}}},
        "status": {
            "disruptionsAllowed": entry.get("allowed", 0),
            "currentHealthy": entry["healthy"],
            "desiredHealthy": entry["must"],
            "expectedPods": entry["expected"],
            "conditions": conditions(world, entry.get("conditions") or {}),
        },
    }


@expands("webhook")
def webhook(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """`kind: Mutating` for the other one; `hooks`, `service: {namespace, name}`."""
    kind = f"{entry.get('kind', 'Validating')}WebhookConfiguration"
    yield {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": cluster_wide(world, kind, entry),
        "webhooks": [
            {"name": hook, "clientConfig": {"service": entry["service"]}, "sideEffects": "None"}
            for hook in entry["hooks"]
        ],
    }


@expands("apiservice")
def apiservice(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    yield {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": cluster_wide(world, "APIService", entry),
        "spec": {"service": entry.get("service")},
        "status": {"conditions": conditions(world, entry.get("conditions") or {})},
    }
