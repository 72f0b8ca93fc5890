"""10,000 entities × 20 metrics from the metric history to findings.

`python -m benchmarks.load.anomaly`.

Beside it, in the same run: 12 entities alone, each looked at with a day of history; the bare matrix
products of the network on the same number of windows; and Keras' `model.predict` called once a
window, on some of them. Each in a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ENTITIES, METRICS, SAMPLES, BROKEN = 10_000, 20, 60, 12
ONE_BY_ONE = 40
DAY_SAMPLES = 1440
PASSES = 6
BAR_SECONDS, BAR_MIB = 1.0, 250
MODELS = Path(__file__).resolve().parents[2] / "models"


def detector() -> dict[str, Any]:
    """The detector as a detect worker runs it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    django.setup()
    from detection.anomaly.context import AnomalyView
    from detection.anomaly.model import artifacts
    from detection.detectors.anomaly import Autoencoder
    from detection.detectors.protocol import View

    model = artifacts.load_artifacts(MODELS)
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    view = View(_window(now), (), now, anomaly=AnomalyView(model=model))
    ours, seconds, processor = Autoencoder(), [], []
    for _ in range(PASSES):
        wall, used = time.perf_counter(), time.process_time()
        found = ours.find(view)
        seconds.append(time.perf_counter() - wall)
        processor.append(time.process_time() - used)
    return {
        "first": seconds[0],
        "seconds": min(seconds[1:]),
        "cpu": min(processor[1:]),
        "findings": len(found),
        "heavy": sorted({"tensorflow", "sklearn", "joblib"} & set(sys.modules)),
    }


def longer() -> dict[str, Any]:
    """The broken entities alone, each with a day of history as Prometheus would have it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    django.setup()
    from detection.anomaly.context import AnomalyView
    from detection.anomaly.history_join import Earlier
    from detection.anomaly.model import artifacts
    from detection.detectors.anomaly import Autoencoder
    from detection.detectors.protocol import View
    from detection.domain.facts import AnomalyFacts

    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    window, rng = _window(now, BROKEN), np.random.default_rng(1)
    times: Any = now.timestamp() - 60.0 * np.arange(DAY_SAMPLES)[::-1]
    kept: dict[Any, dict[str, Any]] = {}
    for key in window.keys:
        row = rng.standard_normal(DAY_SAMPLES, np.float32) + 50
        kept.setdefault(tuple(key.split("|")[1:4]), {})[key] = row
    known = {owner: Earlier(times, rows) for owner, rows in kept.items()}
    view = View(
        window,
        (),
        now,
        anomaly=AnomalyView(artifacts.load_artifacts(MODELS), longer=lambda _: known),
    )
    begun, used = time.perf_counter(), time.process_time()
    found = Autoencoder().find(view)
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    days = sum("judged on 24 h" in one.facts.of(AnomalyFacts).history for one in found)
    return {"seconds": wall, "cpu": cpu, "days": days, "findings": len(found)}


def _window(now: datetime, entities: int = ENTITIES) -> Any:
    from detection.metrics.history import Window
    from detection.metrics.samples import Entity, series_key

    rng = np.random.default_rng(0)
    values: Any = np.empty((entities * METRICS, SAMPLES), np.float32)
    for row in range(0, len(values), METRICS):
        values[row : row + METRICS] = rng.standard_normal((METRICS, SAMPLES), np.float32) + 50
    values[: BROKEN * METRICS : METRICS, -5:] += 30
    keys = tuple(
        series_key(f"metric_{metric:02}", Entity("Deployment", "shop", f"service-{number:05}"))
        for number in range(entities)
        for metric in range(METRICS)
    )
    times: Any = now.timestamp() - 60.0 * np.arange(SAMPLES)[::-1]
    nowhere: Any = np.zeros((0, 0), dtype=np.bool_)
    return Window("ok", times, keys, values, nowhere)


def product() -> dict[str, Any]:
    """The matrix products alone, in one thread: no scaling, no windows, no activations."""
    from detection.anomaly.model import artifacts

    network = artifacts.load_artifacts(MODELS).network
    rows = np.random.default_rng(0).standard_normal((8192, network.window), np.float32)
    blocks = ENTITIES * METRICS / len(rows)
    begun = time.process_time()
    for layers in network.members:
        given = rows
        for weights, _ in layers:
            given = given @ weights
    return {"cpu": (time.process_time() - begun) * blocks}


def predict() -> dict[str, Any]:
    """`model.predict` on one window after the other."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    model = keras.models.load_model(MODELS / "kube_anomaly_autoencoder.keras", compile=False)
    rows = np.random.default_rng(0).standard_normal((ONE_BY_ONE + 1, model.input_shape[1]))
    model.predict(rows[:1], verbose=0)
    begun = time.perf_counter()
    for row in rows[1:]:
        model.predict(row[None], verbose=0)
    return {"windows_per_second": ONE_BY_ONE / (time.perf_counter() - begun)}


PARTS = {"detector": detector, "longer": longer, "product": product, "predict": predict}


def main(arguments: list[str]) -> int:
    if arguments:
        found = PARTS[arguments[0]]()
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found | {"mib": mib}))
        return 0
    if not (MODELS / "manifest.json").exists():
        print("no model in models/: manage.py train_model makes one")
        return 1
    return _report({name: _child(name) for name in PARTS})


def _child(name: str) -> dict[str, Any]:
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.load.anomaly", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _report(found: dict[str, dict[str, Any]]) -> int:
    ours, windows = found["detector"], ENTITIES * METRICS
    speed = windows / ours["seconds"]
    print(f"{ENTITIES:,} entities x {METRICS} metrics, {SAMPLES} samples each")
    print(f"history to findings    {ours['seconds']:.2f} s (CPU {ours['cpu']:.2f} s, first pass "
          f"{ours['first']:.2f} s), {ours['findings']} findings of {BROKEN} broken")  # fmt: skip
    print(f"peak memory            {ours['mib']:.0f} MiB; heavy imports: {ours['heavy'] or 'none'}")
    day = found["longer"]
    print(f"{BROKEN} alone, with a day   {day['seconds']:.2f} s (CPU {day['cpu']:.2f} s, "
          f"{day['mib']:.0f} MiB), {day['days']} of {day['findings']} findings by it")  # fmt: skip
    print(f"bare matrix products   {found['product']['cpu']:.2f} s CPU: the whole costs "
          f"{ours['cpu'] / found['product']['cpu']:.1f} times that")  # fmt: skip
    one = found["predict"]["windows_per_second"]
    print(f"model.predict, singly  {one:.0f} windows/s and {found['predict']['mib']:.0f} MiB: "
          f"{speed / one:,.0f} times slower")  # fmt: skip
    met = ours["seconds"] < BAR_SECONDS and ours["mib"] < BAR_MIB and not ours["heavy"]
    print(f"bar: under {BAR_SECONDS:.0f} s and {BAR_MIB} MiB: {'met' if met else 'NOT met'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
