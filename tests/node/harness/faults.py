"""What is done to a node's programs: ended for good, frozen, and back again."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def stop(folder: Path, program: str) -> None:
    """End it, and keep it from being started again; `folder` is the node's."""
    (folder / f"{program}.stopped").touch()
    _send(folder, program, signal.SIGKILL)


def start(folder: Path, program: str) -> None:
    (folder / f"{program}.stopped").unlink(missing_ok=True)


def freeze(folder: Path, program: str) -> None:
    _send(folder, program, signal.SIGSTOP)


def thaw(folder: Path, program: str) -> None:
    _send(folder, program, signal.SIGCONT)


def _send(folder: Path, program: str, how: signal.Signals) -> None:
    mark = f"NODE_FOLDER={folder}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if _is(entry, program, mark):
                os.kill(int(entry.name), how)


def _is(entry: Path, program: str, mark: bytes) -> bool:
    name = (entry / "comm").read_text().strip()
    return name == program and mark in (entry / "environ").read_bytes().split(b"\0")
