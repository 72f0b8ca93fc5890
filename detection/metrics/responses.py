"""What Prometheus's HTTP API answers, decoded; and every way in which it can fail, by name.

Source: prometheus.io/docs/prometheus/latest/querying/api; `isPartial` is VictoriaMetrics's word,
Thanos reports partial answers as warnings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from kubewise_site.core.foreign_numbers import FIRST, LAST
from kubewise_site.core.foreign_text import safe_json
from kubewise_site.core.redaction import redact

TRUNCATED = "Input data was truncated"
SHOWN_CHARACTERS = 300
# Samples of another age are left out: no calendar holds their times.
EARLIEST, LATEST = FIRST.timestamp(), LAST.timestamp()


class PrometheusError(Exception):
    """Prometheus did not answer what was asked."""

    def __init__(self, message: str) -> None:
        super().__init__(redact(message))


class Unreachable(PrometheusError):
    """No connection: refused, no such host, TLS failed, or a gateway without a backend."""


class TimedOut(PrometheusError):
    """No whole answer in time, or Prometheus itself gave up."""


class Unauthorized(PrometheusError):
    """401 or 403: the token or header is missing or not accepted."""


class InvalidQuery(PrometheusError):
    """The query is refused; the message is Prometheus's own."""


class WrongShape(InvalidQuery):
    """A valid query whose result is no vector: a scalar, a string or a matrix."""


class Overloaded(PrometheusError):
    """429 or 503: too many queries, or not ready yet."""


class NotPrometheus(PrometheusError):
    """Something else answers: a log-in page, a redirect, another JSON."""


class TooLarge(PrometheusError):
    """The answer is over the size limit."""


class Truncated(PrometheusError):
    """The answer ends in its middle."""


class Failed(PrometheusError):
    """Another 5xx; the message is Prometheus's own where it gave one."""


class ResultSeries(NamedTuple):
    """One series; an instant vector has one time and value. Times are epoch seconds."""

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class QueryResult:
    """Values as they came: NaN and ±Inf included. `histograms` counts series without numbers."""

    series: tuple[ResultSeries, ...]
    warnings: tuple[str, ...]
    infos: tuple[str, ...]
    partial: bool
    evaluated_at: datetime
    histograms: int = 0


class _Envelope(msgspec.Struct):
    status: str
    data: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""
    error_type: str = msgspec.field(default="", name="errorType")
    warnings: list[str] = []
    infos: list[str] = []
    is_partial: bool = msgspec.field(default=False, name="isPartial")


class _Data(msgspec.Struct):
    result_type: str = msgspec.field(name="resultType")
    result: msgspec.Raw


class _Element(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_DATA = msgspec.json.Decoder(_Data)
_ELEMENTS = msgspec.json.Decoder(list[_Element])
_NAMES = msgspec.json.Decoder(list[str])


def error_of(status: int, body: bytes) -> PrometheusError:
    """The named error for an HTTP status of 300 or above."""
    envelope = _envelope_or_none(body)
    message = envelope.error if envelope else body_beginning(body)
    if status in (401, 403):
        return Unauthorized(f"{status}: the token or headers are not accepted. {message}")
    if status < 400:
        return NotPrometheus(f"it redirects ({status}), as a log-in page does")
    if envelope and envelope.error_type in ("timeout", "canceled"):
        return TimedOut(f"Prometheus gave up: {message}")
    if envelope and status in (400, 422):
        return InvalidQuery(message)
    return _by_status(status, message)


def _by_status(status: int, message: str) -> PrometheusError:
    if status in (429, 503):
        return Overloaded(f"{status}: {message}")
    if status in (502, 504):
        return Unreachable(f"{status}: a gateway could not reach Prometheus. {message}")
    return Failed(f"{status}: {message}") if status >= 500 else NotPrometheus(
        f"{status} from something that is not Prometheus: {message}"
    )  # fmt: skip


def decode(body: bytes, wanted: str, evaluated_at: datetime) -> QueryResult:
    """A query's answer whose result must be of the type `wanted` (`vector` or `matrix`)."""
    envelope = _success(body)
    data: _Data = _decoded(_DATA, bytes(envelope.data))
    if data.result_type != wanted:
        raise WrongShape(f"the query gives a {data.result_type}, where a {wanted} is needed")
    elements: list[_Element] = _decoded(_ELEMENTS, bytes(data.result))
    series = [_series(element) for element in elements]
    warnings, infos = _told_apart(envelope)
    return QueryResult(
        series=tuple(one for one in series if one.values),
        warnings=warnings,
        infos=infos,
        partial=envelope.is_partial or any(not w.startswith("PromQL") for w in warnings),
        evaluated_at=evaluated_at,
        histograms=sum(not one.values for one in series),
    )


def decode_names(body: bytes) -> list[str]:
    """A list of label values."""
    names: list[str] = _decoded(_NAMES, bytes(_success(body).data))
    return names


def body_beginning(body: bytes) -> str:
    """The begin of a body that is not what it should be, on one line, for a message."""
    text = body[: SHOWN_CHARACTERS * 4].decode("utf-8", "replace")
    return " ".join(text.split())[:SHOWN_CHARACTERS]


def _success(body: bytes) -> _Envelope:
    envelope: _Envelope = _decoded(_ENVELOPE, safe_json(body))
    if envelope.status == "error":
        raise InvalidQuery(envelope.error)
    if envelope.status != "success":
        raise NotPrometheus(f"it answers with another JSON: {body_beginning(body)}")
    return envelope


def _decoded(decoder: Any, body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise NotPrometheus(
            f"it answers with another JSON ({error}): {body_beginning(body)}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if TRUNCATED in str(error) and body.lstrip()[:1] in (b"{", b"["):
            raise Truncated("the answer ends in its middle") from error
        raise NotPrometheus(f"it answers with no JSON: {body_beginning(body)}") from error


def _series(element: _Element) -> ResultSeries:
    told = [element.value] if element.value else element.values
    points = [point for point in told if EARLIEST <= point[0] <= LATEST]
    try:
        values = tuple(float(value) for _, value in points)
    except ValueError as error:
        raise NotPrometheus(f"a sample's value is no number: {error}") from error
    return ResultSeries(element.metric, tuple(at for at, _ in points), values)


def _told_apart(envelope: _Envelope) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Versions from 2.48 to 2.53 send "PromQL info: …" among the warnings."""
    infos = [text for text in envelope.warnings if text.startswith("PromQL info")]
    warnings = [text for text in envelope.warnings if text not in infos]
    return tuple(warnings), (*infos, *envelope.infos)


def _envelope_or_none(body: bytes) -> _Envelope | None:
    try:
        envelope: _Envelope = _ENVELOPE.decode(safe_json(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return envelope if envelope.status == "error" else None
