"""Two recordings beside each other: every difference, and which of them are accepted."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCEPTED = Path(__file__).with_name("accepted.toml")
ABSENT = "(absent)"
LONGEST = 160


@dataclass(frozen=True)
class Difference:
    """`path` is FILE:place in the document; `old` and `new` are shortened JSON."""

    path: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.path}\n  - {self.old}\n  + {self.new}"


@dataclass(frozen=True)
class Accepted:
    """Differences whose whole path matches, and why they are meant."""

    path: re.Pattern[str]
    reason: str


def accepted(file: Path = ACCEPTED) -> list[Accepted]:
    """Raises ValueError for an entry without a reason."""
    rows = tomllib.loads(file.read_text()).get("accepted", [])
    for row in rows:
        if not row.get("reason", "").strip():
            raise ValueError(f"{row.get('path')!r} is accepted without a reason")
    return [Accepted(re.compile(row["path"]), row["reason"]) for row in rows]


def differences(old: Path, new: Path) -> Iterator[Difference]:
    for name in sorted({*_files(old), *_files(new)}):
        yield from _of_file(name, old / name, new / name)


def _files(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.suffix in (".json", ".txt"))
    return [str(path.relative_to(folder)) for path in found]


def _of_file(name: str, old: Path, new: Path) -> Iterator[Difference]:
    if not (old.exists() and new.exists()):
        told = [("a file" if path.exists() else ABSENT) for path in (old, new)]
        yield Difference(name, *told)
    elif name.endswith(".json"):
        yield from _of_values(f"{name}:", json.loads(old.read_text()), json.loads(new.read_text()))
    else:
        yield from _of_lines(name, old.read_text().splitlines(), new.read_text().splitlines())


def _of_values(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _of_values(f"{path}/{key}", old.get(key, ABSENT), new.get(key, ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(path, old, new)
    elif old != new or type(old) is not type(new):
        yield Difference(path, _short(old), _short(new))


def _of_lists(path: str, old: list[Any], new: list[Any]) -> Iterator[Difference]:
    """Item by item; an item put in between is not told as a change of all that follow."""
    matcher = difflib.SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        for place in range(max(b - a, d - c)):
            before = old[a + place] if a + place < b else ABSENT
            after = new[c + place] if c + place < d else ABSENT
            yield from _of_values(f"{path}[{a + place}]", before, after)


def _keys(items: list[Any]) -> list[str]:
    return [json.dumps(item, sort_keys=True) for item in items]


def _of_lines(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            before, after = (" ⏎ ".join(part) or ABSENT for part in (old[a:b], new[c:d]))
            yield Difference(f"{name}:{a + 1}", _cut(before, 1000), _cut(after, 1000))


def _short(value: Any) -> str:
    return ABSENT if value == ABSENT else _cut(json.dumps(value, ensure_ascii=False), LONGEST)


def _cut(told: str, most: int) -> str:
    return told if len(told) <= most else f"{told[:most]} … ({len(told)} characters)"


def show(found: Sequence[Difference], meant: Sequence[Accepted]) -> int:
    """Print them; 1 where one is not accepted."""
    left = [one for one in found if _reason(one, meant) is None]
    for one in found:
        if (reason := _reason(one, meant)) is not None:
            print(f"accepted ({reason}): {one}")
    for one in left:
        print(one)
    print(f"{len(left)} differences, and {len(found) - len(left)} that are accepted")
    return 1 if left else 0


def _reason(one: Difference, meant: Sequence[Accepted]) -> str | None:
    return next((row.reason for row in meant if row.path.fullmatch(one.path)), None)
