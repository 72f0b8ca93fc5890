"""What each real process of `make run` has in its environment, as the kernel shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubewise_site.up.secrets import ALL, HOLDERS
from tests.pairs.own import SMALL
from tests.system.product import Product, running

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
PLANTED = {
    "GEMINI_API_KEY": "planted-gemini",
    "OPENAI_API_KEY": "planted-openai",
    "PROMETHEUS_TOKEN": "planted-prometheus",
    "PROMETHEUS_HEADERS": "X-Org=planted-headers",
    "NOTIFY_URLS": "json://planted-chat.invalid",
    "SECRET_KEY": "planted-0123456789-abcdefghijklmnopqrstuvwxyz",
    "METRICS_TOKEN": "planted-9876543210-abcdefghijklmnopqrstuvwxyz",
    "KUBE_READ_TOKEN_FILE": "",
}
COMMANDS = {
    "web": "kubewise_site.web", "worker-detect": "detect@", "worker-analyze": "analyze@",
    "worker-consult": "consult@", "worker-act": "act@", "beat": " beat ",
    "broker": "--unixsocket", "simulator": "-m simulator",
}  # fmt: skip


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(
        tmp_path_factory.mktemp("product"), SMALL, LLM_PROVIDER="gemini", **PLANTED
    ) as found:
        yield found


@pytest.mark.parametrize("name", COMMANDS)
def test_a_process_holds_its_own_secrets_and_no_other(product: Product, name: str) -> None:
    pids = product.pids(COMMANDS[name])
    assert pids, name
    expected = {one for one in HOLDERS.get(name, frozenset()) if PLANTED.get(one)}
    for pid in pids:
        assert held(pid) == expected


def held(pid: int) -> set[str]:
    """The planted secrets that this process was given."""
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    variables = dict(pair.partition("=")[::2] for pair in pairs)
    assert not any(value and name.removesuffix("_FILE") in ALL and name not in ALL
                   for name, value in variables.items())  # fmt: skip
    found = {name for name in PLANTED if variables.get(name)}
    assert {variables[name] for name in found} == {PLANTED[name] for name in found}
    leaked = [value for value in PLANTED.values() if value and str(variables).count(value)]
    assert len(leaked) == len(found), "a planted value under another name"
    return found
