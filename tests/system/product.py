"""The product as its users start it: `manage.py up` in a process of its own, over real HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import requests

from kubewise_site.core.config.reading import BASE_DIR, SETTINGS
from tests.pairs.own import Pair

T = TypeVar("T")
QUICK = {
    "WORKER_SLEEP_INTERVAL_SECONDS": "2",
    "PROMETHEUS_SCRAPE_INTERVAL_SECONDS": "2",
    "DWELL_FACTOR": "0.05",
    "VERIFICATION_DELAY_SECONDS": "3",
    "CRITICAL_VERIFICATION_DELAY_SECONDS": "3",
    "AUTO_REMEDIATE_CRITICAL": "True",
    "AUTO_WARM_UP_SECONDS": "0",
    "KUBEWISE_ENV_FILE": os.devnull,
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, look: Callable[[], T | None], seconds: float = 90) -> T:
    """The first truthy answer of `look`; a failure names what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := look():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds} s in vain for: {what}")


class Product:
    """One running KubeWise on a simulated cluster, with its REST API and its processes."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.directory, self.port, self.simulator_port = directory, free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.simulator = f"http://127.0.0.1:{self.simulator_port}"
        self.environment = clean_environment() | QUICK | environment
        self.environment["KUBEWISE_DATA_DIR"] = str(directory / "var")
        self.console = directory / "console.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.session = requests.Session()

    def start(self, *faults: str) -> Product:
        command = [sys.executable, "manage.py", "up", "--port", str(self.port)]
        command += ["--simulator-port", str(self.simulator_port)]
        for fault in faults or ("",):
            command += ["--fault", fault]
        with self.console.open("wb") as console:
            self.process = subprocess.Popen(
                command, cwd=BASE_DIR, env=self.environment, stdout=console,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._log_in(wait_for("the admin's password", self._password))
        return self

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def kill_everything(self) -> None:
        for pid in self.pids(""):
            _kill(pid)
        if self.process:
            _kill(self.process.pid)
            self.process.wait()
        self.session.close()

    def _password(self) -> str | None:
        found = re.search(r"password (\S+)", self.console.read_text())
        if self.process and self.process.poll() is not None:
            raise AssertionError(self.console.read_text())
        return found and found.group(1)

    def shell(self, code: str) -> str:
        """What an operator types into `manage.py shell`."""
        return self.manage("shell", "-c", code)

    def manage(self, *words: str) -> str:
        made = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=BASE_DIR, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        return made.stdout

    def _log_in(self, password: str) -> None:
        """A token, made as an operator would make one."""
        scopes = ("--scope", "approve", "--scope", "operate")
        token = self.manage("create_token", "admin", *scopes).strip()
        self.session.headers["Authorization"] = f"Bearer {token}"
        wait_for("the web process", self._answers, 180)
        wait_for("some passes", self._was_watched, 180)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.base}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def _was_watched(self) -> bool:
        """Three passes: AUTO asks about what began before, and API times are whole seconds."""
        reads = requests.get(f"{self.simulator}/_sim/reads", timeout=5).json()["reads"]
        return max((n for name, n in reads.items() if name.endswith("pods")), default=0) >= 3

    def get(self, path: str, **params: str) -> Any:
        answer = self.session.get(f"{self.base}/api/v1/{path}", params=params, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def send(self, method: str, path: str, body: dict[str, Any]) -> requests.Response:
        return self.session.request(method, f"{self.base}/api/v1/{path}", json=body, timeout=10)

    def events(self) -> list[dict[str, Any]]:
        return list(self.get("remediation/events")["events"])

    def event(self, name: str, *statuses: str, seconds: float = 90) -> dict[str, Any]:
        """The event of the owner called `name`, once it has one of `statuses`."""

        def look() -> dict[str, Any] | None:
            found = [e for e in self.events() if e["owner"]["name"] == name]
            return next((e for e in found if e["status"] in statuses), None)

        try:
            return wait_for(f"{name} to be {statuses}", look, seconds)
        except AssertionError as error:
            shown = json.dumps([_brief(event) for event in self.events()], indent=1)
            raise AssertionError(f"{error}\n{shown}\n{self.logs()}") from None

    def inject(self, fault: str, **options: Any) -> dict[str, Any]:
        injected: dict[str, Any] = self.simulate("inject", {"name": fault, **options})
        return injected

    def simulate(self, verb: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.simulator}/_sim/{verb}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def writes(self) -> list[dict[str, Any]]:
        """Writes that changed something at the simulated API server, dry runs left out."""
        answer = requests.get(f"{self.simulator}/_sim/writes", timeout=10).json()
        rows = answer if isinstance(answer, list) else answer["writes"]
        return [row for row in rows if not row["dry_run"] and row["code"] < 300]

    def pids(self, part: str) -> list[int]:
        """Processes of this product whose command line holds `part`."""
        mark = f"KUBEWISE_DATA_DIR={self.directory / 'var'}".encode()
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and _is_ours(folder, mark, part):
                found.append(int(folder.name))
        return found

    def logs(self) -> str:
        files = sorted((self.directory / "var" / "log").glob("*.log"))
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in files)


def _brief(event: dict[str, Any]) -> dict[str, Any]:
    """What tells why an event is where it is."""
    keys = ("status", "cause", "owner", "decision", "remediation_attempts", "timeline")
    return {key: event[key] for key in keys}


@contextmanager
def running(directory: Path, pair: Pair, *faults: str, **environment: str) -> Iterator[Product]:
    """A started product that is gone afterwards, whatever happened."""
    with pair.beside_up() as servers:
        product = Product(directory, **servers, **environment)
        try:
            yield product.start(*faults)
        finally:
            product.kill_everything()


def clean_environment() -> dict[str, str]:
    """The environment without settings of KubeWise, and without those of the tests."""
    ours = {"DJANGO_SETTINGS_MODULE", *(setting.name for setting in SETTINGS)}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _is_ours(folder: Path, mark: bytes, part: str) -> bool:
    try:
        environment = (folder / "environ").read_bytes().split(b"\0")
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return False
    return mark in environment and part in command


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
