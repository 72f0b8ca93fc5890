"""A run: its folder, its cgroups, and what sweeps both when its processes are gone.

A run's folder holds a lock file that the starting process keeps locked: whoever can lock it knows
that the run has ended, in whatever way.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

RUNS = Path("/var/tmp/kubewise-nodes")  # short: sockets lie below it, and their paths are limited
GROUPS = Path("/sys/fs/cgroup")
PREFIX = "kwnode-"
SWEEP_SECONDS = 20


def begin() -> tuple[Path, IO[str]]:
    """A new run's folder and its lock, which is held as long as it is open."""
    folder = RUNS / f"{PREFIX}{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def groups_of(name: str) -> list[Path]:
    """The run's cgroup in each hierarchy in which it has one."""
    return [path for path in GROUPS.glob(f"*/{name}") if path.is_dir()]


def members(name: str) -> set[int]:
    """Processes in the run's cgroups, as this process's PID namespace numbers them."""
    files = [path for group in groups_of(name) for path in group.rglob("cgroup.procs")]
    found: set[int] = set()
    for path in files:
        with suppress(OSError):
            found |= {int(pid) for pid in path.read_text().split()}
    return found - {0}


def sweep_ended() -> list[str]:
    """Remove what ended runs have left, and name them."""
    folders = {path.name for path in RUNS.glob(f"{PREFIX}*")}
    grouped = {path.name for path in GROUPS.glob(f"*/{PREFIX}*")}
    return [name for name in sorted(folders | grouped) if _sweep_if_ended(name)]


def _sweep_if_ended(name: str) -> bool:
    with _lock_of_ended(RUNS / name) as ended:
        if ended:
            sweep(name)
        return ended


@contextmanager
def _lock_of_ended(folder: Path) -> Iterator[bool]:
    """Whether nobody holds the run's lock; a run without a folder has ended long ago."""
    if not folder.is_dir():
        yield True
        return
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def sweep(name: str) -> None:
    """End what is left in the run's cgroups; remove these and the folder."""
    deadline = time.monotonic() + SWEEP_SECONDS
    while _remove_groups(name) and time.monotonic() < deadline:
        for pid in members(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    shutil.rmtree(RUNS / name, ignore_errors=True)
    with suppress(OSError):
        RUNS.rmdir()


def _remove_groups(name: str) -> list[Path]:
    """The cgroups that would not go yet."""
    for group in groups_of(name):
        for path in [*sorted(filter(Path.is_dir, group.rglob("*")), reverse=True), group]:
            with suppress(OSError):
                path.rmdir()
    return groups_of(name)


def main() -> None:
    """The guard of one run: waits until its starter is gone, then sweeps; it outlives a kill."""
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(how, signal.SIG_IGN)
    sys.stdin.read()
    sweep(sys.argv[1])


if __name__ == "__main__":
    main()
