"""Memory and processor time by process, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
NAMES = ("kubewise_site.web", "beat", "valkey", "detect@", "analyze@", "consult@", "act@",
         "supervisord", "redis-server", "postgres", "prometheus")  # fmt: skip


@dataclass
class Process:
    """`points` are (hours since the start, MiB of its own: shared pages counted by share)."""

    name: str
    pid: int
    cpu_seconds: float = 0.0
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Processes:
    """All below one process, looked at again and again; those that ended are kept."""

    root: int
    known: dict[int, Process] = field(default_factory=dict)

    def look(self, hours: float) -> None:
        for pid in [self.root, *below(self.root)]:
            try:
                self._look_at(pid, hours)
            except OSError:
                continue  # it ended meanwhile

    def _look_at(self, pid: int, hours: float) -> None:
        seconds, mib = _cpu_seconds(pid), _own_mib(pid)
        held = self.known.setdefault(pid, Process(_name(pid), pid))
        held.cpu_seconds = seconds
        held.points.append((round(hours, 4), round(mib, 1)))


def below(root: int) -> Iterator[int]:
    """The ids of all descendants."""
    parents = dict(_parents())
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    yield from sorted(found - {root})


def _parents() -> Iterator[tuple[int, int]]:
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), int(_stat(int(folder.name))[1])
            except OSError:
                continue


def _stat(pid: int) -> list[str]:
    """The fields of stat after the command's name."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def _own_mib(pid: int) -> float:
    text = (PROC / str(pid) / "smaps_rollup").read_text()
    line = next(one for one in text.splitlines() if one.startswith("Pss:"))
    return int(line.split()[1]) / 1024


def _name(pid: int) -> str:
    """What it is, from its command line."""
    words = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return next((name.rstrip("@") for name in NAMES if name in words), words[:40].strip())
