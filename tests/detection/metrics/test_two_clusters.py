"""Two simulated clusters with the same names behind one real Prometheus: nothing leaks."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from detection.detectors.protocol import View
from detection.detectors.thresholds import Thresholds
from detection.kubernetes.client import connect
from detection.metrics import history, queries
from detection.metrics.other_clusters import look, remember
from detection.metrics.prometheus import Prometheus
from detection.metrics.samples import Owner, Owners, owners_of
from detection.metrics.scrape import Scrape, frame_of, query_all
from detection.snapshot import Snapshot
from detection.snapshot.scan import scan
from simulator import world
from simulator.simulator import Simulator
from tests.detection.metrics.backends import _free_port, _program, _wait_until_ready

MINE, OTHER = 'cluster="mine"', 'cluster="other"'
SEEDS = queries.seeds()


@dataclass
class Two:
    """`mine` is well, `other` has a fault; `snapshot` is of `mine`."""

    url: str
    snapshot: Snapshot
    other: Snapshot

    def client(self, matchers: str) -> Prometheus:
        return Prometheus(self.url, matchers=matchers)


@contextmanager
def scraped(folder: Path, targets: dict[str, str]) -> Iterator[str]:
    port, config = _free_port(), folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
        "  - job_name: all\n    honor_labels: true\n    static_configs:\n"
        + "".join(f"      - {{targets: ['{target}'], labels: {{cluster: {name}}}}}\n"
                  for name, target in targets.items())
    )  # fmt: skip
    command = [
        _program("prometheus"), f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", process, folder)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def read(simulator: Any, path: Path) -> Snapshot:
    return scan(connect(kubeconfig=str(simulator.kubeconfig(path))), clock())


@contextmanager
def running() -> Iterator[Any]:
    """The same names each time, by the wall clock; the real Prometheus reads its metrics."""
    simulator = Simulator()
    world.build(simulator, history_seconds=0)
    simulator.cluster.clock.release()
    with simulator:
        yield simulator


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    with running() as mine, running() as other:
        other.inject("image_not_found", began_seconds_ago=900)
        targets = {name: one.url.removeprefix("http://")
                   for name, one in (("mine", mine), ("other", other))}  # fmt: skip
        with scraped(folder, targets) as url:
            client = Prometheus(url)
            until = time.monotonic() + 60
            while len(client.query("group by (cluster) (kube_pod_info)", clock()).series) < 2:
                assert time.monotonic() < until
                time.sleep(0.5)
            client.close()
            yield Two(url, read(mine, folder / "mine.yaml"), read(other, folder / "other.yaml"))


def clock() -> datetime:
    return datetime.now(UTC)


def owners(snapshot: Snapshot) -> Owners:
    pods = {pod: Owner(ref.kind, ref.name, ref.uid) for pod, ref in snapshot.owner_map().items()}
    return owners_of(pods, snapshot.uids(), clock().timestamp())


def found(done: Scrape, known: Owners) -> list[Any]:
    """What an hour of such a pass would open."""
    frame = frame_of(done, SEEDS)
    frames = [history.MetricFrame(frame.at - 15 * at, frame.values, frame.whole, frame.pods)
              for at in range(239, -1, -1)]  # fmt: skip
    return Thresholds().find(View(history.window_of(frames), SEEDS, done.at, known))


def passed(two: Two, matchers: str, snapshot: Snapshot) -> Scrape:
    client = two.client(matchers)
    try:
        return query_all(SEEDS, client, clock(), owners(snapshot))
    finally:
        client.close()


def test_with_matchers_each_cluster_sees_its_own_alone(two: Two) -> None:
    client = two.client(MINE)
    everything = client.query('{__name__=~"kube_.+|container_.+|node_.+"}', clock()).series
    client.close()
    assert {one.labels["cluster"] for one in everything} == {"mine"}
    mine = passed(two, MINE, two.snapshot)
    assert mine.samples
    assert found(mine, owners(two.snapshot)) == []
    theirs = passed(two, OTHER, two.other)
    assert any("waiting" in one.summary for one in found(theirs, owners(two.other)))


@pytest.mark.usefixtures("shared_servers")
def test_with_matchers_it_is_never_blind(two: Two) -> None:
    assert watched(two, MINE) == [""] * 4


@pytest.mark.usefixtures("shared_servers")
def test_without_them_it_is_blind_from_the_first_look_and_nothing_is_found(two: Two) -> None:
    for said in watched(two, ""):
        assert "of another cluster" in said
        client = two.client("")
        done = query_all(SEEDS, client, clock(), owners(two.snapshot), said)
        client.close()
        assert (done.samples, dict(done.blind)) == ((), {"prometheus": said})
        assert found(done, owners(two.snapshot)) == []


def watched(two: Two, matchers: str) -> list[str]:
    cache.clear()
    client, told = two.client(matchers), []
    for _ in range(4):
        now = clock()
        remember(1, two.snapshot.uids(), now - timedelta(seconds=1))
        told.append(look(1, client, now))
    client.close()
    return told
