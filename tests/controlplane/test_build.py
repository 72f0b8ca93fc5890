"""What is cached is used only if it is what go.mod pins."""

from pathlib import Path

import pytest

from tests.controlplane import build


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of programs that say the pinned versions."""
    monkeypatch.setenv("KUBEWISE_CACHE", str(tmp_path))
    directory = build.cache_dir(build.pinned().kubernetes)
    directory.mkdir(parents=True)
    for program in build.PACKAGES:
        install(directory, program, build.pinned().of(program))
    return directory


def install(directory: Path, program: str, version: str) -> None:
    said = f"etcd Version: {version[1:]}" if program == "etcd" else f"Kubernetes {version}"
    (directory / program).write_text(f"#!/bin/sh\necho '{said}'\n")
    (directory / program).chmod(0o755)
    (directory / f"{program}.modules").write_text(build.pinned().digest)


def test_the_pinned_versions_are_found_in_the_cache(cache: Path) -> None:
    assert build.find() == cache


def test_a_program_of_another_version_is_not_used(cache: Path) -> None:
    install(cache, "kube-scheduler", "v1.20.2")
    assert build.find() is None


def test_a_program_of_other_modules_is_not_used(cache: Path) -> None:
    (cache / "etcd.modules").write_text("other")
    assert build.find() is None


def test_a_missing_program_is_not_used(cache: Path) -> None:
    (cache / "kube-apiserver").unlink()
    assert build.find() is None


def test_go_sum_pins_what_go_mod_requires() -> None:
    sums = (build.MODULE / "go.sum").read_text()
    assert f"k8s.io/kubernetes {build.pinned().kubernetes} h1:" in sums
    assert f"go.etcd.io/etcd/server/v3 {build.pinned().etcd} h1:" in sums


def test_every_staging_module_is_replaced_by_its_release() -> None:
    lines = (build.MODULE / "go.mod").read_text().splitlines()
    replacements = [line.split()[-1] for line in lines if "=>" in line]
    release = build.pinned().kubernetes.replace("v1.", "v0.", 1)
    assert replacements
    assert set(replacements) == {release}
