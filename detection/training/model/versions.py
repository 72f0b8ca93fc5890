"""Versions of the model: which one is in force, use another one, go back.

Each version is a directory of its own below `versions/`; the one in force is copied beside it, its
manifest last, so that a worker which reads in between refuses the files and keeps what it has.
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from detection.anomaly.model.artifacts import MANIFEST, ModelRefused, checked_path, manifest
from detection.models.anomaly import ModelSource, ModelVersion

VERSIONS = "versions"


def directory() -> Path:
    """Where the model in force lies."""
    return Path(settings.AUTOENCODER_MODEL_PATH).resolve().parent


def directory_of(version: str) -> Path:
    return directory() / VERSIONS / version


def record_version(known: dict[str, Any], source: str, now: datetime) -> ModelVersion:
    """A row for a version whose files are written; the same version again changes nothing."""
    row, _ = ModelVersion.objects.get_or_create(
        version=known["version"],
        defaults={
            "trained_at": now,
            "source": source,
            "data_sha256": known["data_sha256"],
            "scores": known["scores"],
            "libraries": known["libraries"],
            "files": known["files"],
        },
    )
    return row


def use(version: str, who: str, now: datetime) -> ModelVersion:
    """Put a version in force. Raises ModelRefused where it is unknown or its files were changed."""
    row = ModelVersion.objects.filter(version=version).first()
    if row is None:
        raise ModelRefused(f"there is no model version {version!r}")
    known = manifest(directory_of(version))
    if known["files"] != row.files:
        raise ModelRefused(f"the manifest of {version} is not the one that was recorded")
    paths = [checked_path(directory_of(version), name, known) for name in known["files"]]
    for path in [*paths, directory_of(version) / MANIFEST]:
        _replace(path, directory() / path.name)
    with transaction.atomic():
        ModelVersion.objects.filter(in_force=True).exclude(pk=row.pk).update(
            in_force=False, replaced_at=now
        )
        ModelVersion.objects.filter(pk=row.pk).update(in_force=True, used_at=now, used_by=who)
    row.refresh_from_db()
    return row


def go_back(who: str, now: datetime) -> ModelVersion:
    """The version that was in force before. Raises ModelRefused where there was none."""
    row = former()
    if row is None:
        raise ModelRefused("no other version was in use before")
    return use(row.version, who, now)


def former() -> ModelVersion | None:
    """The version that was in force before the one that is."""
    before = ModelVersion.objects.filter(replaced_at__isnull=False, in_force=False)
    return before.order_by("-replaced_at").first()


def adopt_shipped(now: datetime) -> ModelVersion | None:
    """A row and a kept copy for the model that lies in place without one; None where none does."""
    try:
        known = manifest(directory())
    except ModelRefused:
        return None
    if not directory_of(known["version"]).exists():
        copy_files(known, directory(), directory_of(known["version"]))
    row = record_version(known, ModelSource.SHIPPED, now)
    if not ModelVersion.objects.filter(in_force=True).exists():
        ModelVersion.objects.filter(pk=row.pk).update(in_force=True, used_at=now)
    return row


def copy_files(known: dict[str, Any], source: Path, target: Path) -> None:
    """Copy a version's files. Raises ModelRefused where one is not what its manifest says."""
    paths = [checked_path(source, name, known) for name in known["files"]]
    target.mkdir(parents=True, exist_ok=True)
    for path in [*paths, source / MANIFEST]:
        _replace(path, target / path.name)


def _replace(source: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, draft)
    os.replace(draft, target)
