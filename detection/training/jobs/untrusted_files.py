"""Files that somebody brings along, read without running what they bring: a model, a scaler.

A Keras archive may name any Python object to call, and a pickle is a program. So the archive's
description is read as JSON before Keras sees it, and the pickle may build arrays and the scalers
of scikit-learn alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detection.domain.units import counted
from detection.training.model import autoencoder
from detection.training.model.autoencoder import BadModel

MODELS = frozenset({"Sequential", "Functional", "Model"})
LAYERS = frozenset({"InputLayer", "Dense", "LeakyReLU", "Average"})
ANY = None
# A Keras module, and which of its classes a model may name; of the modules with ANY, each one.
PLAIN: dict[str, frozenset[str] | None] = {
    "": frozenset({"__keras_tensor__"}),
    "keras": MODELS | {"DTypePolicy"},
    "keras.layers": LAYERS | MODELS,
    "keras.models": LAYERS | MODELS,
    "keras.src.models": LAYERS | MODELS,
    "keras.src.models.functional": LAYERS | MODELS,
    "keras.initializers": ANY,
    "keras.optimizers": ANY,
    "keras.losses": ANY,
    "keras.regularizers": ANY,
}
SCALERS = frozenset({"StandardScaler", "RobustScaler", "MinMaxScaler", "MaxAbsScaler"})
ARRAYS = frozenset({"ndarray", "dtype", "_reconstruct", "scalar", "_frombuffer"})
LARGEST_BYTES = 50 * 2**20


def read_model(path: Path) -> Any:
    """A Keras model of dense layers. Raises BadModel, and then nothing of the file was run."""
    strange = sorted(
        name for module, name in _classes_in(_config(path)) if not _is_plain(module, name)
    )
    if strange:
        raise BadModel(
            f"{path} has {', '.join(dict.fromkeys(strange))}: an autoencoder of dense layers and "
            "leaky ReLU is needed"
        )
    return autoencoder.read(path)


def _config(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = [item.file_size for item in archive.infolist()]
            if sum(sizes) > LARGEST_BYTES:
                raise BadModel(
                    f"{path} unpacks to {counted(sum(sizes), 'byte')}, the limit is {LARGEST_BYTES}"
                )
            return json.loads(archive.read("config.json"))
    except FileNotFoundError:
        raise BadModel(f"{path} does not exist") from None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadModel(
            f'{path} is no Keras model as `model.save("NAME.keras")` writes it: {error}'
        ) from error


def _classes_in(config: Any) -> Iterator[tuple[str, str]]:
    """(module, class) of everything that the description has built; "" where none is given."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield str(config.get("module") or ""), str(config["class_name"])
        for value in config.values():
            yield from _classes_in(value)
    elif isinstance(config, list):
        for value in config:
            yield from _classes_in(value)


def _is_plain(module: str, name: str) -> bool:
    """A module that PLAIN does not name has nothing that a model may name."""
    names = PLAIN.get(module, frozenset())
    return names is ANY or name in names


def read_scaler(path: Path) -> Any:
    """A scaler of scikit-learn that joblib wrote. Raises BadModel where it is anything else."""
    from joblib import numpy_pickle, numpy_pickle_utils

    class Unpickler(numpy_pickle.NumpyUnpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            if not _may_build(module, name):
                raise BadModel(
                    f"{path} would run {module}.{name}; only these scalers of scikit-learn are "
                    f"read: {', '.join(sorted(SCALERS))}"
                )
            return super().find_class(module, name)

    try:
        with (
            path.open("rb") as file,
            numpy_pickle_utils._validate_fileobject_and_memmap(file, str(path), None) as (raw, _),
        ):
            return Unpickler(str(path), raw, True).load()
    except BadModel:
        raise
    except Exception as error:  # a broken pickle may raise anything
        raise BadModel(f"{path} can't be loaded: {type(error).__name__}: {error}") from error


def _may_build(module: str, name: str) -> bool:
    if module == "sklearn.preprocessing._data":
        return name in SCALERS
    if module == "joblib.numpy_pickle":
        return name == "NumpyArrayWrapper"
    return module.partition(".")[0] == "numpy" and name in ARRAYS
