"""What is said where real nodes can't be started, and what is swept. Needs no real node."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.node.harness import build, enter, machine, runs

NOTHING: list[str] = []


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine that lacks nothing, with cgroups in a folder of ours."""
    for name in machine.HIERARCHIES:
        (tmp_path / "cgroup" / name).mkdir(parents=True)
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "NAMESPACES", ["env"])
    monkeypatch.setattr(machine, "PACKAGES", {})
    monkeypatch.setattr(machine, "file_system", lambda folder: "ext4")
    monkeypatch.setattr(build, "missing", lambda: NOTHING)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(runs, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs")
    return tmp_path


def test_a_machine_that_lacks_nothing(able: Path) -> None:
    assert machine.lacks() == []


def test_missing_packages_are_named_for_apt_get(
    able: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"no-such-program": "containerd", "/no/such/bridge": "plugins", "env": "coreutils"}
    monkeypatch.setattr(machine, "PACKAGES", there)
    assert machine.lacks() == ["Debian packages are missing: apt-get install containerd plugins"]


def test_who_is_not_root_is_told_so(able: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert machine.lacks() == ["Only root can make the namespaces, mounts and cgroups of a node."]


def test_refused_namespaces_are_told_in_the_kernels_words(
    able: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "NAMESPACES", ["sh", "-c", "echo not permitted >&2; exit 1"])
    assert machine.lacks() == ["Namespaces cannot be made here: not permitted"]


def test_a_missing_cgroup_hierarchy_is_named(able: Path) -> None:
    (able / "cgroup" / "memory").rmdir()
    (told,) = machine.lacks()
    assert "cgroup v1 hierarchies are missing" in told
    assert told.endswith("memory.")


def test_an_overlay_can_hold_no_images(able: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "file_system", lambda folder: "overlayfs")
    (told,) = machine.lacks()
    assert "is an overlay" in told


def test_programs_that_are_not_built_are_named(able: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "missing", lambda: ["kubelet"])
    (told,) = machine.lacks()
    assert told.startswith("Not built: kubelet.")


def test_where_something_is_missing_nothing_runs_and_it_is_an_error(
    able: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "missing", lambda: ["kubelet"])
    assert enter.inside(["touch", str(able / "ran")]) == enter.CANNOT
    assert "- Not built: kubelet" in capsys.readouterr().out
    assert not (able / "ran").exists()


def test_the_folder_and_the_cgroups_of_an_ended_run_are_swept(able: Path) -> None:
    folder, lock = runs.begin()
    (able / "cgroup" / "memory" / folder.name / "node-0" / "kubepods").mkdir(parents=True)
    assert runs.sweep_ended() == [], "it is alive: its lock is held"
    assert folder.is_dir()
    lock.close()
    assert runs.sweep_ended() == [folder.name]
    assert not folder.exists()
    assert runs.groups_of(folder.name) == []


def test_cgroups_without_a_folder_are_swept(able: Path) -> None:
    name = f"{runs.PREFIX}0123"
    (able / "cgroup" / "memory" / name).mkdir()
    assert runs.sweep_ended() == [name]
    assert runs.groups_of(name) == []


def test_other_cgroups_stay(able: Path) -> None:
    (able / "cgroup" / "memory" / "kubepods").mkdir()
    assert runs.sweep_ended() == []
    assert (able / "cgroup" / "memory" / "kubepods").is_dir()
