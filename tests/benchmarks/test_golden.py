"""Two recordings beside each other: what is told, and what of it is accepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.golden.__main__ import main
from benchmarks.golden.compare import Accepted, accepted, differences, show

ANSWER: dict[str, Any] = {
    "status": 200,
    "body": {"events": [{"id": 1, "cause": "OOM"}, {"id": 2, "cause": "DNS"}]},
}


def recording(folder: Path, answer: Any = ANSWER, text: str = "one\ntwo\n") -> Path:
    (folder / "rest").mkdir(parents=True)
    (folder / "rest" / "get.json").write_text(json.dumps(answer))
    (folder / "figures.txt").write_text(text)
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return recording(tmp_path / "old")


def changed(cause: str) -> dict[str, Any]:
    events = [{"id": 1, "cause": cause}, {"id": 2, "cause": "DNS"}]
    return ANSWER | {"body": {"events": events}}


def told(old: Path, new: Path) -> list[tuple[str, str, str]]:
    return [(one.path, one.old, one.new) for one in differences(old, new)]


def accepting(folder: Path, path: str, reason: str) -> list[Accepted]:
    file = folder / "accepted.toml"
    file.write_text(f"[[accepted]]\npath = '{path}'\nreason = \"{reason}\"\n")
    return accepted(file)


def test_the_same_recordings_differ_in_nothing(old: Path, tmp_path: Path) -> None:
    new = recording(tmp_path / "new")
    assert told(old, new) == []
    assert main(["--compare-only", "--into", str(new), "--against", str(old)]) == 0


def test_a_changed_answer_is_told_with_its_place(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = recording(tmp_path / "new", changed("LEAK"))
    place = "rest/get.json:/body/events[0]/cause"
    assert told(old, new) == [(place, '"OOM"', '"LEAK"')]
    assert main(["--compare-only", "--into", str(new), "--against", str(old)]) == 1
    assert f'{place}\n  - "OOM"\n  + "LEAK"' in capsys.readouterr().out


def test_an_accepted_difference_is_listed_with_its_reason_and_no_failure(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = list(differences(old, recording(tmp_path / "new", changed("LEAK"))))
    meant = accepting(tmp_path, r"rest/get\.json:/body/events\[\d+\]/cause", "It leaks.")
    assert show(found, meant) == 0
    shown = capsys.readouterr().out
    assert "accepted (It leaks.): rest/get.json:/body/events[0]/cause" in shown
    assert "0 differences, and 1 that are accepted" in shown


def test_what_is_accepted_must_match_the_whole_path(old: Path, tmp_path: Path) -> None:
    found = list(differences(old, recording(tmp_path / "new", changed("LEAK"))))
    assert show(found, accepting(tmp_path, "rest/get", "Too short.")) == 1


def test_nothing_is_accepted_without_a_reason(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without a reason"):
        accepting(tmp_path, ".*", " ")


def test_an_item_put_first_is_one_difference(old: Path, tmp_path: Path) -> None:
    events = [{"id": 0, "cause": "NEW"}, *ANSWER["body"]["events"]]
    new = recording(tmp_path / "new", ANSWER | {"body": {"events": events}})
    assert [(path, before) for path, before, _ in told(old, new)] == [
        ("rest/get.json:/body/events[0]", "(absent)")
    ]


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (1, 1.0), (None, "(absent)"), ([], {}), ("1", 1)]
)
def test_values_of_another_type_differ(tmp_path: Path, before: Any, after: Any) -> None:
    old = recording(tmp_path / "old", {"value": before})
    new = recording(tmp_path / "new", {"value": after})
    assert [path for path, _, _ in told(old, new)] == ["rest/get.json:/value"]


def test_missing_keys_files_and_lines_are_told(old: Path, tmp_path: Path) -> None:
    new = recording(tmp_path / "new", {"body": ANSWER["body"]}, "one\nthree\n")
    (new / "more.json").write_text("{}")
    assert told(old, new) == [
        ("figures.txt:2", "two", "three"),
        ("more.json", "(absent)", "a file"),
        ("rest/get.json:/status", "200", "(absent)"),
    ]


def test_a_folder_that_is_not_there_is_no_recording(old: Path, tmp_path: Path) -> None:
    none = str(tmp_path / "none")
    assert main(["--compare-only", "--into", none, "--against", str(old)]) == 2
    assert main(["--compare-only", "--into", str(old), "--against", none]) == 2


def test_the_file_of_accepted_differences_can_be_read() -> None:
    assert all(one.reason for one in accepted())
