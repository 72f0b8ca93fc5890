"""What `make soak` adds to a day: processes, and a Prometheus that scrapes the simulator by job."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import requests

from benchmarks.soak.hour.processes import Processes, below
from benchmarks.soak.hour.servers import JOBS, Prometheus
from benchmarks.soak.plan import KINDS, plan
from benchmarks.soak.stage import BEGIN
from simulator import Simulator, world

CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"


def test_processes_below_one_are_found_with_memory_and_time() -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE)
    try:
        while len(list(below(child.pid))) < 1:
            assert child.poll() is None
        seen = Processes(child.pid)
        seen.look(0.0)
        seen.look(0.5)
    finally:
        child.communicate(b"\n")
    assert set(seen.known) >= {child.pid}
    assert all(mib > 0 for one in seen.known.values() for _, mib in one.points)
    assert [hours for hours, _ in seen.known[child.pid].points] == [0.0, 0.5]
    seen.look(1.0)
    assert len(seen.known[child.pid].points) == 2, "one that ended is kept as it was"
    assert os.getpid() not in seen.known


def test_each_job_is_scraped_by_itself_and_one_that_is_away_answers_503() -> None:
    simulator = Simulator(background=False)
    world.build(simulator, history_seconds=0)
    with simulator:
        pages = {job: requests.get(f"{simulator.url}/metrics?job={job}", timeout=10).text
                 for job in JOBS}  # fmt: skip
        whole = requests.get(f"{simulator.url}/metrics", timeout=10).text
        simulator.sampler.away.add("kubelet")
        away = [requests.get(f"{simulator.url}/metrics?job={job}", timeout=10).status_code
                for job in JOBS]  # fmt: skip
    assert "kube_pod_info" in pages["kube-state-metrics"]
    assert 'instance="node-1"' in pages["kubelet"]
    assert "kube_pod_info" not in pages["kubelet"]
    assert "node_memory_MemTotal_bytes" in pages["node-exporter"]
    assert not any(line.startswith("up{") for page in pages.values() for line in page.splitlines())
    assert "instance=" not in whole
    assert away == [200, 503, 200]


def test_prometheus_is_told_every_job(tmp_path: Path) -> None:
    told = "".join(Prometheus(tmp_path, "127.0.0.1:1", port=1)._job(job) for job in JOBS)
    assert [f"job_name: {job}" in told for job in JOBS] == [True] * 3
    assert "honor_labels: true" in told


def test_a_short_time_has_its_faults_within_it() -> None:
    planned = plan(3, BEGIN, 10 / 60, 5)
    faults = [one for one in planned if one.name in KINDS]
    assert len(faults) >= 3
    end = BEGIN + timedelta(minutes=10)
    assert all(BEGIN < one.at < end for one in planned)
