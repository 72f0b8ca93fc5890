"""Start programs in process groups of their own, keep their logs, and leave none behind: not even
when we are killed.
"""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

# Reads a directory, then one process group per line. When our end of the pipe closes without a
# goodbye, we were killed.
GUARD = """
IFS= read -r directory || exit 0
while IFS= read -r group; do
  [ "$group" = goodbye ] && exit 0
  set -- "$@" "-$group"
done
for group; do kill -9 "$group" 2>/dev/null; done
rm -rf -- "$directory"
"""


class ControlPlaneError(RuntimeError):
    """A program of the control plane did not start, or ended; the message carries the end of its
    log.
    """


@dataclass
class Processes:
    """The running programs of one control plane, in the order in which they were started."""

    directory: Path
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _guard: subprocess.Popen[bytes] | None = None

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=cwd,
                start_new_session=True,
            )
        self._running[name] = process
        self._tell_guard(str(process.pid))

    def wait_until(self, ready: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        """Poll `ready` until it is true; an ended program or the time limit is an error with the
        end of every log.
        """
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            for name, process in self._running.items():
                if process.poll() is not None:
                    how = f"{name} ended with exit code {process.returncode} before {what}"
                    raise ControlPlaneError(f"{how}\n{self.tail(name)}")
            if time.monotonic() > deadline:
                tails = "\n".join(map(self.tail, self._running))
                raise ControlPlaneError(f"not {what} after {timeout_seconds:.0f} s\n{tails}")
            time.sleep(0.05)

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End one program and everything it started; SIGKILL for what does not go within ten
        seconds.
        """
        process = self._running.pop(name)
        _signal(process.pid, how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            _signal(process.pid, signal.SIGKILL)
            process.wait()

    def stop_all(self) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)
        self._dismiss_guard()

    def is_started(self, name: str) -> bool:
        return name in self._running

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def tail(self, name: str, lines: int = 20) -> str:
        text = self._log(name).read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"--- the end of {self._log(name)}:", *text])

    def _log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def _tell_guard(self, line: str) -> None:
        if self._guard is None:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", GUARD, "guard"], stdin=subprocess.PIPE, start_new_session=True
            )
            self._tell_guard(str(self.directory))
        assert self._guard.stdin is not None
        self._guard.stdin.write(line.encode() + b"\n")
        self._guard.stdin.flush()

    def _dismiss_guard(self) -> None:
        if self._guard is None:
            return
        self._tell_guard("goodbye")
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()
        self._guard = None


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, below the range from which the kernel takes ports for outgoing
    connections.
    """
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            _hold(held, random.randrange(20000, 32000))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _hold(held: list[socket.socket], port: int) -> None:
    one = socket.socket()
    try:
        one.bind(("127.0.0.1", port))
        held.append(one)
    except OSError:
        one.close()


def _signal(group: int, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, how)
