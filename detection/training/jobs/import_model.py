"""A user's own Keras model and scaler as a version beside ours."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from detection.anomaly.model.autoencoder import Floats32
from detection.domain.units import counted
from detection.models.anomaly import ModelSource, ModelVersion
from detection.training.jobs import train
from detection.training.jobs.train import Trained
from detection.training.jobs.untrusted_files import read_model, read_scaler
from detection.training.model import autoencoder, versions
from detection.training.model.autoencoder import BadModel


def import_model(model_path: Path, scaler_path: Path, now: datetime) -> ModelVersion:
    """Raises BadModel where the two don’t fit what is served: a window in, the same window out.

    Neither file runs code of its own; see `untrusted`.
    """
    model = read_model(model_path)
    shape = model.input_shape
    if shape != model.output_shape or len(shape) != 2 or shape[1] is None:
        raise BadModel(
            f"{model_path} maps {model.input_shape} to {model.output_shape}; an autoencoder over "
            "one window of a scaled metric is needed, (None, samples) to the same"
        )
    scaler = read_scaler(scaler_path)
    center, scale = _affine(scaler, model.input_shape[1])
    exported = autoencoder.exported(model, center, scale)
    known = train.write_version(
        Trained(model, scaler, exported, [exported]),
        {},
        {},
        train.files_hash([model_path, scaler_path]),
        versions.directory_of(f"{now:%Y%m%d-%H%M%S}"),
        now,
    )
    return versions.record_version(known, ModelSource.IMPORTED, now)


def _affine(scaler: Any, window: int) -> tuple[Floats32, Floats32]:
    """Center and scale of StandardScaler, RobustScaler, MinMaxScaler or whatever is affine."""
    try:
        zero = np.asarray(scaler.transform(np.zeros((1, window))), dtype=np.float64)[0]
        slope = np.asarray(scaler.transform(np.ones((1, window))), dtype=np.float64)[0] - zero
        twice = np.asarray(scaler.transform(np.full((1, window), 2.0)), dtype=np.float64)[0]
    except (AttributeError, ValueError) as error:
        raise BadModel(
            f"the scaler does not take windows of {counted(window, 'sample')}: {error}"
        ) from error
    if not np.allclose(twice, zero + 2 * slope) or not (slope != 0).all():
        raise BadModel("the scaler is not affine; StandardScaler, RobustScaler, MinMaxScaler are")
    return (-zero / slope).astype(np.float32), (1 / slope).astype(np.float32)
