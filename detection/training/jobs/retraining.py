"""A new version from data or from history, and whether it may replace the one in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from detection import clients
from detection.anomaly.model.artifacts import ModelRefused, load_artifacts, manifest
from detection.anomaly.model.autoencoder import Network
from detection.anomaly.scoring.series import Series
from detection.domain.units import counted
from detection.models.anomaly import ModelSource
from detection.training.data import injected_faults
from detection.training.evaluation import evaluate
from detection.training.evaluation.evaluate import OURS
from detection.training.jobs import train
from detection.training.jobs.from_prometheus import series_of as past_series
from detection.training.jobs.from_prometheus import training_window, window_hash
from detection.training.jobs.new_data import history_client
from detection.training.jobs.train import Tell
from detection.training.model import versions
from detection.training.model.errors import TooLittleData
from detection.training.model.sampling import Sets

BETTER_BY = 0.0


@dataclass(frozen=True)
class TrainingResult:
    """What came of a training."""

    version: str
    in_force: bool
    message: str


def from_data(
    directory: Path, now: datetime, tell: Tell, *, steps: Sequence[str] = (), force: bool = False
) -> TrainingResult:
    """Train on files with labels for the evaluation. Raises WrongData, TooLittleData."""
    sets = evaluate.read_sets(directory, evaluate.steps_of(steps))
    paths = [*directory.glob("*/*.parquet")] or [*directory.glob("*.parquet")]
    return publish(sets, train.files_hash(paths), ModelSource.DATA, now, tell, force=force)


def publish(
    sets: Sets, data: str, source: str, now: datetime, tell: Tell, *, force: bool
) -> TrainingResult:
    """Measure, train on everything, write, record, and use it where it is better."""
    versions.adopt_shipped(now)
    scores = train.evaluate_unseen(sets, tell)
    trained = train.train(sets, tell)
    draft = versions.directory_of(f"{now:%Y%m%d-%H%M%S}")
    known = train.write_version(trained, scores, sets, data, draft, now)
    row = versions.record_version(known, source, now)
    better, why = _better(scores, data)
    if better or force:
        versions.use(row.version, "train_model", now)
    state = "in use" if better or force else "stored, not in use"
    return TrainingResult(row.version, better or force, f"version {row.version} is {state}: {why}")


def _better(scores: dict[str, Any], data: str) -> tuple[bool, str]:
    """Compared by the same evaluation on the same data; anything else is no comparison."""
    try:
        before = manifest(versions.directory())
        load_artifacts(versions.directory())
    except ModelRefused as error:
        return True, f"there was no usable model ({error})"
    if before["data_sha256"] != data:
        return False, "the one in use was measured on other data: compare them with evaluate_model"
    new, old = mean_score(scores), mean_score(before["scores"])
    return new > old + BETTER_BY, f"mean of VUS-PR and F1 {new:.3f}, the one in use has {old:.3f}"


def mean_score(scores: dict[str, Any]) -> float:
    """One figure to compare versions by: mean of VUS-PR and F1 over groups that have events."""
    groups = scores.get(OURS, {}).values()
    each = [
        (group["vus_pr_per_entity"] + group["f1"]) / 2
        for group in groups
        if group["vus_pr_per_entity"] is not None and group["f1"] is not None
    ]
    return sum(each) / len(each) if each else 0.0


def from_history(now: datetime, tell: Tell, *, force: bool = False) -> TrainingResult:
    """Train on the cluster's own history; judged, like the one in force, on injected faults.

    Raises NoHistory without a Prometheus that answers, TooLittleData with too little history.
    """
    client = history_client()
    versions.adopt_shipped(now)
    cluster = clients.current_cluster()
    read = training_window(cluster, client, now, tell)
    past = _enough(past_series(cluster, read))
    trained = train.train({"history": past}, tell)
    tell("measuring it on injected faults")
    scores = on_injected(trained.network)
    draft = versions.directory_of(f"{now:%Y%m%d-%H%M%S}")
    known = train.write_version(trained, scores, {"history": past}, window_hash(read), draft, now)
    row = versions.record_version(known, ModelSource.HISTORY, now)
    better, why = _better_on_injected(scores)
    if better or force:
        versions.use(row.version, "train_model", now)
    state = "in use" if better or force else "stored, not in use"
    return TrainingResult(row.version, better or force, f"version {row.version} is {state}: {why}")


def _enough(past: list[Series]) -> list[Series]:
    """Raises TooLittleData, in words that say what there was."""
    if not past:
        raise TooLittleData(
            "Prometheus has no entity with an hour of values of the active metric queries; "
            "the admin's list of metric queries says what each of them finds"
        )
    samples = sum(int((np.isfinite(one.values) & one.train[:, None]).sum()) for one in past)
    if samples < train.LEAST_WINDOWS:
        raise TooLittleData(
            f"{counted(samples, 'normal sample', spec=',')} of one minute in the history of "
            f"{counted(len(past), 'entity')}, {train.LEAST_WINDOWS:,} are needed"
        )
    return past


def on_injected(network: Network) -> dict[str, Any]:
    """The measures of one network on injected faults."""
    return evaluate.measures_table(
        evaluate.ours_alone(network, {"injected": injected_faults.series()})
    )


def _better_on_injected(scores: dict[str, Any]) -> tuple[bool, str]:
    try:
        before = load_artifacts(versions.directory())
    except ModelRefused as error:
        return True, f"there was no usable model ({error})"
    new, old = mean_score(scores), mean_score(on_injected(before.network))
    return new > old + BETTER_BY, f"{new:.3f} on injected faults, the one in use has {old:.3f}"
