"""Jobs and CronJobs of scenarios."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.manifests.expand import (
    Entry,
    ManifestMoment,
    Obj,
    conditions,
    expands,
    metadata,
    owner,
    short_hash,
    template,
)
from benchmarks.manifests.pods import pod


@expands("job")
def job(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """`result: {Complete: …}` or `{Failed: {reason, message, age}}`, `status`, `pods`."""
    yield from job_of(world, {"restartPolicy": "Never", **entry}, entry["name"], [])


def job_of(world: ManifestMoment, entry: Entry, name: str, owners: list[Obj]) -> Iterator[Obj]:
    namespace = entry.get("namespace", "shop")
    meta = metadata(world, "Job", entry, name)
    if owners:
        meta["ownerReferences"] = owners
    shape = template(entry, {})
    yield {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": meta,
        "spec": {"backoffLimit": 6, "template": shape} | (entry.get("spec") or {}),
        "status": {"startTime": meta["creationTimestamp"]}
        | (entry.get("status") or {})
        | {"conditions": conditions(world, entry.get("result") or {})},
    }
    refs = owner("Job", namespace, name, "batch/v1")
    for i, line in enumerate(entry.get("pods") or []):
        full = f"{name}-{short_hash(f'{name}{i}')[:5]}"
        yield pod(world, entry, line, full, shape, refs, i)


@expands("cronjob")
def cronjob(world: ManifestMoment, entry: Entry) -> Iterator[Obj]:
    """`jobs` are its Jobs, oldest first."""
    name, namespace = entry["name"], entry.get("namespace", "shop")
    yield {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata(world, "CronJob", entry, name),
        "spec": {
            "schedule": "0 * * * *",
            "suspend": False,
            "jobTemplate": {
                "spec": {"template": template({"restartPolicy": "Never", **entry}, {})}
            },
        }
        | (entry.get("spec") or {}),
        "status": {"lastScheduleTime": world.at(entry.get("scheduled", "20m"))},
    }
    for number, one in enumerate(entry.get("jobs") or []):
        shaped = {"restartPolicy": "Never", "namespace": namespace, **one, "name": name}
        refs = owner("CronJob", namespace, name, "batch/v1")
        yield from job_of(world, shaped, f"{name}-{29_000_000 + number}", refs)
