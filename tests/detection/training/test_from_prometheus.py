"""Training from a cluster's own history: when it is due, what it reads, what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError

from detection import clients
from detection.anomaly.model import artifacts
from detection.metrics import history
from detection.metrics.prometheus import Prometheus
from detection.metrics.queries import seed
from detection.models import Cluster, Heartbeat
from detection.models.anomaly import ModelVersion
from detection.pipeline.ticks import train_tick
from detection.training.jobs import from_prometheus, new_data, retraining
from detection.training.model import versions
from detection.training.model.errors import NoHistory
from kubewise_site.core import clock
from tests.detection.metrics.backends import real_over, simulated
from tests.detection.metrics.dataset import NOW
from tests.detection.metrics.dataset import cluster as lines
from tests.detection.training.history_lines import openmetrics

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.timeout(580),
]


@pytest.fixture
def watched(tmp_path: Path, settings: Any) -> Iterator[Cluster]:
    cache.clear()
    history._LOCAL.clear()
    settings.AUTOENCODER_MODEL_PATH = str(tmp_path / "models" / "kube_anomaly_autoencoder.keras")
    clock.use(lambda: NOW)  # the time of the data, for commands that ask for it themselves
    seed(NOW)
    yield clients.current_cluster()
    clock.use()
    cache.clear()


def use(monkeypatch: pytest.MonkeyPatch, client: Prometheus | None) -> None:
    monkeypatch.setattr(clients, "prometheus", lambda: client)


def train(*more: str) -> tuple[str, str]:
    out, told = StringIO(), StringIO()
    call_command("train_model", "--from-history", *more, stdout=out, stderr=told)
    return out.getvalue(), told.getvalue()


@pytest.mark.live
def test_a_model_is_trained_from_the_history_of_a_real_prometheus(
    watched: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_over(openmetrics(services=12, hours=26), tmp_path) as client:
        use(monkeypatch, client)
        monkeypatch.setattr(from_prometheus, "MOST_HOURS", 24)
        said, told = train()
        counted = from_prometheus.normal_samples(watched, client, NOW - timedelta(hours=10), NOW)
    first = ModelVersion.objects.get()
    assert (first.source, first.in_force) == ("history", True)
    assert "there was no usable model" in said
    assert "reading the history, hour 24 of" in told
    assert "seed 2, epoch" in told
    assert len(first.data_sha256) == 64
    assert first.scores["KubeWise"]["injected"]["event_recall"] > 0.3
    assert artifacts.load_artifacts(versions.directory()).version == first.version
    assert 12 * 2 * 500 < counted < 12 * 2 * 620


@pytest.mark.live
def test_an_empty_prometheus_and_a_young_one_are_told_apart(
    watched: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text, said in (("", "no entity with an hour"), (openmetrics(3, 1.5), "are needed")):
        where = tmp_path / str(len(text))
        where.mkdir()
        with real_over(text, where) as client:
            use(monkeypatch, client)
            with pytest.raises(CommandError, match=said):
                train()
    assert not ModelVersion.objects.exists()


def test_without_a_prometheus_it_says_so(watched: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, None)
    with pytest.raises(CommandError, match="PROMETHEUS_URL is empty"):
        train()
    use(monkeypatch, Prometheus("http://127.0.0.1:1"))
    with pytest.raises(CommandError, match="Prometheus does not answer"):
        train()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Since when was counted; there are twenty new samples each second."""
    asked: list[datetime] = []

    def count(cluster: Cluster, client: Any, since: datetime, now: datetime) -> int:
        asked.append(since)
        return round((now - since).total_seconds() * 0.2)

    monkeypatch.setattr(new_data, "normal_samples", count)
    return asked


def test_it_is_due_once_enough_normal_data_is_new(
    watched: Cluster, counted: list[datetime]
) -> None:
    client: Any = None
    watched.watching_since = NOW
    early = new_data.stock(watched, client, NOW + timedelta(hours=5))
    assert "less than a day" in early.reason
    few = new_data.stock(watched, client, NOW + timedelta(days=3))
    assert few.reason == "51,840 new normal samples, 100,000 are needed"
    assert new_data.stock(watched, client, NOW + timedelta(days=6)).reason == ""


def test_after_a_training_it_counts_anew(watched: Cluster, counted: list[datetime]) -> None:
    watched.watching_since = NOW - timedelta(days=90)
    trained = NOW - timedelta(days=2)
    ModelVersion.objects.create(version="v", source="history", trained_at=trained)
    found = new_data.stock(watched, None, NOW)  # type: ignore[arg-type]
    assert counted == [trained]
    assert "again after 7 days" in found.reason
    assert new_data.stock(watched, None, NOW + timedelta(days=5)).reason == ""  # type: ignore[arg-type]


def test_the_tick_says_how_much_there_is_and_trains_where_it_is_enough(
    watched: Cluster, counted: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    Cluster.objects.update(watching_since=NOW - timedelta(days=2))
    with simulated(lines()) as client:
        use(monkeypatch, client)
        train_tick(NOW)
        detail = Heartbeat.objects.get(name="train").detail
        assert (detail["normal_samples"], detail["needed_samples"]) == (34_560, 100_000)
        done = retraining.TrainingResult("v9", True, "version v9 is in force")
        monkeypatch.setattr(retraining, "from_history", lambda now, tell: done)
        Cluster.objects.update(watching_since=NOW - timedelta(days=9))
        train_tick(NOW + timedelta(hours=2))
    assert Heartbeat.objects.get(name="train").detail["version"] == "v9"


def test_a_tick_without_a_prometheus_skips_and_says_why(
    watched: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Prometheus("http://127.0.0.1:1"))
    Cluster.objects.update(watching_since=NOW - timedelta(days=2))
    train_tick(NOW)
    assert "does not answer" in Heartbeat.objects.get(name="train").detail["skipped"]
    with pytest.raises(NoHistory):
        new_data.current_stock(NOW)


def test_normal_samples_are_counted_by_the_minute_and_metric(watched: Cluster) -> None:
    with simulated(lines()) as client:
        hour = from_prometheus.normal_samples(watched, client, NOW - timedelta(hours=1), NOW)
        half = from_prometheus.normal_samples(watched, client, NOW - timedelta(minutes=30), NOW)
    assert 0.4 < half / hour < 0.6


def test_of_a_cluster_too_large_to_hold_a_part_of_the_owners_is_read(
    watched: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulated(lines()) as client:
        monkeypatch.setattr(from_prometheus, "LEAST_HOURS", 2)
        whole = from_prometheus.training_window(watched, client, NOW, most_hours=2)
        monkeypatch.setattr(from_prometheus, "MOST_CELLS", whole.values.size // 2)
        part = from_prometheus.training_window(watched, client, NOW, most_hours=2)
    owners = [{key.split("|", 1)[1].rsplit("|", 1)[0] for key in one.keys} for one in (whole, part)]
    assert 0 < len(owners[1]) < len(owners[0])
    assert set(part.keys) == {
        key for key in whole.keys if key.split("|", 1)[1].rsplit("|", 1)[0] in owners[1]
    }
    assert np.isfinite(part.values).any()
