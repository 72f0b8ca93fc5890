"""Serving in numpy, from files that the manifest vouches for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from detection.anomaly.model import artifacts, autoencoder
from detection.anomaly.model.artifacts import MANIFEST, WEIGHTS, ModelRefused
from detection.anomaly.model.autoencoder import BadWeights
from detection.models.anomaly import ModelVersion
from tests.detection.anomaly.builders import network

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SERVING = """
import sys, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
import detection.tasks, detection.detectors, detection.pipeline.ticks, kubewise_site.celery
from detection.anomaly import context_from_records
context_from_records.model_in_force()
heavy = {"tensorflow", "keras", "sklearn", "joblib", "scipy", "pyarrow", "tqdm"}
print(sorted(heavy & set(sys.modules)))
"""


def install(directory: Path) -> None:
    autoencoder.save_network(network(), directory / WEIGHTS)
    known = {
        "version": "v1",
        "threshold": 1.0,
        "step_seconds": 60.0,
        "files": {WEIGHTS: artifacts.sha256(directory / WEIGHTS)},
    }
    (directory / MANIFEST).write_text(json.dumps(known))


def install_version(directory: Path, name: str) -> None:
    """A version below `versions/`, with its row."""
    directory.mkdir(parents=True)
    install(directory)
    known = json.loads((directory / MANIFEST).read_text()) | {"version": name}
    (directory / MANIFEST).write_text(json.dumps(known))
    ModelVersion.objects.create(version=name, source="data", trained_at=NOW, files=known["files"])


def test_saved_weights_come_back_the_same(tmp_path: Path) -> None:
    install(tmp_path)
    rows = np.random.default_rng(0).normal(size=(20, 32)).astype(np.float32)
    loaded = artifacts.load_artifacts(tmp_path)
    np.testing.assert_array_equal(loaded.network.rebuild(rows), network().rebuild(rows))
    assert loaded.version == "v1"


def test_the_last_error_is_that_of_the_whole_rebuilt_window() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 32)).astype(np.float32)
    expected = np.abs(rows[:, -1] - network().rebuild(rows)[:, -1])
    np.testing.assert_allclose(network().last_errors(rows), expected, atol=1e-6)


def test_a_weights_file_that_the_manifest_does_not_name_is_refused(tmp_path: Path) -> None:
    install(tmp_path)
    with (tmp_path / WEIGHTS).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelRefused, match="is not the file that the manifest names"):
        artifacts.load_artifacts(tmp_path)


def test_without_a_manifest_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="train a model first"):
        artifacts.load_artifacts(tmp_path)


def test_a_pickle_in_place_of_weights_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    np.savez(path, center=np.array([object()], dtype=object))
    with pytest.raises(BadWeights):
        autoencoder.load_network(path)


def test_a_detect_worker_imports_neither_tensorflow_nor_scikit_learn_nor_joblib() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVING], capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(("given", "used"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_matrix_products_run_in_one_thread_unless_someone_says_otherwise(
    given: dict[str, str], used: str
) -> None:
    plain = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    asked = "import kubewise_site, os; print(os.environ['OPENBLAS_NUM_THREADS'])"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=100, check=True,
        env=plain | given,
    )  # fmt: skip
    assert done.stdout.strip() == used
