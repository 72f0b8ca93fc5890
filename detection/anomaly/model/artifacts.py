"""The model in force: its files, and the manifest that says what they are.

A file whose sha256 is not the manifest's is refused: nobody can slip in other weights by writing
into the directory of models alone without a trace in the manifest and in ModelVersion.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detection.anomaly.model import autoencoder
from detection.anomaly.model.autoencoder import BadWeights, Network

MANIFEST = "manifest.json"
WEIGHTS = "kube_anomaly_weights.npz"


class ModelRefused(ValueError):
    """There is no model that may be used; the message says which file and why."""


@dataclass(frozen=True)
class Model:
    """What a detect worker serves."""

    version: str
    network: Network
    alarm_at: float
    step_seconds: float


def sha256(path: Path) -> str:
    """Of a file, in hex; OSError where it can't be read."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest(directory: Path) -> dict[str, Any]:
    """Raises ModelRefused where there is none or it can't be read."""
    path = directory / MANIFEST
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        raise ModelRefused(f"{path} does not exist: train a model first") from None
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{path} can't be read: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        raise ModelRefused(f"{path} names no files")
    return found


def checked_path(directory: Path, name: str, known: dict[str, Any]) -> Path:
    """The path of a file of the manifest. Raises ModelRefused where the hash is another."""
    path = directory / name
    try:
        found = sha256(path)
    except OSError as error:
        raise ModelRefused(f"{path} can't be read: {error}") from error
    if known["files"].get(name) != found:
        raise ModelRefused(f"{path} is not the file that the manifest names (sha256 {found[:12]}…)")
    return path


def load_artifacts(directory: Path) -> Model:
    """The weights for serving, in numpy. Raises ModelRefused."""
    known = manifest(directory)
    path = checked_path(directory, WEIGHTS, known)
    try:
        return Model(
            version=str(known["version"]),
            network=autoencoder.load_network(path),
            alarm_at=float(known["threshold"]),
            step_seconds=float(known["step_seconds"]),
        )
    except (BadWeights, KeyError, TypeError) as error:
        raise ModelRefused(f"{path}: {error}") from error
