"""A PostgreSQL server of its own, from Debian's package, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"
MEMORY = Path("/dev/shm")
# Nobody misses the data after a crash, so nothing waits for a disk.
UNSAFE_BUT_QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@contextmanager
def postgres() -> Iterator[str]:
    """The DATABASE_URL of an empty database. Raises FileNotFoundError where none is installed."""
    folder = Path(tempfile.mkdtemp(prefix="kubewise-postgres-", dir=_quickest()))
    _give(folder)
    port = _free_port()
    try:
        _run("initdb", "-D", str(folder / "data"), "-U", ACCOUNT, "--auth=trust", "-E", "UTF8",
             "--no-sync")  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} {UNSAFE_BUT_QUICK}"
        _run("pg_ctl", "-D", str(folder / "data"), "-w", "-o", options, "-l",
             str(folder / "log"), "start")  # fmt: skip
        yield f"postgres://{ACCOUNT}@127.0.0.1:{port}/postgres"
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            _run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _quickest() -> str | None:
    """Memory, where there is a folder of it; else where temporary files are."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) else None


def _program(name: str) -> str:
    found = shutil.which(name) or next(map(str, DEBIAN.glob(f"*/bin/{name}")), None)
    if found is None:
        raise FileNotFoundError(f"{name} is missing: install Debian's package postgresql")
    return found


def _run(name: str, *arguments: str) -> None:
    """As the server's own account where we are root, which it refuses to run as."""
    as_account = {"user": ACCOUNT, "group": ACCOUNT} if os.getuid() == 0 else {}
    subprocess.run(
        [_program(name), *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        **as_account,  # type: ignore[call-overload]
    )


def _give(folder: Path) -> None:
    if os.getuid() == 0:
        shutil.chown(folder, ACCOUNT, ACCOUNT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
