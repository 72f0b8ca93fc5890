"""The row "a metric query": an entry of seed_queries.toml is seeded, scraped and judged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from detection.detectors import find_in_metrics
from detection.domain.causes import Cause, Severity
from detection.domain.facts import MetricFacts
from detection.metrics import history, queries
from detection.metrics.scrape import scrape
from detection.models import Cluster, MetricQuery
from tests.detection.metrics import test_queries
from tests.detection.metrics.backends import simulated
from tests.detection.metrics.dataset import APP, NOW, Line, cluster, constant

ENTRY = """

[app_queue_length]
entity_kind = "pod"
threshold = 100
dwell_seconds = 60
severity = "critical"
source = "prometheus"
description = "Requests that wait"
query = "app_queue_length"
"""


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped file with one entry more."""
    file = tmp_path / "seed_queries.toml"
    file.write_text(queries.SEEDS.read_text() + ENTRY)
    monkeypatch.setattr(queries, "SEEDS", file)
    read = queries.seeds.__wrapped__
    monkeypatch.setattr(queries, "seeds", read)
    monkeypatch.setattr(test_queries, "seeds", read)


@pytest.mark.django_db
@pytest.mark.parametrize(("length", "breaches"), [(250, 1), (50, 0)])
def test_an_entry_alone_is_seeded_scraped_and_judged(
    entry: None, length: int, breaches: int
) -> None:
    history._LOCAL.clear()
    assert "app_queue_length" in queries.seed(NOW)
    watched = Cluster.objects.create(name="c")
    with simulated([*cluster(), Line("app_queue_length", APP, constant(length))]) as client:
        scrape(watched, client, NOW)
    row = MetricQuery.objects.get(name="app_queue_length")
    assert (row.check_state, row.series_count) == ("ok", 1)
    found = [one for one in find_in_metrics(watched, NOW) if is_of_the_entry(one.facts)]
    assert [(f.cause, f.severity, f.owner.name, f.opens_at - f.onset) for f in found] == [
        (Cause.THRESHOLD_BREACH, Severity.CRITICAL, "cart", timedelta(seconds=60))
    ] * breaches
    assert all("Requests that wait" in one.summary for one in found)


def is_of_the_entry(facts: object) -> bool:
    return isinstance(facts, MetricFacts) and facts.metric == "app_queue_length"


def test_it_is_refused_until_a_result_is_known_for_it(
    entry: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError, match="app_queue_length"):
        test_queries.test_there_is_a_result_known_for_every_seed()
    known = {"app_queue_length": {test_queries.APP: 250}}
    monkeypatch.setattr(test_queries, "FOUND", test_queries.FOUND | known)
    test_queries.test_there_is_a_result_known_for_every_seed()
