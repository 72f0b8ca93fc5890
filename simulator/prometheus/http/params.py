"""The API's parameters, with Prometheus's words for what is wrong with them."""

from collections.abc import Callable, Mapping, Sequence

from simulator.prometheus.errors import BadParameter, ParseError
from simulator.prometheus.http.times import duration, timestamp
from simulator.prometheus.promql.syntax import Expr, parse, parse_selector
from simulator.prometheus.storage.matchers import Matcher

Params = Mapping[str, Sequence[str]]

RESOLUTION = (
    "exceeded maximum resolution of 11,000 points per timeseries."
    " Try decreasing the query resolution (?step=XX)"
)
NO_STEP = "zero or negative query resolution step widths are not accepted. Try a positive integer"
MAX_POINTS = 11_000


def first(params: Params, name: str) -> str:
    """The first value of a parameter, or the empty string."""
    return next(iter(params.get(name, ())), "")


def query(params: Params, *, named: bool) -> Expr:
    """The `query` parameter's tree; `named` says whether the message names the parameter."""
    try:
        return parse(first(params, "query"))
    except ParseError as error:
        raise (_invalid("query", error) if named else error) from None


def time_ms(params: Params, name: str, default_seconds: float) -> int:
    """An optional time in milliseconds."""
    return round(optional_time(params, name, default_seconds) * 1000)


def optional_time(params: Params, name: str, default_seconds: float) -> float:
    """An optional time in seconds."""
    text = first(params, name)
    try:
        return timestamp(text) if text else default_seconds
    except BadParameter as error:
        wrong = BadParameter(f"Invalid time value for '{name}': {error}")
        raise _invalid(name, wrong) from None


def timeout_seconds(params: Params) -> float | None:
    """The `timeout` parameter."""
    return _required(params, "timeout", duration) if first(params, "timeout") else None


def steps_ms(params: Params) -> tuple[list[int], int]:
    """The times of a range query, and its end, which the last of them may not reach."""
    start = round(_required(params, "start", timestamp) * 1000)
    end = round(_required(params, "end", timestamp) * 1000)
    if end < start:
        raise BadParameter('invalid parameter "end": end timestamp must not be before start time')
    step = round(_required(params, "step", duration) * 1000)
    if step <= 0:
        raise BadParameter(f'invalid parameter "step": {NO_STEP}')
    if (end - start) // step > MAX_POINTS:
        raise BadParameter(RESOLUTION)
    return list(range(start, end + 1, step)), end


def selectors(params: Params, *, required: bool) -> list[tuple[Matcher, ...]]:
    """The `match[]` parameters."""
    texts = params.get("match[]", ())
    if required and not texts:
        raise BadParameter("no match[] parameter provided")
    return [_selector(text, named=required) for text in texts]


def _selector(text: str, *, named: bool) -> tuple[Matcher, ...]:
    try:
        return parse_selector(text)
    except ParseError as error:
        if "at least one non-empty matcher" in str(error):
            error = ParseError("match[] must contain at least one non-empty matcher")
        raise (_invalid("match[]", error) if named else error) from None


def _required(params: Params, name: str, convert: Callable[[str], float]) -> float:
    try:
        return convert(first(params, name))
    except BadParameter as error:
        raise _invalid(name, error) from None


def _invalid(name: str, error: Exception) -> BadParameter:
    return BadParameter(f'invalid parameter "{name}": {error}')
