"""Two hours of a small cluster's metrics, with the irregularities that queries stumble over."""

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

BEGIN = 1_700_000_000.123
SCRAPE_SECONDS = 15
SCRAPES = 480
LATER = BEGIN + 9000
PODS = [("shop", f"web-{n}") for n in range(4)] + [("data", f"db-{n}") for n in range(3)]
GIB = float(2**30)

Series = dict[str, Any]
Wave = Callable[[int], float | None]


def series() -> list[Series]:
    """The history, the same in every process."""
    return [*_pods(), *_nodes(), *_histograms(), *_irregular()]


def ending() -> list[Series]:
    """A series after the history that ends with a marker and comes back two minutes later."""
    at = [round(LATER + n * SCRAPE_SECONDS, 3) for n in range(20)]
    gap = {8: "stale", 19: "stale"}
    samples = [[at[n], gap.get(n, float(n))] for n in range(20) if n not in range(9, 16)]
    steady = [[one, 1.0] for one in at]
    return [
        {"name": "ending", "labels": {"kind": "marked"}, "samples": samples},
        {"name": "ending", "labels": {"kind": "steady"}, "samples": steady},
    ]


def openmetrics(history: list[Series]) -> Iterator[str]:
    """The lines that promtool reads."""
    for one in history:
        labels = ",".join(f'{key}="{value}"' for key, value in one["labels"].items())
        for at, value in one["samples"]:
            yield f"{one['name']}{{{labels}}} {value!r} {at:.3f}\n"
    yield "# EOF\n"


def _series(name: str, wave: Wave, **labels: str) -> Series:
    points = [(BEGIN + n * SCRAPE_SECONDS, wave(n)) for n in range(SCRAPES)]
    samples = [[round(at, 3), float(value)] for at, value in points if value is not None]
    return {"name": name, "labels": labels, "samples": samples}


def _pods() -> Iterator[Series]:
    for number, (namespace, pod) in enumerate(PODS):
        where = {"namespace": namespace, "pod": pod}
        node = f"node-{number % 3}"
        yield _series("kube_pod_info", _ones, **where, node=node, host_ip=f"10.0.0.{number % 3}")
        owner = {"owner_kind": "ReplicaSet", "owner_name": pod.split("-")[0]}
        yield _series("kube_pod_owner", _ones, **where, **owner)
        for phase in ("Running", "Pending", "Failed"):
            yield _series("kube_pod_status_phase", _phase(number, phase), **where, phase=phase)
        for container in ("app", "sidecar", ""):
            yield from _container(number, {**where, "container": container})


def _container(number: int, labels: dict[str, str]) -> Iterator[Series]:
    seed = number * 10 + len(labels["container"])
    yield _series("container_cpu_usage_seconds_total", _counter(seed), **labels)
    yield _series("container_memory_working_set_bytes", _memory(seed), **labels)
    if labels["container"]:
        restarts = "kube_pod_container_status_restarts_total"
        yield _series(restarts, lambda n: float(n // (90 + number * 40)), **labels)
        for resource, limit in (("memory", GIB), ("cpu", 0.5)):
            name = "kube_pod_container_resource_limits"
            wave: Wave = lambda n, limit=limit: limit  # type: ignore[misc]  # noqa: E731
            yield _series(name, wave, **labels, resource=resource, unit="x")


def _nodes() -> Iterator[Series]:
    for number in range(3):
        node = f"node-{number}"
        full = _declining(number)
        yield _series("node_filesystem_avail_bytes", full, instance=node, mountpoint="/")
        yield _series("up", _flapping(number), job="kubelet", instance=node)
        for status in ("true", "false", "unknown"):
            healthy = _constant(float(status == "true"))
            labels = {"node": node, "condition": "Ready", "status": status}
            yield _series("kube_node_status_condition", healthy, **labels)


def _histograms() -> Iterator[Series]:
    for job in ("web", "db"):
        for at, bound in enumerate(("0.1", "0.5", "1", "2.5", "+Inf")):
            wave = _growing((at + 1) * (2.0 if job == "web" else 0.5))
            yield _series("http_request_duration_seconds_bucket", wave, job=job, le=bound)


def _irregular() -> Iterator[Series]:
    yield _series("gauge", lambda n: math.nan if n % 5 == 0 else float(n), kind="sometimes_nan")
    yield _series("gauge", lambda n: math.inf if n % 7 == 0 else -float(n), kind="sometimes_inf")
    yield _series("gauge", lambda n: math.nan, kind="nan")
    yield _series("gauge", lambda n: 1e-9 * n, kind="tiny")
    yield _series("gauge", lambda n: 1.5e22 + n, kind="huge")
    yield _series("gone", lambda n: float(n) if n < 200 else None, kind="ended")
    yield _series("sparse", lambda n: float(n * n) if n % 37 == 0 else None, kind="sparse")
    yield _series("job_last_success_seconds", lambda n: BEGIN + 600 * (n // 40), job="backup")


def _ones(n: int) -> float:
    return 1.0


def _constant(value: float) -> Wave:
    return lambda n: value


def _growing(per_scrape: float) -> Wave:
    return lambda n: round(per_scrape * n + n * n / 100, 6)


def _phase(number: int, phase: str) -> Wave:
    running = "Pending" if number == 3 else "Running"
    return lambda n: float(phase == ("Failed" if number == 5 and n > 300 else running))


def _flapping(number: int) -> Wave:
    return lambda n: None if number == 2 and 100 < n < 160 else float((n + number) % 11 != 0)


def _declining(number: int) -> Wave:
    noise = random.Random(number)
    return lambda n: 80 * GIB - n * (number + 1) * 3e7 + noise.random() * 1e6


def _memory(seed: int) -> Wave:
    noise = random.Random(seed)
    return lambda n: math.floor((0.3 + seed / 90) * GIB + n * seed * 1e4 + noise.random() * 1e7)


def _counter(seed: int) -> Wave:
    """Resets every so often, misses scrapes and, for one seed, ends."""
    noise, state = random.Random(seed), [0.0]

    def wave(n: int) -> float | None:
        state[0] = 0.25 if n and n % (60 + seed * 5) == 0 else state[0] + noise.random() * 3
        missed = noise.random() < 0.05 or (seed == 3 and n > 350)
        return None if missed else round(state[0], 6)

    return wave
