"""The allow-list for a Keras archive is the one that is read: nothing beside it lets a class in."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from detection.training.jobs import untrusted_files
from detection.training.jobs.untrusted_files import ANY, PLAIN, read_model
from detection.training.model import autoencoder
from detection.training.model.autoencoder import BadModel

PAIRS = [
    (module, name) for module, names in PLAIN.items() for name in sorted(names or {"Anything"})
]


@pytest.fixture(autouse=True)
def keras_reads_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What passes the list goes on to Keras."""
    monkeypatch.setattr(autoencoder, "read", lambda path: "read")


def archive(directory: Path, module: str | None, name: str) -> Path:
    """A model whose description has this class deep within an ordinary one."""
    inner: dict[str, Any] = {"class_name": name, "config": {}}
    if module is not None:
        inner["module"] = module
    outer = {"module": "keras", "class_name": "Sequential", "config": {"layers": [{"x": inner}]}}
    path = directory / "own.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(outer))
    return path


@pytest.mark.parametrize(("module", "name"), PAIRS)
def test_what_the_list_names_is_read(tmp_path: Path, module: str, name: str) -> None:
    assert read_model(archive(tmp_path, module, name)) == "read"


@pytest.mark.parametrize(("module", "name"), PAIRS)
def test_a_module_that_leaves_the_list_is_refused(
    tmp_path: Path, module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(untrusted_files.PLAIN, module)
    with pytest.raises(BadModel, match="autoencoder of dense layers"):
        read_model(archive(tmp_path, module, name))


@pytest.mark.parametrize("module", [module for module, names in PLAIN.items() if names is not ANY])
def test_another_class_of_such_a_module_is_refused(tmp_path: Path, module: str) -> None:
    with pytest.raises(BadModel, match="Lambda"):
        read_model(archive(tmp_path, module, "Lambda"))


@pytest.mark.parametrize("module", ["os", "keras.src.layers", "keras.utils", "Keras"])
def test_a_module_outside_the_list_is_refused(tmp_path: Path, module: str) -> None:
    with pytest.raises(BadModel, match="Dense"):
        read_model(archive(tmp_path, module, "Dense"))


def test_a_class_without_a_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="Dense"):
        read_model(archive(tmp_path, None, "Dense"))


def test_no_layer_comes_from_a_module_whose_classes_are_all_allowed() -> None:
    free = {module for module, names in PLAIN.items() if names is ANY}
    assert free == {
        "keras.initializers",
        "keras.optimizers",
        "keras.losses",
        "keras.regularizers",
    }
