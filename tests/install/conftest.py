"""One real API server for the live tests of the installation, without kubelets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.controlplane.up import Cluster
from tests.controlplane.up import cluster as running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running
