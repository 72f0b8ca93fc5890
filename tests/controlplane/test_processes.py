"""No program of a control plane outlives the one who started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.controlplane.processes import ControlPlaneError, Processes, free_ports

STARTER = """
import sys, time
from pathlib import Path
from tests.controlplane.processes import Processes
processes = Processes(Path(sys.argv[1]))
processes.start("sleep", ["sh", "-c", "sleep 600 & sleep 600"])
print(processes.pid("sleep"), flush=True)
time.sleep(600)
"""


def group_is_alive(group: int) -> bool:
    found = subprocess.run(
        ["ps", "-A", "-o", "pgid=,stat="], stdout=subprocess.PIPE, text=True, check=True
    )
    rows = [line.split() for line in found.stdout.splitlines()]
    return any(int(pgid) == group and not stat.startswith("Z") for pgid, stat in rows)


def wait_for_end(group: int) -> None:
    deadline = time.monotonic() + 30
    while group_is_alive(group):
        assert time.monotonic() < deadline, "still alive"
        time.sleep(0.05)


def test_what_was_started_ends_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    directory = tmp_path / "controlplane"
    directory.mkdir()
    command = [sys.executable, "-c", STARTER, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        group = int(starter.stdout.readline())
        assert group_is_alive(group)
        os.kill(starter.pid, signal.SIGKILL)
    wait_for_end(group)
    assert_gone(directory)


def assert_gone(directory: Path) -> None:
    deadline = time.monotonic() + 30
    while directory.exists():
        assert time.monotonic() < deadline, "the directory is left"
        time.sleep(0.05)


def test_stopping_ends_every_program_and_what_it_started(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start("sleep", ["sh", "-c", "sleep 600 & sleep 600"])
    group = processes.pid("sleep")
    processes.stop_all()
    wait_for_end(group)


def test_a_program_that_ends_too_early_is_an_error_with_its_log(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start("etcd", ["sh", "-c", "echo no space left; exit 3"])
    with pytest.raises(
        ControlPlaneError, match="etcd ended with exit code 3 before it is ready"
    ) as raised:
        processes.wait_until(lambda: False, "it is ready", 30)
    assert "no space left" in str(raised.value)
    processes.stop_all()


def test_free_ports_are_different() -> None:
    assert len(set(free_ports(20))) == 20
