"""The logs of a dump, however its tool names the files.

- `NAMESPACE_POD_CONTAINER.log`, `….previous.log`: names of Kubernetes hold no underscore.
- `…/NAMESPACE/POD/logs.txt` (cluster-info dump): containers between marks, or one alone.
- `…/pods/POD/CONTAINER/CONTAINER/logs/{current,previous}.log` (must-gather).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

# (namespace, pod, container, is of the previous run); '' as container: whichever there is.
LogName = tuple[str, str, str, bool]
LARGEST_TAIL = 256 * 1024
START = re.compile(r"^==== START logs for container (\S+) of pod (\S+)/(\S+) ====$", re.MULTILINE)
END = re.compile(r"^==== END logs for container ", re.MULTILINE)


def find_logs(paths: Iterable[Path]) -> Mapping[LogName, Path]:
    """Which file holds which log."""
    return {name: path for path in paths if (name := _name_of(path)) is not None}


def _name_of(path: Path) -> LogName | None:
    parts = path.parts
    if path.name == "logs.txt" and len(parts) >= 3:
        return parts[-3], parts[-2], "", False
    if parts[-2:-1] == ("logs",) and len(parts) >= 7 and parts[-6] == "pods":
        return parts[-7], parts[-5], parts[-4], path.stem == "previous"
    names = path.stem.removesuffix(".previous").split("_")
    if path.suffix == ".log" and len(names) == 3:
        return names[0], names[1], names[2], path.stem.endswith(".previous")
    return None


def read_log(
    logs: Mapping[LogName, Path], namespace: str, pod: str, container: str, previous: bool
) -> str | None:
    """The end of it; None where the dump has none."""
    path = logs.get((namespace, pod, container, previous))
    if path is not None:
        return _tail(path)
    shared = None if previous else logs.get((namespace, pod, "", False))
    return None if shared is None else _of_container(_tail(shared), container)


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - LARGEST_TAIL, 0))
        return file.read(LARGEST_TAIL).decode("utf-8", "replace")


def _of_container(text: str, container: str) -> str:
    """What stands between the marks of a container; all of it where there are no marks."""
    marks = list(START.finditer(text))
    if not marks:
        return text
    for mark in marks:
        if mark[1] == container:
            end = END.search(text, mark.end())
            return text[mark.end() : end.start() if end else len(text)].lstrip("\n")
    return ""
