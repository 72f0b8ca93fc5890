"""Two real nodes for all tests marked `node`, and the product beside them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.build import say
from tests.controlplane.rest import Json
from tests.controlplane.up import Cluster, versions
from tests.live.accounts import Accounts, accounts_of
from tests.live.product import RealProduct, running
from tests.node.for_people import FOR_PEOPLE
from tests.node.harness import network
from tests.node.harness.cluster import RealNodes
from tests.node.harness.enter import RUN
from tests.node.releases import RELEASES, Rollouts
from tests.node.shop import Shop, opened
from tests.system.product import QUICK

# Beside those of tests/system: as many failures at once as there are cases are no storm here.
QUICK_FORM = {
    "STORM_INCIDENTS": "1000",
    "DEFAULT_REMEDIATION_MODE": "AUTO",
    "PROMETHEUS_URL": f"http://127.0.0.1:{network.PROMETHEUS}",
    "LLM_PROVIDER": "none",
}
MACHINE_WIDE = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
Shops = dict[str, Shop]


@pytest.fixture(scope="session")
def nodes() -> RealNodes:
    assert os.environ.get(RUN), "real nodes need namespaces of their own: make test-node"
    return RealNodes(node_monitor_grace_seconds=16)


def kernel_settings() -> dict[str, str]:
    """What kubelets and kube-proxies would set for the whole machine."""
    return {name: Path(f"/proc/sys/{name}").read_text() for name in MACHINE_WIDE}


@pytest.fixture(scope="session")
def settings_before() -> dict[str, str]:
    return kernel_settings()


@pytest.fixture(scope="session")
def cluster(nodes: RealNodes, settings_before: dict[str, str]) -> Iterator[Cluster]:
    started = time.monotonic()
    with nodes as running_cluster:
        say(f"\ntwo real nodes are ready after {time.monotonic() - started:.1f} s")
        versions.add(running_cluster.version)
        yield running_cluster


@pytest.fixture(scope="session")
def accounts(cluster: Cluster) -> Iterator[Accounts]:
    with accounts_of(cluster) as made:
        yield made


@pytest.fixture(scope="module")
def shops(cluster: Cluster) -> Iterator[Shops]:
    """A namespace for each case; what releases will break runs already."""
    shops = {one.name: opened(cluster.api, one.name) for one in (*RELEASES, *FOR_PEOPLE)}
    for case in RELEASES:
        shops[case.name].apply(case.good)
    yield shops
    for name in shops:
        cluster.api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def product(accounts: Accounts, shops: Shops) -> Iterator[RealProduct]:
    """New for each file of tests, since budgets are by the hour. Its settings are printed: figures
    of a quick form are no figures of the product.
    """
    for name, value in sorted((QUICK | QUICK_FORM).items()):
        say(f"{name}={value}")
    directory = Path(tempfile.mkdtemp(prefix="p"))
    with running(directory, accounts, **QUICK_FORM) as started:
        yield started


@pytest.fixture(scope="module")
def served(shops: Shops) -> dict[str, Json]:
    """The containers of what ran well, as the API server filled them in."""
    for release in RELEASES:
        shops[release.name].serves()
    return {case.name: shops[case.name].template(case.kind) for case in RELEASES}


@pytest.fixture(scope="module")
def rollouts(product: RealProduct, shops: Shops, served: dict[str, Json]) -> Rollouts:
    return Rollouts(shops)


@pytest.fixture(scope="module")
def broken(product: RealProduct, shops: Shops) -> Shops:
    """Every failure that people must mend is there."""
    for case in FOR_PEOPLE:
        shops[case.name].apply(case.made)
    return shops
