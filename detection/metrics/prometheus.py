"""Reading from Prometheus's HTTP API: POST for queries, bounded in time and size, named errors."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from detection.metrics import responses
from detection.metrics.promql.matchers import Unrestricted, restricted_to
from detection.metrics.responses import (
    Failed,
    InvalidQuery,
    NotPrometheus,
    Overloaded,
    PrometheusError,
    QueryResult,
    ResultSeries,
    TimedOut,
    TooLarge,
    Truncated,
    Unauthorized,
    Unreachable,
    WrongShape,
)
from kubewise_site.core import http_body

__all__ = [
    "Failed",
    "InvalidQuery",
    "NotPrometheus",
    "Overloaded",
    "Prometheus",
    "PrometheusError",
    "QueryResult",
    "RequestLimits",
    "ResultSeries",
    "TimedOut",
    "TooLarge",
    "Truncated",
    "Unauthorized",
    "Unreachable",
    "WrongShape",
]

POOL_SIZE = 8
JSON_TYPES = ("application/json", "text/json")


@dataclass(frozen=True)
class RequestLimits:
    """`answer_seconds` bounds the whole answer, `read_seconds` each silence within it."""

    connect_seconds: float = 3.0
    read_seconds: float = 10.0
    answer_seconds: float = 15.0
    answer_bytes: int = 128 * 1024 * 1024


class Prometheus:
    """One Prometheus, or what speaks its API. Safe to use from several threads.

    `matchers` go into every selector of every query; the URL's own parameters into every request.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        ca: str = "",
        headers: Mapping[str, str] | None = None,
        limits: RequestLimits | None = None,
        matchers: str = "",
    ) -> None:
        parts = urlsplit(url)
        where = (parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", "")
        self.url = urlunsplit(where)
        self._parameters = parse_qsl(parts.query, keep_blank_values=True)
        self._matchers = matchers
        self._limits = limits or RequestLimits()
        self._verify: str | bool = ca or True
        self._auth = _auth(token, parts.username or "", parts.password or "")
        self._session = _session(headers or {})

    def query(self, promql: str, now: datetime) -> QueryResult:
        """The instant vector of `promql` at `now`. Raises a PrometheusError."""
        form = {"query": self._own(promql), "time": f"{now.timestamp():.3f}"}
        return responses.decode(self._post("query", form), "vector", now)

    def query_range(
        self, promql: str, start: datetime, end: datetime, step_seconds: float
    ) -> QueryResult:
        """The series of `promql` from `start` to `end`, both included. Raises a PrometheusError."""
        form = {
            "query": self._own(promql),
            "start": f"{start.timestamp():.3f}",
            "end": f"{end.timestamp():.3f}",
            "step": f"{step_seconds:g}",
        }
        return responses.decode(self._post("query_range", form), "matrix", end)

    def metric_names(self) -> list[str]:
        """The names of all metrics that Prometheus has of this cluster."""
        only = [("match[]", f'{{__name__!="",{self._matchers}}}')] if self._matchers else []
        return responses.decode_names(self._request("GET", "label/__name__/values", None, only))

    def check(self, now: datetime) -> None:
        """Ask for something trivial. Raises a PrometheusError that says what is wrong."""
        answer = self.query("vector(1)", now)
        if [one.values for one in answer.series] != [(1.0,)]:
            raise NotPrometheus("it does not know that vector(1) is 1")

    def _own(self, promql: str) -> str:
        try:
            return restricted_to(promql, self._matchers)
        except Unrestricted as error:
            raise InvalidQuery(str(error)) from error

    def close(self) -> None:
        self._session.close()

    def _post(self, path: str, form: Mapping[str, str]) -> bytes:
        server_side = {"timeout": f"{self._limits.answer_seconds:g}s"}
        return self._request("POST", path, {**form, **server_side})

    def _request(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None,
        more: Sequence[tuple[str, str]] = (),
    ) -> bytes:
        deadline = time.monotonic() + self._limits.answer_seconds
        parameters = urlencode([*self._parameters, *more])
        url = f"{self.url}/api/v1/{path}" + (f"?{parameters}" if parameters else "")
        answer = self._send(method, url, form)
        try:
            body = self._body(answer, deadline)
        except PrometheusError:
            answer.raw.close()  # what is left of the body is not for the next request to read
            raise
        answer.raw.release_conn()
        return _checked(answer, body)

    def _send(self, method: str, url: str, form: Mapping[str, str] | None) -> requests.Response:
        limits = self._limits
        try:
            return self._session.request(
                method,
                url,
                data=form,
                auth=self._auth,
                verify=self._verify,
                timeout=(limits.connect_seconds, limits.read_seconds),
                allow_redirects=False,
                stream=True,
            )
        except requests.exceptions.Timeout as error:
            raise TimedOut(f"{self.url} does not answer in time") from error
        except requests.exceptions.RequestException as error:
            raise Unreachable(f"{self.url} can't be reached: {_cause(error)}") from error

    def _body(self, answer: requests.Response, deadline: float) -> bytes:
        try:
            return http_body.read_body(answer.raw, deadline, self._limits.answer_bytes)
        except http_body.TooSlow as error:
            raise TimedOut(f"{self.url}: {error}") from error
        except http_body.TooBig as error:
            raise TooLarge(f"{self.url}: {error}") from error
        except http_body.CutOff as error:
            raise Truncated(f"{self.url} broke off: {error}") from error


class _Bearer(AuthBase):
    """Also the way to say "no credentials": else requests would look into ~/.netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _auth(token: str, user: str, password: str) -> AuthBase:
    if user and not token:
        return HTTPBasicAuth(user, password)
    return _Bearer(token)


def _session(headers: Mapping[str, str]) -> requests.Session:
    session = requests.Session()
    session.headers.update({"Accept": "application/json", **headers})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter: Any = requests.adapters.HTTPAdapter(pool_maxsize=POOL_SIZE)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _checked(answer: requests.Response, body: bytes) -> bytes:
    if answer.status_code >= 300:
        raise responses.error_of(answer.status_code, body)
    kind = answer.headers.get("Content-Type", "application/json").partition(";")[0].strip()
    if kind not in JSON_TYPES:
        raise NotPrometheus(
            f"it answers with {kind}, as a log-in page does: {responses.body_beginning(body)}"
        )
    return body


def _cause(error: requests.exceptions.RequestException) -> str:
    """The innermost reason; the outer ones repeat the address and its query."""
    reason: Any = error.args[0] if error.args else error
    return str(getattr(reason, "reason", reason))
