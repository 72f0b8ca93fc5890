"""What a write changes, as lines that a person reads: `path: old → new`, secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubewise_site.core.redaction import asks_for_a_secret, is_plain, names_a_secret, redact

MASK = "[redacted]"
NEXT = " (after its flag)"
MOST_LINES = 400
LONGEST_VALUE = 300
IGNORED = re.compile(
    r"metadata\.(resourceVersion|managedFields|generation|creationTimestamp)"
    r"|metadata\.annotations\.kubewise\.io/attempt|status(\.|$)"
)
SECRET = re.compile(r"\.env\[[^\]]*\]\.value$|last-applied-configuration$|^(data|stringData)\.")


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Lines for each leaf that differs. Metadata that the server writes itself is left out."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    paths = [path for path in dict.fromkeys([*old, *new]) if old.get(path) != new.get(path)]
    lines = [_line(path, old, new) for path in paths if not IGNORED.match(path)]
    return lines[:MOST_LINES]


def masked(found: Mapping[str, Any]) -> list[str]:
    """An object as `path: value` lines, secrets masked; for `describe`."""
    kept = [(path, value) for path, value in _leaves(found) if "managedFields" not in path]
    return [f"{path}: {_shown(path, value)}" for path, value in kept[:MOST_LINES]]


def _line(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before = _shown(path, old[path]) if path in old else "(none)"
    after = _shown(path, new[path]) if path in new else "(none)"
    return f"{path}: {before} → {after}"


def _shown(path: str, value: Any) -> str:
    """Masked by the path, by the key's name, or by the value's own form; only then cut."""
    by_name = names_a_secret(path.removesuffix(NEXT)) and not is_plain(str(value))
    if SECRET.search(path) or path.endswith(NEXT) or by_name:
        return MASK
    return redact(str(value))[:LONGEST_VALUE]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from _leaves(child, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, child in enumerate(value):
            mark = _mark_after(value[index - 1]) if index else ""
            yield from _leaves(child, f"{path}[{_key(child, index)}]{mark}")
    elif value not in (None, {}, []):
        yield path, value


def _mark_after(former: Any) -> str:
    """What follows `--password` in a list is masked by this mark in its path."""
    return NEXT if isinstance(former, str) and asks_for_a_secret(former) else ""


def _key(child: Any, index: int) -> Any:
    """Lists of named things are compared by name, so that an insertion is one line."""
    return child.get("name", index) if isinstance(child, Mapping) else index
