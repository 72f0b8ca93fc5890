"""Injected faults: the same for the same seed, labelled where they are; benign ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.exporters.labelled_series import BENIGN, FAULTS, METRICS, healthy, inject


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
