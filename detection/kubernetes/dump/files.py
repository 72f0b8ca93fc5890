"""The objects of a dump: every JSON and YAML file below a folder, in bounded time and memory.

`kubectl cluster-info dump`, `oc adm must-gather` and `kubectl get … -o yaml` all write lists or
single objects; where they lie in the folder says nothing that the objects don't.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from detection.kubernetes.dump.aliases import size_of

Json = dict[str, Any]
MOST_FILES = 200_000
MOST_BYTES = 2 * 1024**3
LARGEST_FILE = 256 * 1024**2
# Reading YAML takes this much longer than JSON: what is larger is to be written as JSON.
LARGEST_YAML = 32 * 1024**2
MOST_NODES = 5_000_000
ENDINGS = (".json", ".yaml", ".yml")


class NoDump(Exception):
    """The folder can't be read as a dump; the message says what to do."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, how) for tag, how in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass
class Content:
    """`objects` by kind; `unread`: file → why it could not be read; `logs` are the other files."""

    objects: dict[str, list[Json]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)

    def add(self, found: Any) -> None:
        """An object, or the objects of a list. What is neither is left out."""
        if not isinstance(found, dict):
            return
        kind, items = str(found.get("kind") or ""), found.get("items")
        if kind.endswith("List"):
            self.objects.setdefault(kind.removesuffix("List"), [])
            for item in items if isinstance(items, list) else ():
                self._add_item(item, kind.removesuffix("List"), found)
        elif kind and isinstance(found.get("metadata"), dict):
            self._add_item(found, kind, found)

    def _add_item(self, item: Any, kind: str, of: Json) -> None:
        if isinstance(item, dict) and isinstance(item.get("metadata"), dict):
            item.setdefault("kind", kind)
            item.setdefault("apiVersion", of.get("apiVersion", ""))
            self.objects.setdefault(str(item["kind"]), []).append(item)


def read_dump(folder: Path) -> Content:
    """Raises NoDump where the folder is none, or too much to be read."""
    if not folder.is_dir():
        raise NoDump(f"{folder} is no folder")
    content, size = Content(), 0
    for number, path in enumerate(_files(folder)):
        size += path.stat().st_size
        if number >= MOST_FILES or size > MOST_BYTES:
            raise NoDump(f"{folder} holds more than {MOST_FILES} files or {MOST_BYTES >> 30} GiB")
        if path.suffix in ENDINGS:
            _read(path, folder, content)
        else:
            content.logs.append(path)
    content.objects.pop("", None)
    if not content.objects:
        raise NoDump(f"{folder} holds no Kubernetes objects as JSON or YAML")
    return content


def _files(folder: Path) -> Iterator[Path]:
    """Regular files alone, in order: a link may lead anywhere."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        paths = (Path(root, name) for name in sorted(names))
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def _read(path: Path, folder: Path, content: Content) -> None:
    name = str(path.relative_to(folder))
    try:
        for document in _documents(path):
            content.add(document)
    except RecursionError:
        content.unread[name] = "nested too deep"
    except (ValueError, yaml.YAMLError, OSError) as error:
        content.unread[name] = str(error).split("\n")[0][:200] or type(error).__name__


def _documents(path: Path) -> Iterator[Any]:
    largest = LARGEST_FILE if path.suffix == ".json" else LARGEST_YAML
    if path.stat().st_size > largest:
        raise ValueError(f"larger than {largest >> 20} MiB")
    text = path.read_text("utf-8", "replace")
    if path.suffix == ".json":
        yield from _json(text)
    else:
        if "*" in text and size_of(yaml.parse(text, _Loader), MOST_NODES) > MOST_NODES:
            raise ValueError("its aliases stand for more than a file may hold")
        yield from yaml.load_all(text, _Loader)


def _json(text: str) -> Iterator[Any]:
    """One after the other: `kubectl cluster-info dump` without a folder writes them so."""
    decoder, place = json.JSONDecoder(), 0
    while (place := _after_space(text, place)) < len(text):
        found, place = decoder.raw_decode(text, place)
        yield found


def _after_space(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place
