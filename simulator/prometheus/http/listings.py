"""/api/v1/series, labels, label values, metadata and targets."""

from itertools import islice

from simulator.prometheus.errors import BadParameter
from simulator.prometheus.http import params as read
from simulator.prometheus.http.params import Params
from simulator.prometheus.promql.ranking import LABEL_NAME
from simulator.prometheus.storage.labels import NAME, Labels, identity
from simulator.prometheus.storage.matchers import Matcher
from simulator.prometheus.storage.store import SampleSource

UP = (Matcher(NAME, "=", "up"),)
ALWAYS = 2.0**53


def series(params: Params, source: SampleSource) -> list[Labels]:
    """The label sets of the series that any `match[]` selects."""
    found = _found(params, source, required=True)
    unique = {identity(one): one for one in found}
    return [unique[key] for key in sorted(unique)]


def label_names(params: Params, source: SampleSource) -> list[str]:
    """The names of labels."""
    return sorted({name for one in _found(params, source) for name in one})


def label_values(name: str, params: Params, source: SampleSource) -> list[str]:
    """The values of one label."""
    if not LABEL_NAME.fullmatch(name):
        raise BadParameter(f'invalid label name: "{name}"')
    return sorted({one[name] for one in _found(params, source) if name in one})


def metadata(params: Params, source: SampleSource) -> dict[str, list[dict[str, str]]]:
    """Type, help and unit by metric."""
    wanted = read.first(params, "metric")
    known = (
        (name, about) for name, about in source.metadata.copy().items() if wanted in ("", name)
    )
    return {name: [about._asdict()] for name, about in islice(known, _limit(params))}


def targets(source: SampleSource, now: float) -> dict[str, object]:
    """A target for each series of `up`."""
    found = source.series(UP, now - 300, now)
    active = [{"labels": _target(one), "health": "up", "lastError": ""} for one in found]
    return {"activeTargets": active, "droppedTargets": []}


def _target(labels: Labels) -> Labels:
    return {key: value for key, value in labels.items() if key != NAME}


def _limit(params: Params) -> int | None:
    text = read.first(params, "limit")
    if not text:
        return None
    try:
        limit = int(text)
    except ValueError:
        raise BadParameter("limit must be a number") from None
    return limit if limit >= 0 else None


def _found(params: Params, source: SampleSource, *, required: bool = False) -> list[Labels]:
    start = read.optional_time(params, "start", -ALWAYS)
    end = read.optional_time(params, "end", ALWAYS)
    selectors = read.selectors(params, required=required) or [()]
    return [one for matchers in selectors for one in source.series(matchers, start, end)]
