"""How much normal data is new since the last training from history, and whether it is enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from detection import clients
from detection.domain.units import counted
from detection.metrics.prometheus import Prometheus
from detection.models import Cluster
from detection.models.anomaly import ModelSource, ModelVersion
from detection.training.jobs.from_prometheus import normal_samples
from detection.training.model.sampling import WINDOWS_PER_SET

# As many as windows are drawn for one training: less would be the same data once more.
NEEDED_SAMPLES = WINDOWS_PER_SET
# Days at work and days off are both in it then.
EVERY_DAYS = 7
MOST_DAYS = 30


@dataclass(frozen=True)
class Stock:
    """New normal samples of one minute of single metrics; `reason` is '' where it may train."""

    samples: int
    needed: int
    reason: str

    def as_detail(self) -> dict[str, Any]:
        """For the tick's sign of life, where the admin finds it."""
        return {"normal_samples": self.samples, "needed_samples": self.needed}


def stock(cluster: Cluster, client: Prometheus, now: datetime) -> Stock:
    """Counted since the last training from history, a month at most. Raises NoHistory."""
    last = last_training()
    begin = max(last or cluster.watching_since or now, now - timedelta(days=MOST_DAYS))
    samples = normal_samples(cluster, client, begin, now) if begin < now else 0
    return Stock(samples, NEEDED_SAMPLES, _reason(cluster, last, samples, now))


def current_stock(now: datetime) -> Stock:
    """Of the watched cluster, by the settings. Raises NoHistory."""
    return stock(clients.current_cluster(), history_client(), now)


def history_client() -> Prometheus:
    """Raises NoHistory where there is no Prometheus by the settings."""
    from detection.training.model.errors import NoHistory

    client = clients.prometheus()
    if client is None:
        raise NoHistory("PROMETHEUS_URL is empty: there is no history to train on")
    return client


def last_training() -> datetime | None:
    """The last one from history, whether its version is in force or not."""
    rows = ModelVersion.objects.filter(source=ModelSource.HISTORY).order_by("-trained_at")
    return rows.values_list("trained_at", flat=True).first()


def _reason(cluster: Cluster, last: datetime | None, samples: int, now: datetime) -> str:
    if last and now - last < timedelta(days=EVERY_DAYS):
        return f"trained from history on {last:%Y-%m-%d}, again after {EVERY_DAYS} days"
    if cluster.watching_since is None or now - cluster.watching_since < timedelta(days=1):
        return "the cluster has been watched for less than a day"
    if samples < NEEDED_SAMPLES:
        return f"{counted(samples, 'new normal sample', spec=',')}, {NEEDED_SAMPLES:,} are needed"
    return ""
