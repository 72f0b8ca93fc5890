"""Injected faults: the same for the same seed, labelled where they are; benign ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from detection.training.data.labelled_faults import BENIGN, FAULTS, METRICS, healthy, inject

# The mean of each metric, of 720 samples by seed 7: figures of a model stay comparable.
MEANS = [
    ("leak", [0.7793724, 245166429.0, 156.367692, 0.0523031154, 0.0101037578]),
    ("spike", [0.827982619, 243255858.0, 156.367692, 0.0523031154, 0.0101037578]),
    ("level shift", [0.79555505, 244753174.0, 156.367692, 0.0523031154, 0.0101037578]),
    ("flat line", [0.763065264, 243255858.0, 153.153818, 0.0522546553, 0.0101037578]),
    ("restarts", [0.772231265, 241475698.0, 154.941156, 0.0523031154, 0.0101037578]),
    ("throttling", [0.7793724, 243255858.0, 156.367692, 0.0535400981, 0.0193762495]),
    ("latency", [0.7793724, 243255858.0, 156.367692, 0.0567849465, 0.0101037578]),
    ("traffic drop", [0.766577731, 243255858.0, 153.524682, 0.0523031154, 0.0101037578]),
    ("noisy neighbour", [0.7793724, 243255858.0, 156.367692, 0.0535194244, 0.0119039029]),
    ("seasonal load", [0.617344152, 241047740.0, 123.846418, 0.0523031154, 0.0101037578]),
    ("deploy", [0.782740514, 243456058.0, 156.367692, 0.0523031154, 0.0101037578]),
]


@pytest.mark.parametrize(("kind", "means"), MEANS)
def test_a_seed_makes_the_series_that_it_always_made(kind: str, means: list[float]) -> None:
    done = inject(kind, 720, 600, 12, 7)
    np.testing.assert_allclose(done.values.mean(axis=0), means, rtol=1e-8)
    assert (done.start, done.end) == (600, 612)


def test_every_kind_has_its_series_pinned() -> None:
    assert [kind for kind, _ in MEANS] == [*FAULTS, *BENIGN]


@pytest.mark.parametrize("kind", [*FAULTS, *BENIGN])
def test_a_fault_changes_its_span_alone_and_is_the_same_for_the_same_seed(kind: str) -> None:
    one, two = inject(kind, 300, 200, 20, 5), inject(kind, 300, 200, 20, 5)
    np.testing.assert_array_equal(one.values, two.values)
    assert one.values.shape == (300, len(METRICS))
    seasonal = 0.7 if kind == "seasonal load" else 0.3
    calm = healthy(300, 5, seasonal=seasonal)
    changed = np.flatnonzero((one.values != calm).any(axis=1))
    assert set(changed) <= set(range(200, 220))
    assert bool(len(changed)) == (kind != "seasonal load")
    assert one.labels.sum() == (20 if kind in FAULTS else 0)


def test_another_seed_is_another_service() -> None:
    assert not np.array_equal(healthy(50, 1), healthy(50, 2))


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        inject("earthquake", 100, 50, 10, 0)
