"""The key that is made at the first start: strong, one for all processes, closed to others."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from kubewise_site.core.config.reading import WrongSetting
from kubewise_site.core.config.unsafe import is_weak
from kubewise_site.core.secret_key import stored_secret_key


def mode(directory: Path) -> int:
    return stat.S_IMODE((directory / "secret_key").stat().st_mode)


def test_it_is_strong_and_for_its_owner_alone(tmp_path: Path) -> None:
    key = stored_secret_key(tmp_path / "var")
    assert not is_weak(key)
    assert len(key) >= 50
    assert mode(tmp_path / "var") == 0o600
    assert stored_secret_key(tmp_path / "var") == key
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_a_file_that_a_copy_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    key = stored_secret_key(tmp_path)
    (tmp_path / "secret_key").chmod(0o644)
    assert stored_secret_key(tmp_path) == key
    assert mode(tmp_path) == 0o600


@pytest.mark.parametrize("content", ["", "\n", "a", "a" * 60])
def test_a_key_that_can_be_guessed_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret_key").write_text(content)
    with pytest.raises(WrongSetting, match="Delete the file") as caught:
        stored_secret_key(tmp_path)
    assert content.strip() not in str(caught.value) or len(content.strip()) < 2


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(stored_secret_key, [tmp_path] * 8))) == 1
