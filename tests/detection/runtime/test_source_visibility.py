"""Which sources are blind: those that say so, and those that nobody has looked at for long."""

from datetime import UTC, datetime, timedelta

import pytest

from detection.models import Cluster
from detection.runtime.source_visibility import (
    blind_sources,
    forget_sources,
    patience,
    save_sources,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def cluster(db: None) -> Cluster:
    return Cluster.objects.create(name="c")


def test_a_source_that_nobody_looks_at_any_more_is_blind(cluster: Cluster) -> None:
    save_sources(cluster, ["prometheus"], {}, ["cadvisor"], NOW)
    assert blind_sources(cluster, NOW + patience()) == {}
    later = NOW + patience() + timedelta(seconds=1)
    assert blind_sources(cluster, later) == {
        "prometheus": "not looked at since 2026-01-02 03:04:05 UTC"
    }


def test_what_is_not_installed_is_never_blind_and_a_reason_is_kept(cluster: Cluster) -> None:
    save_sources(cluster, [], {"kubernetes/pods": "403"}, ["kubernetes/scaledobjects"], NOW)
    assert blind_sources(cluster, NOW + timedelta(days=1)) == {"kubernetes/pods": "403"}


def test_what_is_not_read_any_more_is_forgotten_and_not_blind(cluster: Cluster) -> None:
    save_sources(cluster, ["kubernetes/pods", "kubernetes/relics"], {}, [], NOW)
    forget_sources(cluster, "kubernetes/", keep={"kubernetes/pods"})
    assert list(blind_sources(cluster, NOW + timedelta(days=1))) == ["kubernetes/pods"]
