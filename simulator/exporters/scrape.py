"""Scrapes: current samples into the metric store every 15 s, a past at start, and /metrics."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from simulator.cluster import Cluster
from simulator.exporters.families import Sample, all_samples
from simulator.prometheus.storage.store import MetricStore

INTERVAL_SECONDS = 15.0
LARGE_PODS, LARGE_INTERVAL_SECONDS = 2000, 60.0
Series = tuple[str, tuple[tuple[str, str], ...]]


class Sampler:
    """A series that is no longer scraped ends with a staleness marker, as Prometheus writes it.

    `away` are jobs whose target does not answer; `instances` are the addresses of jobs that moved.
    """

    def __init__(self, cluster: Cluster, store: MetricStore) -> None:
        self.cluster, self.store = cluster, store
        self.last: datetime | None = None
        self.live: dict[Series, int] = {}
        self.enabled = False
        self.away: set[str] = set()
        self.instances: dict[str, str] = {}

    def interval(self) -> float:
        large = len(self.cluster.store.table("pods").objects) > LARGE_PODS
        return LARGE_INTERVAL_SECONDS if large else INTERVAL_SECONDS

    def sample(self, now: datetime) -> None:
        """Scrapes when an interval has passed since the last one; not before `backfill`."""
        if not self.enabled:
            return
        if self.last is not None and (now - self.last).total_seconds() < self.interval():
            return
        self.scrape(now)

    def scrape(self, now: datetime) -> None:
        seconds, present = now.timestamp(), dict[Series, int]()
        for name, labels, value in self._samples(now):
            series = (name, tuple(labels.items()))
            known = self.live.get(series)
            found = self.store.reference(name, labels) if known is None else known
            present[series] = found
            self.store.append_to(found, seconds, value)
        for series in self.live.keys() - present.keys():
            self.store.end(series[0], dict(series[1]), seconds)
        self.live, self.last = present, now

    def _samples(self, now: datetime) -> Iterator[Sample]:
        """Everything that is scraped: of a target that is away, that it is down."""
        for name, labels, value in all_samples(self.cluster, now):
            job = labels.get("job", "")
            if job in self.away:
                if name != "up":
                    continue
                value = 0.0
            if job in self.instances:
                labels = {**labels, "instance": self.instances[job]}
            yield name, labels, value

    def backfill(self, now: datetime, seconds: float = 3600.0, step: float = 60.0) -> None:
        """A past in which everything was as it is now; large clusters get a shorter one."""
        self.enabled = True
        if len(self.cluster.store.table("pods").objects) > LARGE_PODS:
            seconds, step = min(seconds, 60.0), 60.0
        moments = int(seconds // step)
        for index in range(moments, -1, -1):
            self.scrape(now - timedelta(seconds=index * step))

    def forget_since(self, moment: datetime) -> None:
        """Drops what was scraped after `moment`, so that another past can take its place."""
        cut = round(moment.timestamp() * 1000)
        with self.store._lock:
            for series in self.store._series.values():
                while series.times_ms and series.times_ms[-1] >= cut:
                    series.times_ms.pop()
                    series.values.pop()
        if self.last is not None and self.last >= moment:
            self.last = None

    def exposition(self, job: str = "") -> str:
        """The current samples in the text format that a Prometheus scrapes.

        Of one job with the addresses of its targets, or of all without any.
        """
        lines: dict[str, list[str]] = {}
        hidden = ("job",) if job else ("job", "instance")
        for name, labels, value in self._samples(self.cluster.clock.now()):
            if job and (labels.get("job") != job or name == "up"):
                continue
            told = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items() if k not in hidden)
            lines.setdefault(name, []).append(f"{name}{{{told}}} {value}")
        blocks = []
        for name, rows in lines.items():
            kind = "counter" if name.endswith("_total") else "gauge"
            blocks.append("\n".join([f"# TYPE {name} {kind}", *rows]))
        return "\n".join(blocks) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
