"""How good the detector is, beside the baselines: every measure with an interval over entities.

Entities that the network was trained on make figures look better than they are. `leaving_out`
therefore trains anew for each third of the entities that it then scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from detection.anomaly import dataset, scoring
from detection.anomaly.model import metrics
from detection.anomaly.model.autoencoder import Network
from detection.anomaly.model.metrics import ANOMALY, Labelled
from detection.anomaly.scoring.series import Series
from detection.domain.arrays import Bools, Floats
from detection.domain.units import counted
from detection.training.evaluation import baselines
from detection.training.evaluation.classic_autoencoder import Classic
from detection.training.model.sampling import Sets, folds

Found = dict[str, dict[str, list[Labelled]]]
Tell = Callable[[str], None]
FOLDS = 3
DRAWS = 500
SEED = 7
OURS = "KubeWise"
CLASSIC = "classic recipe"


def read_sets(directory: Path, steps: Mapping[str, float] | None = None) -> Sets:
    """Set name → series, from each parquet file in or one level below `directory`.

    `steps`: set name → seconds between samples, for files whose time is a sample's number. Raises
    WrongData.
    """
    paths = sorted(directory.glob("*/*.parquet")) or sorted(directory.glob("*.parquet"))
    if not paths:
        raise dataset.WrongData(f"{directory} holds no parquet file, also not one level below")
    found = {_set_name(path, directory): dataset.read(path)[1] for path in paths}
    for name, seconds in (steps or {}).items():
        if name not in found:
            raise dataset.WrongData(f"a step is given for {name}, but there are {', '.join(found)}")
        days = dataset.days_of(seconds)
        found[name] = [replace(one, step_seconds=seconds, days=days) for one in found[name]]
    return found


def steps_of(given: Sequence[str]) -> dict[str, float]:
    """ "asd=300" → {"asd": 300.0}. Raises WrongData."""
    try:
        return {name: float(seconds) for name, _, seconds in (one.partition("=") for one in given)}
    except ValueError:
        raise dataset.WrongData(f"a step is given as NAME=SECONDS, not {' '.join(given)}") from None


def _set_name(path: Path, directory: Path) -> str:
    return path.parent.name if path.parent != directory else path.stem


def with_network(network: Network, sets: Sets, tell: Tell) -> Found:
    """Detector → group → scored series, for a network that is given."""
    found: Found = {}
    for name, all_series in sets.items():
        tell(f"scoring {name}: {counted(len(all_series), 'series')}")
        _add(found, OURS, name, all_series, network)
        for baseline, score in baselines.BASELINES.items():
            for series in all_series:
                _put(found, baseline, name, series, score(series))
    return found


def ours_alone(network: Network, sets: Sets) -> Found:
    """The same without baselines."""
    found: Found = {}
    for name, all_series in sets.items():
        _add(found, OURS, name, all_series, network)
    return found


def leaving_out(sets: Sets, train: Callable[[Sets], Sequence[Network]], tell: Tell) -> Found:
    """Each third of the entities is scored by networks that never saw them.

    `train` answers with the averaged network first, then one network a seed.
    """
    found: Found = {}
    for at, (seen, unseen) in enumerate(folds(sets, FOLDS)):
        without = counted(sum(map(len, unseen.values())), "series")
        tell(f"fold {at + 1} of {FOLDS}: training without {without}")
        networks = train(seen)
        for name, all_series in unseen.items():
            for number, network in enumerate(networks):
                detector = OURS if number == 0 else f"{OURS}, seed {number}"
                _add(found, detector, name, all_series, network)
            _add_classic(found, name, seen[name], all_series)
            for baseline, score in baselines.BASELINES.items():
                for series in all_series:
                    _put(found, baseline, name, series, score(series))
    return found


def _add(
    found: Found, detector: str, name: str, all_series: Sequence[Series], network: Network
) -> None:
    for series, scored in zip(all_series, scoring.score_all(network, all_series), strict=True):
        part = _labelled(series, scored.score, scored.alarm)
        found.setdefault(detector, {}).setdefault(_group(name, series), []).append(part)


def _add_classic(
    found: Found, name: str, seen: Sequence[Series], all_series: Sequence[Series]
) -> None:
    if not seen:
        return
    classic = Classic(seen)
    for series in all_series:
        _put(found, CLASSIC, name, series, classic.score(series))


def _put(found: Found, detector: str, name: str, series: Series, score: Floats) -> None:
    part = _labelled(series, score, baselines.alarms(score, series.train))
    found.setdefault(detector, {}).setdefault(_group(name, series), []).append(part)


def _labelled(series: Series, score: Floats, alarm: Bools) -> Labelled:
    tested = ~series.train
    return Labelled(series.labels[tested], score[tested], alarm[tested], series.step_seconds)


def _group(name: str, series: Series) -> str:
    """Applications of one set are told apart: "nezha/onlineboutique"."""
    first, slash, _ = series.entity.partition("/")
    return f"{name}/{first}" if slash else name


def measures_table(found: Found) -> dict[str, Any]:
    """Detector → group → measures; those by entity with 95 % intervals of a bootstrap."""
    return {
        detector: {group: _measures(parts) for group, parts in groups.items()}
        for detector, groups in found.items()
    }


def _measures(parts: Sequence[Labelled]) -> dict[str, Any]:
    eventful = [part for part in parts if (part.labels == ANOMALY).any()]
    curves = {
        "auc_pr_per_entity": [metrics.auc_pr([part]) for part in eventful],
        "vus_pr_per_entity": [metrics.vus_pr([part]) for part in eventful],
    }
    values = asdict(metrics.quality(parts))
    values |= {name: float(np.mean(each)) if each else math.nan for name, each in curves.items()}
    values |= {"series": len(parts), "entity_days": sum(part.days for part in parts)}
    values["intervals"] = _intervals(parts, curves)
    clean: dict[str, Any] = {name: _json(value) for name, value in values.items()}
    return clean


def _intervals(
    parts: Sequence[Labelled], curves: Mapping[str, Sequence[float]]
) -> dict[str, list[float | None]]:
    """95 % intervals: series drawn with replacement, `DRAWS` times."""
    rng = np.random.default_rng(SEED)
    counted = [metrics.counts(part) for part in parts]
    drawn: dict[str, list[float]] = {}
    for _ in range(DRAWS):
        picked = [counted[at] for at in rng.integers(0, len(counted), len(counted))]
        for name, value in metrics.rates(picked).items():
            drawn.setdefault(name, []).append(value)
        for name, each in curves.items():
            if each:
                mean = float(np.mean(rng.choice(np.asarray(each), len(each))))
                drawn.setdefault(name, []).append(mean)
    return {name: [_json(value) for value in _ends(values)] for name, values in drawn.items()}


def _ends(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan, math.nan
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _json(value: Any) -> Any:
    """JSON has no NaN: null says "nothing to count"."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
