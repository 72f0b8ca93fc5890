"""Quantiles of plain values, as Prometheus interpolates them (promql/quantile.go, v2.42)."""

import numpy as np

from simulator.prometheus.storage.samples import Floats, Ints


def in_groups(wanted: Floats, values: Floats, owners: Ints, starts: Ints, counts: Ints) -> Floats:
    """The quantile `wanted[i]` of each group i of values; NaN sorts below all numbers.

    `owners` is each value's group, groups lie one after the other and none is empty.
    """
    absent = np.isnan(values)
    order = np.lexsort((np.where(absent, -np.inf, values), ~absent, owners))
    rank = np.clip(np.nan_to_num(wanted), 0, 1) * (counts - 1)
    lower = np.floor(rank).astype(np.int64)
    upper = np.minimum(lower + 1, counts - 1)
    weight, ranked = rank - lower, values[order]
    found = ranked[starts + lower] * (1 - weight) + ranked[starts + upper] * weight
    return _outside(wanted, found)


def _outside(wanted: Floats, found: Floats) -> Floats:
    found = np.where(wanted < 0, -np.inf, np.where(wanted > 1, np.inf, found))
    return np.where(np.isnan(wanted), np.nan, found)
