"""The one pod of the standalone form, its containers run as processes on this machine: the root
file system is read-only but for the pod's mounts, no capability is left, its own probes are asked,
and it ends warm. The image, the kubelet and the token are not part of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kubewise_site.core.config.reading import BASE_DIR
from tests.install.helm import form, of_kind
from tests.system.product import free_port

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
# Nothing is writable below / but the directory in $1, in a mount namespace of this process alone.
READ_ONLY = """
mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,ro,bind / || exit 97
shift; exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


class Pod:
    """Commands, variables and probes are the chart's; paths are those of `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        [deployment] = of_kind(form("standalone"), "Deployment")
        spec = deployment["spec"]["template"]["spec"]
        self.first = {one["name"]: one for one in spec["initContainers"]}
        self.containers = {one["name"]: one for one in spec["containers"]}
        for name in ("data", "tmp", "run"):
            (directory / name).mkdir()

    def start(self, container: Mapping[str, Any], command: list[str]) -> subprocess.Popen[bytes]:
        here = [self.here(part) for part in command]
        with (self.directory / f"{container['name']}.log").open("ab") as log:
            return subprocess.Popen(
                ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", str(self.directory), *here],
                env=self.environment(container), cwd=BASE_DIR, stdout=log, stderr=log,
            )  # fmt: skip

    def here(self, text: str) -> str:
        """The text with the pod's paths, address and port as they are on this machine."""
        for path, name in (("/run/kubewise", "run"), ("--dir /data", "data")):
            own = str(self.directory / name)
            text = text.replace(path, f"--dir {own}" if path.startswith("--") else own)
        text = text.replace("sqlite:////data", f"sqlite:///{self.directory / 'data'}")
        whole = {"/data": "data", "/tmp": "tmp"}
        if text in whole:
            return str(self.directory / whole[text])
        plain = {"python": sys.executable, "0.0.0.0": "127.0.0.1", "8000": str(self.port)}
        return plain.get(text, text.replace("$(POD_IP)", "127.0.0.1"))

    def environment(self, container: Mapping[str, Any]) -> dict[str, str]:
        given = {
            one["name"]: self.here(one["value"])
            for one in container.get("env", ())
            if "value" in one
        }
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "KUBEWISE_ENV_FILE": os.devnull}
        return own | {"TMPDIR": str(self.directory / "tmp")} | given

    def passes(self, name: str, probe: str) -> bool:
        container = self.containers[name]
        asked = container[probe]
        if "exec" in asked:
            return self.start(container, asked["exec"]["command"]).wait(60) == 0
        return self.answers(asked["httpGet"]["path"])

    def answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as got:
                return bool(got.status == 200)
        except OSError:
            return False

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    assert shutil.which("unshare")
    assert shutil.which("setpriv")
    return Pod(tmp_path)


def test_every_container_starts_answers_its_probes_and_ends_warm(pod: Pod) -> None:
    running = {"broker": pod.start(pod.first["broker"], pod.first["broker"]["command"])}
    try:
        migrate = pod.first["migrate"]
        assert pod.start(migrate, migrate["command"]).wait(120) == 0, pod.log("migrate")
        for name, container in pod.containers.items():
            running[name] = pod.start(container, container["command"])
        for name in pod.containers:
            until(lambda name=name: pod.passes(name, "startupProbe"), f"{name}: {pod.log(name)}")
            assert pod.passes(name, "readinessProbe"), pod.log(name)
            assert pod.passes(name, "livenessProbe"), pod.log(name)
        ended = {name: end(process) for name, process in reversed(running.items())}
        assert ended == dict.fromkeys(running, 0)
        assert "Warm shutdown" in pod.log("act")
        assert not [name for name in running if "Read-only file system" in pod.log(name)]
    finally:
        for process in running.values():
            process.kill()


def end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    return process.wait(60)


def until(passes: Any, what: str) -> None:
    deadline = time.monotonic() + 120
    while not passes():
        assert time.monotonic() < deadline, what
        time.sleep(1)
