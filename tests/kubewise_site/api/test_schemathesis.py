"""schemathesis holds the running server to its own schema, as a stranger, a reader, an operator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubewise_site.core.config.reading import BASE_DIR
from tests.kubewise_site.server import Server, running
from tests.pairs.own import Pair

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
EXAMPLES_EACH = 20  # of an operation and phase, the same ones each time


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), pair) as found:
        yield found


def _with_known_ids(server: Server, directory: Path) -> str:
    """The configuration, and an event and a version that exist: made-up ids end in 404."""
    known = {"anomaly_id": server.seeded["anomaly"]["id"], "version": server.seeded["version"]}
    lines = [f'"path.{name}" = "{value}"' for name, value in known.items()]
    shared = (BASE_DIR / "schemathesis.toml").read_text()
    made = directory / "schemathesis.toml"
    made.write_text("\n".join(["[parameters]", *lines, shared]))
    return str(made)


@pytest.mark.parametrize("scope", ["", "read", "operate"], ids=["stranger", "read", "operate"])
def test_no_answer_is_off_the_schema(server: Server, scope: str, tmp_path: Path) -> None:
    """All checks: no 5xx, no status and no shape that the schema doesn't have, no open door."""
    known = _with_known_ids(server, tmp_path) if scope == "operate" else "schemathesis.toml"
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", known,
        "run", "docs/openapi.yaml", "--url", server.base, "--checks", "all",
        "--generation-deterministic", "--max-examples", str(EXAMPLES_EACH),
        "--request-timeout", "20", "--no-color", "--continue-on-failure",
    ]  # fmt: skip
    if scope:
        command += ["--header", f"Authorization: Bearer {server.token(scope)}"]
    done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
