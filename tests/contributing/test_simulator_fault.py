"""The row "a fault of the simulator": a class with `@fault` in any file there is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import simulator
from simulator.faults import FAULTS, Fault
from simulator.faults.base import fault
from tests.contributing.repository_copy import copied_to

FILE = '''
from datetime import datetime

from simulator.faults.base import Fault, fault


@fault
class Paused(Fault):
    """Somebody paused the rollout and forgot it."""

    name, code, cause = "paused", "F32", "ROLLOUT_STALLED"
    ends_by = ("escalate",)

    def inject(self, now: datetime) -> None:
        self.before = self.obj()
        self.update(lambda obj: {**obj, "spec": {**obj["spec"], "paused": True}}, now)
'''
LOOK = """
from simulator import Simulator, world
from simulator.faults import catalogue

print(sorted(one["name"] for one in catalogue()))
made = Simulator(background=False)
world.build(made, history_seconds=0)
injected = made.inject("paused", None, 60.0)
print(injected.obj()["spec"]["paused"], injected.as_json()["cause"])
made.clear("paused")
print(injected.obj()["spec"].get("paused", False))
made.server.server_close()
"""


def look(copy: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LOOK], cwd=copy, capture_output=True, text=True)


def test_a_file_alone_is_listed_and_injected(tmp_path: Path) -> None:
    copy = copied_to(tmp_path, ["simulator"])
    assert "no fault 'paused'" in look(copy).stderr
    (copy / "simulator" / "faults" / "people.py").write_text(FILE)
    done = look(copy)
    listed = sorted([*FAULTS, "paused"])
    assert done.stdout == f"{listed}\nTrue ROLLOUT_STALLED\nFalse\n", done.stderr


def test_a_class_without_the_decorator_is_not_listed(tmp_path: Path) -> None:
    copy = copied_to(tmp_path, ["simulator"])
    (copy / "simulator" / "faults" / "people.py").write_text(FILE.replace("@fault\n", ""))
    assert "no fault 'paused'" in look(copy).stderr


def test_a_fault_without_a_name_or_with_one_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="Nameless lacks name"):
        fault(type("Nameless", (Fault,), {}))
    with pytest.raises(ValueError, match="two faults are called crash_loop"):
        fault(type("Another", (Fault,), {"name": "crash_loop"}))


def test_every_file_of_the_folder_is_loaded() -> None:
    folder = Path(str(simulator.__file__)).parent / "faults"
    files = {path.stem for path in folder.glob("*.py") if "\n@fault\n" in path.read_text()}
    assert files == {found.__module__.rpartition(".")[2] for found in FAULTS.values()}
