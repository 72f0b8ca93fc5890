"""Train on sets of series, measure on entities left out, and write the artifacts of one version."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from detection.anomaly import scoring
from detection.anomaly.model import autoencoder as network
from detection.anomaly.model.artifacts import MANIFEST, WEIGHTS, sha256
from detection.anomaly.model.autoencoder import Floats32, Network
from detection.domain.units import counted
from detection.training.evaluation import evaluate, model_card
from detection.training.model import autoencoder, sampling
from detection.training.model.errors import TooLittleData
from detection.training.model.sampling import Sets

KERAS_MODEL = "kube_anomaly_autoencoder.keras"
SCALER = "kube_anomaly_scaler.joblib"
CARD = "README.md"
SEEDS = (0, 1, 2)
STEP_SECONDS = 60.0
LEAST_WINDOWS = 5_000
KEPT_BACK_FOLDS = 6
LIBRARIES = ("keras", "tensorflow-cpu", "tensorflow", "scikit-learn", "numpy", "joblib")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """The Keras model, the scikit-learn scaler that belongs to it, and both as numpy."""

    model: Any
    scaler: Any
    network: Network
    members: Sequence[Network]


def train(sets: Sets, tell: Tell, seeds: Sequence[int] = SEEDS) -> Trained:
    """One autoencoder a seed, averaged; each stops early on entities kept back.

    Raises TooLittleData.
    """
    windows = sampling.windows_of(sets, seed=seeds[0])
    if len(windows) < LEAST_WINDOWS:
        raise TooLittleData(
            f"{counted(len(windows), 'window')} to train on, {LEAST_WINDOWS} are needed"
        )
    scaler = _scaler(windows)
    members = [_member(sets, scaler, seed, tell) for seed in seeds]
    center = np.asarray(scaler.center_, np.float32)
    scale = np.asarray(scaler.scale_, np.float32)
    model = autoencoder.averaged(members)
    singles = [autoencoder.exported(member, center, scale) for member in members]
    return Trained(model, scaler, autoencoder.exported(model, center, scale), singles)


def _scaler(windows: Floats32) -> Any:
    from sklearn.preprocessing import RobustScaler

    return RobustScaler(quantile_range=(25.0, 75.0)).fit(windows)


def _member(sets: Sets, scaler: Any, seed: int, tell: Tell) -> Any:
    fitted, kept_back = sampling.folds(sets, KEPT_BACK_FOLDS)[seed % KEPT_BACK_FOLDS]
    rows = sampling.windows_of(fitted, seed)
    check = sampling.windows_of(kept_back, seed, sampling.WINDOWS_PER_SET // 10)
    if not len(check):
        rows, check = rows[: -len(rows) // 10], rows[-len(rows) // 10 :]
    given, wanted = (scaler.transform(part).astype(np.float32) for part in (rows, check))
    return autoencoder.train_member(given, wanted, seed, tell)


def evaluate_unseen(sets: Sets, tell: Tell, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The evaluation that counts: every entity scored by networks that never saw it."""

    def networks(seen: Sets) -> list[Network]:
        done = train(seen, tell, seeds)
        return [done.network, *done.members]

    return evaluate.measures_table(evaluate.leaving_out(sets, networks, tell))


def write_version(
    trained: Trained, scores: dict[str, Any], sets: Sets, data: str, directory: Path, now: datetime
) -> dict[str, Any]:
    """Write the version's files into `directory`, the manifest last; answers with the manifest."""
    import joblib

    directory.mkdir(parents=True, exist_ok=True)
    autoencoder.save(trained.model, directory / KERAS_MODEL)
    joblib.dump(trained.scaler, directory / SCALER, compress=3)
    network.save_network(trained.network, directory / WEIGHTS)
    known = _manifest(trained, scores, sets, data, now)
    (directory / CARD).write_text(model_card.card_text(known))
    names = (KERAS_MODEL, SCALER, WEIGHTS, CARD)
    known["files"] = {name: sha256(directory / name) for name in names}
    (directory / MANIFEST).write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    return known


def _manifest(
    trained: Trained, scores: dict[str, Any], sets: Sets, data: str, now: datetime
) -> dict[str, Any]:
    return {
        "version": f"{now:%Y%m%d-%H%M%S}",
        "trained_at": now.isoformat(),
        "trained_on": {name: len(found) for name, found in sets.items()},
        "data_sha256": data,
        "window_samples": trained.network.window,
        "step_seconds": STEP_SECONDS,
        "threshold": scoring.ALARM_AT,
        "seeds": len(trained.members),
        "parameters": int(trained.model.count_params()),
        "libraries": _libraries(),
        "evaluation": "entities left out of training, three folds",
        "scores": scores,
    }


def _libraries() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except ModuleNotFoundError:
            continue
    return found


def files_hash(paths: Sequence[Path]) -> str:
    """One sha256 over the files' own, in the order of their names."""
    together = hashlib.sha256()
    for path in sorted(paths):
        together.update(sha256(path).encode())
    return together.hexdigest()
