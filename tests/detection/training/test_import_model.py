"""What a user brings along: taken where it fits, else refused by name, and never run."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from detection.anomaly.model import artifacts
from detection.models.anomaly import ModelVersion
from detection.training.model.autoencoder import keras_module

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.timeout(300),
]
ROWS = np.random.default_rng(0).normal(1, 2, (200, 16))


@pytest.fixture(autouse=True)
def models(tmp_path: Path, settings: Any) -> Path:
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "models" / "kube_anomaly_autoencoder.keras")
    return tmp_path / "models"


def saved(directory: Path, *layers: Any, window: int = 16) -> Path:
    keras = keras_module()
    path = directory / "own.keras"
    keras.Sequential([keras.Input((window,)), *layers]).save(path)
    return path


def plain(directory: Path, window: int = 16) -> Path:
    keras = keras_module()
    hidden = [keras.layers.Dense(4), keras.layers.LeakyReLU(negative_slope=0.2)]
    return saved(directory, *hidden, keras.layers.Dense(window), window=window)


def scaler(directory: Path, given: Any = None) -> Path:
    path = directory / "own.joblib"
    joblib.dump(given or StandardScaler().fit(ROWS), path, compress=3)
    return path


def refused(model: Path, scales: Path) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("import_model", model, scales, "--use")
    assert not ModelVersion.objects.filter(source="imported").exists()
    return str(caught.value)


@pytest.mark.parametrize("kind", [StandardScaler, RobustScaler, MinMaxScaler, MaxAbsScaler])
def test_a_model_of_ones_own_is_served_with_its_scaler(
    tmp_path: Path, models: Path, kind: Callable[[], Any]
) -> None:
    given = kind().fit(ROWS)
    model = plain(tmp_path)
    call_command("import_model", model, scaler(tmp_path, given), "--use")
    network = artifacts.load_artifacts(models).network
    keras = keras_module().models.load_model(model)
    wanted = given.inverse_transform(np.asarray(keras(given.transform(ROWS))))
    assert np.abs(network.rebuild(ROWS.astype(np.float32)) - wanted).max() < 1e-4


def test_a_model_that_gives_another_shape_than_it_takes_is_refused(tmp_path: Path) -> None:
    keras = keras_module()
    told = refused(saved(tmp_path, keras.layers.Dense(3)), scaler(tmp_path))
    assert "maps (None, 16) to (None, 3)" in told


def test_a_scaler_of_another_window_is_refused(tmp_path: Path) -> None:
    told = refused(plain(tmp_path, window=8), scaler(tmp_path))
    assert "does not take windows of 8 samples" in told


@pytest.mark.parametrize("layer", ["LSTM", "Dropout", "Conv1D", "Lambda"])
def test_other_layers_are_named_and_refused(tmp_path: Path, layer: str) -> None:
    keras = keras_module()
    made = {
        "LSTM": [keras.layers.Reshape((16, 1)), keras.layers.LSTM(16)],
        "Dropout": [keras.layers.Dropout(0.2), keras.layers.Dense(16)],
        "Conv1D": [
            keras.layers.Reshape((16, 1)), keras.layers.Conv1D(1, 3, padding="same"),
            keras.layers.Flatten(),
        ],
        "Lambda": [keras.layers.Lambda(lambda given: given)],
    }[layer]  # fmt: skip
    assert layer in refused(saved(tmp_path, *made), scaler(tmp_path))


def test_another_activation_is_refused(tmp_path: Path) -> None:
    keras = keras_module()
    layers = [keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(16)]
    assert "rebuilds windows differently" in refused(saved(tmp_path, *layers), scaler(tmp_path))


def test_what_is_no_keras_archive_is_refused(tmp_path: Path) -> None:
    text, other = tmp_path / "text.keras", tmp_path / "other.keras"
    text.write_text("no")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme", "no")
    for path in (text, other):
        assert f"{path} is no Keras model" in refused(path, scaler(tmp_path))
    assert "does not exist" in refused(tmp_path / "none.keras", scaler(tmp_path))


class Attack:
    """A pickle that runs a command when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    told = refused(plain(tmp_path), scaler(tmp_path, Attack(marker)))
    assert "would run posix.system" in told
    assert not marker.exists()


def test_a_scaler_that_is_not_affine_is_refused(tmp_path: Path) -> None:
    told = refused(plain(tmp_path), scaler(tmp_path, PowerTransformer().fit(np.abs(ROWS))))
    assert "PowerTransformer" in told


def test_a_file_that_is_no_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.joblib").write_text("no")
    assert "own.joblib can't be loaded" in refused(plain(tmp_path), tmp_path / "own.joblib")
