"""Every test of the contract runs against the simulator, and with `-m live` against a real API
server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.objects import BATCH
from tests.contract.relics import relics
from tests.contract.target import Space, Target, new_space
from tests.controlplane.rest import Api
from tests.controlplane.up import cluster

READER = "kubewise-contract-reader"


@pytest.fixture(
    scope="session",
    params=["simulator", pytest.param("real", marks=pytest.mark.live)],
)
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    directory = tmp_path_factory.mktemp("contract")
    with {"simulator": simulated, "real": real}[request.param](directory) as made:
        yield made


@pytest.fixture
def space(target: Target) -> Iterator[Space]:
    made = new_space(target)
    yield made
    target.api.delete(f"/api/v1/namespaces/{made.name}")


@contextmanager
def simulated(directory: Path) -> Iterator[Target]:
    from simulator.cluster.container_behaviour import Image
    from simulator.simulator import Simulator
    from simulator.world.manifests import node

    with Simulator() as running:
        running.cluster.behaviour.add_image(BATCH, Image(run_seconds=1))
        for number in range(3):
            running.load([{"apiVersion": "v1", "kind": "Node"} | node(number)])
        running.kubeconfig(directory / "admin", "admin")
        running.kubeconfig(directory / "read", "read")
        yield Target(
            Api(directory / "admin"), Api(directory / "read"), "read", "/api/v1/configmaps"
        )


@contextmanager
def real(directory: Path) -> Iterator[Target]:
    """The reader is a ServiceAccount bound to the ClusterRole `view` that every cluster has."""
    with cluster() as running:
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": READER}}
        accounts = "/api/v1/namespaces/default/serviceaccounts"
        bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
        running.api.create(accounts, account)
        running.api.create(bindings, _binding())
        reader = Api(running.service_account_kubeconfig("default", READER))
        with relics(running.api) as aged:
            yield Target(running.api, reader, f"system:serviceaccount:default:{READER}", aged)
        running.api.delete(f"{bindings}/{READER}")
        running.api.delete(f"{accounts}/{READER}")


def _binding() -> dict[str, object]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": READER},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": READER, "namespace": "default"}],
    }
