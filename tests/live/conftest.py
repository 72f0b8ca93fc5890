"""One control plane for all live tests, with node heartbeats that are missed within seconds, and
KubeWise in this process with the accounts of deploy/k8s/.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from detection import clients as detection_clients
from detection.kubernetes.client import connect
from detection.models import Cluster as Watched
from remediation.clients import Clients
from remediation.controls import mode_and_stop
from tests.contract.target import Space, Target, new_space
from tests.controlplane.up import Cluster, ControlPlane
from tests.controlplane.up import cluster as running_cluster
from tests.live.accounts import Accounts, accounts_of, bind
from tests.live.kubewise import KubeWise

LONG_AGO = timedelta(days=2)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    plan = ControlPlane(node_monitor_grace_seconds=4, not_ready_toleration_seconds=1)
    with running_cluster(plan) as running:
        yield running


@pytest.fixture(scope="session")
def accounts(cluster: Cluster) -> Iterator[Accounts]:
    with accounts_of(cluster) as made:
        yield made


@pytest.fixture
def space(cluster: Cluster) -> Iterator[Space]:
    """A namespace for one test, deleted after it."""
    made = new_space(Target(cluster.api, cluster.api, "", ""))
    yield made
    cluster.api.delete(f"/api/v1/namespaces/{made.name}")


@pytest.fixture
def shop(space: Space, accounts: Accounts) -> Space:
    """A namespace in which KubeWise may act."""
    bind(space.api, space.name)
    return space


@pytest.fixture
def clients(accounts: Accounts) -> Clients:
    return Clients(connect(kubeconfig=str(accounts.read)), connect(kubeconfig=str(accounts.act)))


@pytest.fixture
def watched(db: None, settings: Any) -> Watched:
    """Watched for two days, without Prometheus; an hour of dwell passes in 3.6 seconds."""
    settings.PROMETHEUS_URL, settings.DWELL_FACTOR = "", 0.001
    settings.AUTO_REMEDIATE_CRITICAL = True
    detection_clients.prometheus.cache_clear()
    found = detection_clients.current_cluster()
    Watched.objects.filter(pk=found.pk).update(created_at=datetime.now(UTC) - LONG_AGO)
    found.refresh_from_db()
    return found


@pytest.fixture
def kubewise(watched: Watched, clients: Clients) -> KubeWise:
    """In MANUAL mode, as it starts."""
    return KubeWise(watched, clients)


@pytest.fixture
def auto(kubewise: KubeWise) -> KubeWise:
    """In AUTO mode since yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    mode_and_stop.set_mode(kubewise.cluster, "AUTO", "ada", "tested enough", yesterday)
    return kubewise


@pytest.fixture
def ada(db: None) -> Any:
    return get_user_model().objects.create_user("ada", password="x")
