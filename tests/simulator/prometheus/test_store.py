"""The store keeps, finds and forgets."""

import threading

import pytest

from simulator.prometheus.storage.matchers import Matcher
from simulator.prometheus.storage.samples import is_stale
from simulator.prometheus.storage.store import MetricStore

ALL = 2**50


def stored(store: MetricStore, *matchers: Matcher) -> dict[str, list[float]]:
    found = store.select(matchers, 0, ALL)
    return {
        labels["pod"]: found.values[found.bounds[row] : found.bounds[row + 1]].tolist()
        for row, labels in enumerate(found.labels)
    }


@pytest.fixture
def store() -> MetricStore:
    store = MetricStore(retention_seconds=100)
    for pod in ("web-0", "web-1", "db-0"):
        for at in range(3):
            store.append("cpu", {"pod": pod, "empty": ""}, 1000 + at * 10, float(at))
    return store


@pytest.mark.parametrize(
    ("matcher", "pods"),
    [
        (Matcher("pod", "=", "web-0"), {"web-0"}),
        (Matcher("pod", "!=", "web-0"), {"web-1", "db-0"}),
        (Matcher("pod", "=~", "web.*"), {"web-0", "web-1"}),
        (Matcher("pod", "=~", "web"), set()),
        (Matcher("pod", "!~", "web.*|x"), {"db-0"}),
        (Matcher("node", "=", ""), {"web-0", "web-1", "db-0"}),
        (Matcher("__name__", "=~", "c.u"), {"web-0", "web-1", "db-0"}),
        (Matcher("__name__", "=", "other"), set()),
    ],
)
def test_a_matcher_is_anchored_and_takes_a_missing_label_as_empty(
    store: MetricStore, matcher: Matcher, pods: set[str]
) -> None:
    assert set(stored(store, matcher)) == pods


def test_an_empty_label_is_no_label(store: MetricStore) -> None:
    assert {"__name__": "cpu", "pod": "db-0"} in store.series()


def test_both_ends_of_a_selection_are_included(store: MetricStore) -> None:
    found = store.select([Matcher("pod", "=", "db-0")], 1_000_000, 1_010_000)
    assert found.times_ms.tolist() == [1_000_000, 1_010_000]


def test_a_sample_of_the_same_time_replaces_and_an_older_one_is_refused(
    store: MetricStore,
) -> None:
    store.append("cpu", {"pod": "db-0"}, 1020, 7.0)
    with pytest.raises(ValueError, match="out of order"):
        store.append("cpu", {"pod": "db-0"}, 1019, 8.0)
    assert stored(store)["db-0"] == [0.0, 1.0, 7.0]


def test_what_is_older_than_the_retention_is_forgotten_with_its_index(store: MetricStore) -> None:
    store.append("cpu", {"pod": "web-0"}, 1111, 3.0)
    store.append("cpu", {"pod": "new"}, 1300, 4.0)
    assert stored(store) == {"new": [4.0]}
    assert stored(store, Matcher("pod", "=", "web-0")) == {}


def test_a_series_that_was_opened_survives_a_sweep_before_its_first_sample() -> None:
    store = MetricStore(retention_seconds=10)
    first, second = (store.reference("cpu", {"pod": pod}) for pod in ("a", "b"))
    store.append_to(first, 1000, 1.0)
    store.append_to(second, 1000, 2.0)
    assert stored(store) == {"a": [1.0], "b": [2.0]}


def test_the_series_of_a_scenario_are_sorted_and_their_words_read() -> None:
    store = MetricStore()
    samples = [[20, "stale"], [10, "NaN"], [5, "+Inf"]]
    store.load([{"name": "cpu", "labels": {"pod": "a"}, "samples": samples}])
    values = store.select([], 0, ALL).values
    assert str(values[:2].tolist()) == "[inf, nan]"
    assert is_stale(values).tolist() == [False, False, True]


def test_series_are_listed_only_between_the_two_times(store: MetricStore) -> None:
    assert store.series((), 1021, 2000) == []
    assert len(store.series((), 1020, 2000)) == 3


def test_threads_may_append_while_others_select() -> None:
    store = MetricStore()

    def write(pod: str) -> None:
        for at in range(500):
            store.append("cpu", {"pod": pod}, at, 1.0)
            store.select([Matcher("pod", "=~", ".+")], 0, ALL)

    threads = [threading.Thread(target=write, args=(f"pod-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {pod: sum(values) for pod, values in stored(store).items()} == dict.fromkeys(
        (f"pod-{n}" for n in range(4)), 500.0
    )
