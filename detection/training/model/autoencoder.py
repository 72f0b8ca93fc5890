"""The fleet autoencoder in Keras: the only module that imports it, and only when it trains."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detection.anomaly.model.autoencoder import LEAK, Floats32, Layer, Network

HIDDEN = (24, 6, 24)
EPOCHS = 10
BATCH = 1024
LEARNING_RATE = 3e-3
DECAY = 0.75
PATIENCE = 3
Progress = Callable[[str], None]


class BadModel(ValueError):
    """A Keras model that is no dense autoencoder over one window; the message says why."""


def keras_module() -> Any:
    """Keras, imported now; TensorFlow needs seconds and 700 MB, so nobody else imports it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    return keras


def train_member(
    windows: Floats32, kept_back: Floats32, seed: int, progress: Progress | None = None
) -> Any:
    """One Keras autoencoder; stops early on windows of entities that were kept back.

    `windows`, `kept_back`: [rows, window] after the scaler.
    """
    keras = keras_module()
    keras.utils.set_random_seed(seed)
    model = _dense(keras, windows.shape[1])
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss=keras.losses.Huber(1.0))
    steps = [
        keras.callbacks.LearningRateScheduler(lambda epoch: LEARNING_RATE * DECAY**epoch),
        keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True),
    ]
    if progress:
        steps.append(keras.callbacks.LambdaCallback(on_epoch_end=_teller(progress, seed)))
    model.fit(
        windows,
        windows,
        validation_data=(kept_back, kept_back),
        epochs=EPOCHS,
        batch_size=BATCH,
        verbose=0,
        callbacks=steps,
    )
    return model


def _teller(progress: Progress, seed: int) -> Callable[[int, dict[str, float]], None]:
    def tell(epoch: int, logs: dict[str, float]) -> None:
        progress(f"seed {seed}, epoch {epoch + 1}/{EPOCHS}, loss {logs['val_loss']:.4f}")

    return tell


def _dense(keras: Any, window: int) -> Any:
    layers = [keras.Input((window,))]
    for width in HIDDEN:
        layers += [keras.layers.Dense(width), keras.layers.LeakyReLU(negative_slope=float(LEAK))]
    return keras.Sequential([*layers, keras.layers.Dense(window)])


def averaged(members: Sequence[Any]) -> Any:
    """One Keras model whose output is the mean of its members'."""
    keras = keras_module()
    given = keras.Input((members[0].input_shape[1],))
    outputs = [member(given) for member in members]
    mean = keras.layers.Average()(outputs) if len(outputs) > 1 else outputs[0]
    return keras.Model(given, mean, name="kube_anomaly_autoencoder")


def exported(model: Any, center: Floats32, scale: Floats32) -> Network:
    """The weights of `averaged` or of a plain Sequential as numpy. Raises BadModel."""
    keras = keras_module()
    members = [layer for layer in model.layers if isinstance(layer, keras.Sequential)] or [model]
    network = Network([_layers(keras, member) for member in members], center, scale)
    rows = np.random.default_rng(0).normal(0, 2, (64, network.window)).astype(np.float32)
    given = (rows - center) / scale
    if not np.allclose(model(given), (network.rebuild(rows) - center) / scale, atol=1e-4):
        raise BadModel("its numpy export rebuilds windows differently: it is not made of plain "
                       "dense layers with leaky ReLU 0.2 and a linear output")  # fmt: skip
    return network


def _layers(keras: Any, member: Any) -> list[Layer]:
    kept = [layer for layer in member.layers if isinstance(layer, keras.layers.Dense)]
    known = (keras.layers.Dense, keras.layers.LeakyReLU, keras.layers.InputLayer)
    strange = [layer.name for layer in member.layers if not isinstance(layer, known)]
    if strange or not kept:
        raise BadModel(f"it has other layers than dense ones and leaky ReLU: {', '.join(strange)}")
    return [_layer(*layer.get_weights()) for layer in kept]


def _layer(weights: Any, bias: Any) -> Layer:
    return np.asarray(weights, np.float32), np.asarray(bias, np.float32)


def save(model: Any, path: Path) -> None:
    model.save(path)


def read(path: Path) -> Any:
    """A saved Keras model, without running code that it brings along. Raises BadModel."""
    try:
        return keras_module().models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadModel(f"{path} is no Keras model: {error}") from error
