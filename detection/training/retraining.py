"""A new version from data or from history, and whether it may replace the one in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from detection import clients
from detection.anomaly.artifacts import ModelRefused, load, manifest
from detection.anomaly.network import Network
from detection.models import Cluster
from detection.models_anomaly import ModelVersion
from detection.training import evaluation, injected, train, versions
from detection.training.evaluation import OURS
from detection.training.past import series_of as past_series
from detection.training.past import window
from detection.training.sampling import Sets
from detection.training.train import Tell

BETTER_BY = 0.0
EVERY_DAYS = 7


def not_due(now: datetime) -> str:
    """Why there is no need to train from history now; '' where there is."""
    last = ModelVersion.objects.filter(source="history").order_by("-trained_at").first()
    if last and now - last.trained_at < timedelta(days=EVERY_DAYS):
        return f"trained from history on {last.trained_at:%Y-%m-%d}, again after {EVERY_DAYS} days"
    beats = Cluster.objects.order_by("pk").values_list("watching_since", flat=True).first()
    if beats is None or now - beats < timedelta(days=1):
        return "the cluster has been watched for less than a day"
    return ""


@dataclass(frozen=True)
class Done:
    """What came of a training."""

    version: str
    in_force: bool
    message: str


def from_data(
    directory: Path, now: datetime, tell: Tell, *, steps: Sequence[str] = (), force: bool = False
) -> Done:
    """Train on files with labels for the evaluation. Raises WrongData, TooLittleData."""
    sets = evaluation.read_sets(directory, evaluation.steps_of(steps))
    paths = [*directory.glob("*/*.parquet")] or [*directory.glob("*.parquet")]
    return publish(sets, train.data_hash(paths), "data", now, tell, force=force)


def publish(sets: Sets, data: str, source: str, now: datetime, tell: Tell, *, force: bool) -> Done:
    """Measure, train on everything, write, record, and use it where it is better."""
    versions.adopt_shipped(now)
    scores = train.measured(sets, tell)
    trained = train.train(sets, tell)
    draft = versions.directory_of(f"{now:%Y%m%d-%H%M%S}")
    known = train.write(trained, scores, sets, data, draft, now)
    row = versions.record(known, source, now)
    better, why = _better(scores, data)
    if better or force:
        versions.use(row.version, "train_model", now)
    state = "in force" if better or force else "kept, not in force"
    return Done(row.version, better or force, f"version {row.version} is {state}: {why}")


def _better(scores: dict[str, Any], data: str) -> tuple[bool, str]:
    """Compared by the same evaluation on the same data; anything else is no comparison."""
    try:
        before = manifest(versions.directory())
        load(versions.directory())
    except ModelRefused as error:
        return True, f"there was no usable model ({error})"
    if before["data_sha256"] != data:
        return False, "the one in force was measured on other data: compare them by evaluate_model"
    new, old = quality(scores), quality(before["scores"])
    return new > old + BETTER_BY, f"mean of VUS-PR and F1 {new:.3f}, the one in force has {old:.3f}"


def quality(scores: dict[str, Any]) -> float:
    """One figure to compare versions by: mean of VUS-PR and F1 over groups that have events."""
    groups = scores.get(OURS, {}).values()
    each = [
        (group["vus_pr_per_entity"] + group["f1"]) / 2
        for group in groups
        if group["vus_pr_per_entity"] is not None and group["f1"] is not None
    ]
    return sum(each) / len(each) if each else 0.0


def from_history(now: datetime, tell: Tell, *, force: bool = False) -> Done:
    """Train on the cluster's own history; judged, like the one in force, on injected faults.

    Raises ModelRefused without a Prometheus, TooLittleData with too little history.
    """
    client = clients.prometheus()
    if client is None:
        raise ModelRefused("PROMETHEUS_URL is empty: there is no history to train on")
    versions.adopt_shipped(now)
    cluster = clients.current_cluster()
    tell("reading the metric history")
    past = past_series(cluster, window(cluster, client, now))
    trained = train.train({"history": past}, tell)
    scores = on_injected(trained.network)
    draft = versions.directory_of(f"{now:%Y%m%d-%H%M%S}")
    known = train.write(trained, scores, {"history": past}, "", draft, now)
    row = versions.record(known, "history", now)
    better, why = _better_on_injected(scores)
    if better or force:
        versions.use(row.version, "train_model", now)
    state = "in force" if better or force else "kept, not in force"
    return Done(row.version, better or force, f"version {row.version} is {state}: {why}")


def on_injected(network: Network) -> dict[str, Any]:
    """The measures of one network on the simulator's faults."""
    return evaluation.report(evaluation.ours_alone(network, {"injected": injected.series()}))


def _better_on_injected(scores: dict[str, Any]) -> tuple[bool, str]:
    try:
        before = load(versions.directory())
    except ModelRefused as error:
        return True, f"there was no usable model ({error})"
    new, old = quality(scores), quality(on_injected(before.network))
    return new > old + BETTER_BY, f"{new:.3f} on injected faults, the one in force has {old:.3f}"
