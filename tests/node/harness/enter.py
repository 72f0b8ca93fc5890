"""Run a command in a network, mounts and processes of its own; nothing of it outlives this process.

The kernel ends the namespace's first process when ours ends, and with that one all others. The
guard, a process of its own, then removes cgroups and folder; when it is killed too, the next start
does that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from tests.controlplane.build import say
from tests.node.harness import machine, runs

RUN = "KUBEWISE_NODE_RUN"
CANNOT = 3
DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
OWN = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
# The first process of a PID namespace has to reap orphans: a shell does.
SHELL = ["bash", "-c", '"$@"; exit $?', "init"]


def inside(command: list[str]) -> int:
    """The command's exit code, or CANNOT with the reasons in words."""
    _sweep()
    if reasons := machine.lacks():
        say("Real nodes cannot be started on this machine:")
        for reason in reasons:
            say(f"- {reason}")
        return CANNOT
    try:
        return _guarded(command)
    finally:
        _sweep()


def _sweep() -> None:
    """What a guard could not: it was killed, or was within another run that ended."""
    for name in runs.sweep_ended():
        say(f"{name}: swept what an ended run had left")


def _guarded(command: list[str]) -> int:
    folder, lock = runs.begin()
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.node.harness.runs", folder.name],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        return _run(command, folder.name)
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait()
        lock.close()


def _run(command: list[str], name: str) -> int:
    namespaces = ["unshare", *OWN, "--propagation", "private"]
    process = subprocess.Popen(
        [*DIES_WITH_US, *namespaces, *SHELL, *command],
        env=os.environ | _within(name),
    )
    while True:
        with suppress(KeyboardInterrupt):  # the command got it too, and ends in its own way
            return process.wait()


def _within(name: str) -> dict[str, str]:
    """All that is written goes into the run's folder."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return {RUN: name, "TMPDIR": str(runs.RUNS / name), "PATH": path}
