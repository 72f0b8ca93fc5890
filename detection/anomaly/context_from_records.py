"""What the records say around an anomaly: the model in force, feedback, rollouts, the budget."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import structlog
from django.conf import settings

from detection.anomaly.context import AnomalyView, Owner
from detection.anomaly.model import artifacts
from detection.anomaly.model.artifacts import MANIFEST, Model, ModelRefused
from detection.metrics.history import Window
from detection.metrics.samples import parse_key
from detection.models import Cluster, WorkloadBaseline
from detection.models.anomaly import AnomalyFeedback

log = structlog.get_logger(__name__)
SETTLING_SECONDS = 900
RAISE_PER_FEEDBACK = 1.25
HIGHEST_RAISE = 4.0
FEEDBACK_DAYS = 30
REPLICA_METRICS = frozenset({"deployment_replicas"})
_LOADED: dict[str, tuple[int, Model | None]] = {}


def anomaly_view(cluster: Cluster, window: Window, now: datetime) -> AnomalyView:
    """Read once a pass."""
    model = model_in_force()
    if model is None:
        return AnomalyView()
    return AnomalyView(
        model=model,
        threshold=settings.AUTOENCODER_THRESHOLD,
        raised=raised(cluster, now),
        settling=settling(cluster, window, now),
        learning_seconds=settings.ANOMALY_LEARNING_HOURS * 3600,
    )


def model_in_force() -> Model | None:
    """Loaded again where the manifest changed; a refused one leaves the former in use."""
    directory = Path(settings.AUTOENCODER_MODEL_PATH).resolve().parent
    try:
        changed = (directory / MANIFEST).stat().st_mtime_ns
    except OSError:
        return None
    known = _LOADED.get(str(directory))
    if known is None or known[0] != changed:
        known = _LOADED[str(directory)] = (changed, _load(directory, known[1] if known else None))
    return known[1]


def _load(directory: Path, before: Model | None) -> Model | None:
    try:
        return artifacts.load_artifacts(directory)
    except ModelRefused as error:
        log.warning("the anomaly model is refused", error=str(error), kept=bool(before))
        return before


def settling(cluster: Cluster, window: Window, now: datetime) -> frozenset[Owner]:
    """Owners with a new revision, or another count of replicas, within the last 15 minutes."""
    since = now - timedelta(seconds=SETTLING_SECONDS)
    rows = WorkloadBaseline.objects.filter(cluster=cluster, first_available__gte=since)
    rolled = set(rows.values_list("owner_kind", "owner_namespace", "owner_name"))
    return frozenset(rolled | _rescaled(window, since.timestamp()))


def _rescaled(window: Window, since: float) -> set[Owner]:
    recent = window.times >= since
    found: set[Owner] = set()
    for metric in REPLICA_METRICS & set(window.rows):
        for row in window.rows[metric]:
            values = window.values[row, recent]
            known = values[np.isfinite(values)]
            if len(known) and known.min() != known.max():
                found.add(parse_key(window.keys[row])[1][:3])
    return found


def raised(cluster: Cluster, now: datetime) -> Mapping[Owner, float]:
    """Owner → factor on its threshold: each "false positive" of 30 days raises it by a quarter."""
    since = now - timedelta(days=FEEDBACK_DAYS)
    rows = AnomalyFeedback.objects.filter(cluster=cluster, at__gte=since)
    factors: dict[Owner, float] = {}
    for owner in rows.values_list("owner_kind", "owner_namespace", "owner_name"):
        factors[owner] = min(factors.get(owner, 1.0) * RAISE_PER_FEEDBACK, HIGHEST_RAISE)
    return factors
