"""One healthy world, served over HTTP, whose time moves only by `tick`."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from kubernetes import client

from simulator import Simulator, world

Clients = Callable[..., client.ApiClient]


@pytest.fixture(scope="session")
def built() -> Iterator[Simulator]:
    """Never changed: every test gets a clone."""
    simulator = Simulator(background=False)
    world.build(simulator, history_seconds=0)
    simulator.tick(simulator.cluster.clock.now())
    yield simulator
    simulator.server.server_close()


@pytest.fixture
def sim(built: Simulator) -> Iterator[Simulator]:
    simulator = Simulator(background=False)
    world.clone(built, simulator)
    with simulator:
        yield simulator


@pytest.fixture
def empty() -> Iterator[Simulator]:
    """Static mode."""
    with Simulator(controllers=False, background=False) as simulator:
        yield simulator


def api(simulator: Simulator, token: str = "admin-token") -> client.ApiClient:
    configuration = client.Configuration(host=simulator.url)
    configuration.api_key = {"authorization": f"Bearer {token}"}
    return client.ApiClient(configuration)


def refused(call: Callable[[], Any]) -> dict[str, Any]:
    """The Status of the refusal that the call must end in."""
    with pytest.raises(client.ApiException) as caught:
        call()
    found: dict[str, Any] = json.loads(caught.value.body)
    return found


def call(
    simulator: Simulator,
    method: str,
    path: str,
    body: Any = None,
    token: str = "admin-token",
    kind: str = "application/merge-patch+json",
    timeout_seconds: float = 10,
) -> requests.Response:
    """One plain request; a PATCH is a merge patch unless `kind` says otherwise."""
    headers = {"Authorization": f"Bearer {token}"}
    headers["Content-Type"] = kind if method == "PATCH" else "application/json"
    data = None if body is None else json.dumps(body)
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            method, simulator.url + path, data=data, headers=headers, timeout=timeout_seconds
        )


def until(look: Callable[[], Any], what: str, within_seconds: float = 10) -> None:
    """Wait for a condition that another thread brings about."""
    deadline = time.monotonic() + within_seconds
    while not look():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)
