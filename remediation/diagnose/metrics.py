"""What Prometheus adds to one pass in the foreground, without a database."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from detection.detectors import View, find_in
from detection.metric_evidence import query_evidence
from detection.metrics import history
from detection.metrics.backfill import frames_between
from detection.metrics.prometheus import Prometheus
from detection.metrics.queries import seeds
from detection.metrics.responses import PrometheusError
from detection.metrics.samples import Owner, Owners, owners_of
from detection.metrics.scrape import frame_of, query_all
from detection.pipeline.inputs import MetricView
from detection.snapshot import Snapshot


def read_metrics(client: Prometheus, snapshot: Snapshot, now: datetime) -> MetricView:
    """All shipped queries over the window, judged by every detector. Never raises."""
    owners, queries = owners_in(snapshot), seeds()
    try:
        done = query_all(queries, client, now, owners)
    except PrometheusError as error:
        return MetricView(blind={"prometheus": str(error)})
    if "prometheus" in done.blind:
        return MetricView(blind=done.blind)
    start = now - timedelta(seconds=settings.ANOMALY_METRIC_WINDOW_SECONDS)
    frames = frames_between(queries, client, owners, start, now)
    frames = [*frames, frame_of(done, queries)]
    window = history.window_of(frames)
    found = tuple(find_in(View(window, queries, now, owners)))
    return MetricView(query_evidence(client, now, owners), found, done.blind, tuple(frames))


def owners_in(snapshot: Snapshot) -> Owners:
    refs = snapshot.owner_map()
    return owners_of(
        {pod: Owner(ref.kind, ref.name, ref.uid) for pod, ref in refs.items()}, snapshot.uids()
    )
