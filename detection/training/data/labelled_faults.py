"""Series of a made-up service with faults in them, labelled: what public sets lack. Seeded.

Seasonal load and deploys are there to be no anomaly: a detector that alarms on them is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
METRICS = ("cpu_cores", "memory_bytes", "requests_per_second", "latency_seconds", "throttled_ratio")
CPU, MEMORY, LOAD, LATENCY, THROTTLED = range(5)
DAY_SAMPLES = 1440
MEMORY_LIMIT = 512 * 2.0**20
RESTART_SAMPLES = 2


@dataclass(frozen=True)
class Injected:
    """`values` [samples, METRICS] each minute; `labels` 1 within the fault; [start, end) of it."""

    kind: str
    values: Floats
    labels: Ints
    start: int
    end: int


Change = Callable[[Floats, np.random.Generator], None]


def healthy(samples: int, seed: int, *, seasonal: float = 0.3) -> Floats:
    """[samples, METRICS]: load with a daily pattern, and what follows from it."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi)
    day = 1 + seasonal * np.sin(np.arange(samples) * 2 * np.pi / DAY_SAMPLES + phase)
    load = rng.uniform(20, 200) * day * rng.lognormal(0, 0.05, samples)
    cpu = load * rng.uniform(0.002, 0.006) * rng.lognormal(0, 0.04, samples)
    base = rng.uniform(0.3, 0.5) * MEMORY_LIMIT
    memory = base * (1 + 0.05 * (day - 1)) + rng.normal(0, 0.004 * MEMORY_LIMIT, samples)
    latency = rng.uniform(0.01, 0.08) * rng.lognormal(0, 0.08, samples)
    throttled = np.clip(rng.normal(0.01, 0.005, samples), 0, 1)
    return np.column_stack([cpu, memory, load, latency, throttled])


def inject(kind: str, samples: int, at: int, length: int, seed: int) -> Injected:
    """A healthy series with one fault of `length` samples from `at` on. KeyError: no such kind."""
    change = {**FAULTS, **BENIGN}[kind]
    values = healthy(samples, seed, seasonal=0.7 if kind == "seasonal load" else 0.3)
    end = min(at + length, samples)
    change(values[at:end], np.random.default_rng(seed + 1))
    labels = np.zeros(samples, dtype=np.int64)
    labels[at:end] = int(kind in FAULTS)
    return Injected(kind, values, labels, at, end)


def _leak(part: Floats, rng: np.random.Generator) -> None:
    room = MEMORY_LIMIT - part[0, MEMORY]
    part[:, MEMORY] += np.linspace(0, room * rng.uniform(0.7, 0.95), len(part))


def _spike(part: Floats, rng: np.random.Generator) -> None:
    part[:, CPU] *= rng.uniform(3, 6)


def _level_shift(part: Floats, rng: np.random.Generator) -> None:
    part[:, MEMORY] *= rng.uniform(1.25, 1.6)
    part[:, CPU] *= rng.uniform(1.4, 2.0)


def _flat_line(part: Floats, rng: np.random.Generator) -> None:
    part[:, [CPU, LOAD]] = 0.0
    part[:, LATENCY] = part[0, LATENCY]


def _restart(part: Floats, rng: np.random.Generator) -> None:
    for at in range(0, len(part), 2 * RESTART_SAMPLES):
        part[at : at + RESTART_SAMPLES, [CPU, MEMORY, LOAD]] *= rng.uniform(0.05, 0.2)


def _throttling(part: Floats, rng: np.random.Generator) -> None:
    part[:, THROTTLED] = np.clip(rng.normal(0.6, 0.1, len(part)), 0, 1)
    part[:, LATENCY] *= rng.uniform(2, 4)


def _latency(part: Floats, rng: np.random.Generator) -> None:
    part[:, LATENCY] *= rng.uniform(4, 10)


def _traffic_drop(part: Floats, rng: np.random.Generator) -> None:
    left = rng.uniform(0.05, 0.25)
    part[:, LOAD] *= left
    part[:, CPU] *= left + 0.1


def _noisy_neighbour(part: Floats, rng: np.random.Generator) -> None:
    part[:, LATENCY] *= 1 + np.abs(rng.normal(1.5, 1.0, len(part)))
    part[:, THROTTLED] += np.abs(rng.normal(0.1, 0.05, len(part)))


def _deploy(part: Floats, rng: np.random.Generator) -> None:
    part[:3, CPU] *= rng.uniform(1.5, 2.5)
    part[:, MEMORY] *= rng.uniform(0.95, 1.05)


def _nothing(part: Floats, rng: np.random.Generator) -> None:
    """Seasonal load is in the healthy series already."""


FAULTS: dict[str, Change] = {
    "leak": _leak,
    "spike": _spike,
    "level shift": _level_shift,
    "flat line": _flat_line,
    "restarts": _restart,
    "throttling": _throttling,
    "latency": _latency,
    "traffic drop": _traffic_drop,
    "noisy neighbour": _noisy_neighbour,
}
BENIGN: dict[str, Change] = {"seasonal load": _nothing, "deploy": _deploy}
