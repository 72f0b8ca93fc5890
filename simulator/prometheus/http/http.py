"""The HTTP API as a function of a path, its parameters and a store."""

from datetime import UTC, datetime

from simulator.prometheus.errors import QueryError, QueryTimeout
from simulator.prometheus.faults import NONE, Faults, seen_through
from simulator.prometheus.http import listings, queries
from simulator.prometheus.http import params as read
from simulator.prometheus.http.answers import Json, failure, success
from simulator.prometheus.http.params import Params
from simulator.prometheus.promql.context import Options
from simulator.prometheus.storage.store import SampleSource

VERSION = "2.42.0"
LABEL_PREFIX, LABEL_SUFFIX = "/api/v1/label/", "/values"
HEALTH = {
    "/-/healthy": "Prometheus Server is Healthy.",
    "/-/ready": "Prometheus Server is Ready.",
}
NOT_FOUND = 404


def handle(
    path: str, params: Params, store: SampleSource, now: float, faults: Faults = NONE
) -> tuple[int, Json]:
    """Status and JSON of a GET or of a POST's form; `now` is in Unix seconds.

    Only those faults count that JSON can show: warnings, missing, doubled and NaN series, and too
    many samples, and the timeout of a slow query. `transport` does the others and what is not
    JSON: health, readiness and unknown paths, which here are the text under "text".
    """
    try:
        status, answer = _answer(path, params, seen_through(store, faults), now, faults)
    except QueryError as error:
        return error.status, failure(error.kind, str(error))
    if faults.warnings and answer.get("status") == "success":
        answer["warnings"] = list(faults.warnings)
    return status, answer


def _answer(
    path: str, params: Params, source: SampleSource, now: float, faults: Faults
) -> tuple[int, Json]:
    if path in HEALTH:
        return 200, {"text": HEALTH[path]}
    data: object | None = _queried(path, params, source, now, faults)
    if data is None:
        data = _listed(path, params, source, now)
    if data is None:
        return NOT_FOUND, {"text": "404 page not found"}
    return 200, success(data)


def _queried(
    path: str, params: Params, source: SampleSource, now: float, faults: Faults
) -> Json | None:
    options = Options() if faults.max_samples is None else Options(max_samples=faults.max_samples)
    if path == "/api/v1/query":
        data = queries.query(params, source, now, options)
    elif path == "/api/v1/query_range":
        data = queries.query_range(params, source, now, options)
    else:
        return None
    _refuse_slowness(params, faults)
    return data


def _refuse_slowness(params: Params, faults: Faults) -> None:
    allowed = read.timeout_seconds(params)
    if allowed is not None and faults.slow_seconds > allowed:
        raise QueryTimeout("query timed out in expression evaluation")


def _listed(path: str, params: Params, source: SampleSource, now: float) -> object | None:
    if path == "/api/v1/series":
        return listings.series(params, source)
    if path == "/api/v1/labels":
        return listings.label_names(params, source)
    if path.startswith(LABEL_PREFIX) and path.endswith(LABEL_SUFFIX):
        name = path.removeprefix(LABEL_PREFIX).removesuffix(LABEL_SUFFIX)
        return listings.label_values(name, params, source)
    if path == "/api/v1/metadata":
        return listings.metadata(params, source)
    return _status(path, source, now)


def _status(path: str, source: SampleSource, now: float) -> object | None:
    if path == "/api/v1/targets":
        return listings.targets(source, now)
    if path == "/api/v1/status/buildinfo":
        return {"version": VERSION, "revision": "", "branch": "", "goVersion": ""}
    if path == "/api/v1/status/runtimeinfo":
        started = datetime.fromtimestamp(now, UTC).isoformat()
        return {"startTime": started, "reloadConfigSuccess": True, "storageRetention": "15d"}
    return None
