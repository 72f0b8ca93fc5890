"""docs/api.md: every call of the schema has an example, and every example works as it stands."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from kubewise_site.core.config.reading import BASE_DIR
from tests.kubewise_site.server import Server, running
from tests.pairs.own import Pair

BLOCKS = [
    block
    for block in re.findall(r"```sh\n(.*?)```", (BASE_DIR / "docs" / "api.md").read_text(), re.S)
    if "curl" in block
]
CALL = re.compile(r"curl .*?(?:-X (\w+) .*?)?\"?\$KUBEWISE(/[^\s\"?]*)", re.S)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), pair) as found:
        yield found


def _name(block: str) -> str:
    return " ".join(f"{method or 'GET'} {path}" for method, path in CALL.findall(block))


@pytest.mark.system
@pytest.mark.timeout(300)
def test_every_example_works_as_it_stands(server: Server) -> None:
    """One after the other, as a reader would; each has an event of its own."""
    for number, block in enumerate(BLOCKS):
        event = server.seeded["events"][number % len(server.seeded["events"])]
        if "false-positive" in block:
            event = server.seeded["anomaly"]
        environment = os.environ | {
            "KUBEWISE": server.base,
            "TOKEN": server.token("operate"),
            "ID": event["id"],
            "PLAN": str(event["plan"]),
            "DIGEST": event["digest"],
            "VERSION": server.seeded["version"],
        }
        script = f"set -e\n{block.replace('curl -fsS', 'curl --fail-with-body -sS')}"
        done = subprocess.run(
            ["bash", "-c", script], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{_name(block)}\n{done.stdout[-1500:]}{done.stderr[-500:]}"


def test_every_call_of_the_schema_has_an_example() -> None:
    schema = yaml.safe_load((BASE_DIR / "docs" / "openapi.yaml").read_text())
    shown = {(method or "GET", path) for block in BLOCKS for method, path in CALL.findall(block)}
    for path, operations in schema["paths"].items():
        form = re.compile(re.sub(r"\{\w+\}", r"[^/]+", path))
        for method in operations:
            there = [one for one in shown if one[0] == method.upper() and form.fullmatch(one[1])]
            assert there, f"{method.upper()} {path} has no example"
