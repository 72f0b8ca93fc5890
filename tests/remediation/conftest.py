"""A simulated cluster over real HTTP, and the records of a watched cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from detection.clients import current_cluster
from detection.kubernetes.client import connect
from detection.models import Cluster, Incident
from detection.pipeline.detect import detect
from remediation.clients import Clients
from remediation.controls import mode_and_stop
from simulator import Simulator, world

LONG_AGO = timedelta(days=2)


@pytest.fixture
def simulator() -> Iterator[Any]:
    """Moves by itself; its faults end when the right action is taken. No metrics: `scan_only`."""
    made = Simulator()
    world.build(made, history_seconds=None)
    with made:
        yield made


@pytest.fixture
def clients(simulator: Any, tmp_path: Path) -> Clients:
    reader = simulator.kubeconfig(tmp_path / "read.yaml", "read")
    writer = simulator.kubeconfig(tmp_path / "act.yaml", "act")
    return Clients(connect(kubeconfig=str(reader)), connect(kubeconfig=str(writer)))


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def scan_only(settings: Any) -> None:
    """No Prometheus on purpose, so nothing is blind."""
    settings.PROMETHEUS_URL = ""
    from detection import clients as detection_clients

    detection_clients.prometheus.cache_clear()


@pytest.fixture
def cluster(db: None, now: datetime, scan_only: None) -> Cluster:
    """Watched for two days: past its warm-up."""
    found = current_cluster()
    Cluster.objects.filter(pk=found.pk).update(created_at=now - LONG_AGO)
    found.refresh_from_db()
    return found


@pytest.fixture
def auto(cluster: Cluster, now: datetime, settings: Any) -> Cluster:
    """AUTO since yesterday, critical incidents included."""
    settings.AUTO_REMEDIATE_CRITICAL = True
    mode_and_stop.set_mode(cluster, "AUTO", "ada", "tested enough", now - timedelta(days=1))
    return cluster


@pytest.fixture
def ada(db: None) -> Any:
    return get_user_model().objects.create_user("ada", password="x")


@pytest.fixture
def incident_of(
    cluster: Cluster, simulator: Any, clients: Clients, now: datetime
) -> Callable[..., Incident]:
    """Inject a fault that began ten minutes ago, detect it, return its incident."""

    def make(fault: str, began_seconds_ago: float = 900.0, **options: Any) -> Incident:
        injected = simulator.inject(fault, began_seconds_ago=began_seconds_ago, **options)
        detect(cluster, clients.reader, now)
        simulator.reset_counters()
        return Incident.objects.select_related("cluster").get(owner_name=injected.target.name)

    return make
