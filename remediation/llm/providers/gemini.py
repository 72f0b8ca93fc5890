"""Gemini through google-generativeai: the only module that imports google.

The library is no longer developed and keeps its configuration in a global; here each instance has
its own client. Two things it does not do are done here: an end to the whole answer and not just to
each silence, and a limit to its size. Its own retry, which goes on for ten minutes, is off.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from kubewise_site.core import http_body
from kubewise_site.core.redaction import redact
from remediation.llm.failures import BY_STATUS, FailureKind, LlmFailure, by_hundreds
from remediation.llm.prompt_texts import Prompt, fenced
from remediation.llm.protocol import Reply, token_count
from remediation.llm.providers import lines
from remediation.llm.schema import AnswerSource

with warnings.catch_warnings():
    # It says at each import that it is no longer developed, and so does its API core about
    # Python 3.11. Both are known: it is the user's choice, and why this is one module.
    warnings.simplefilter("ignore", FutureWarning)
    from google.api_core import exceptions as api
    from google.api_core.client_options import ClientOptions
    from google.auth import exceptions as auth
    from google.generativeai import protos
    from google.generativeai.client import _ClientManager
    from google.generativeai.generative_models import GenerativeModel
    from google.generativeai.types import GenerationConfig
    from google.protobuf.json_format import ParseError

TIMEOUT_SECONDS = 20.0
ANSWER_BYTES = 2 * 1024 * 1024
ANSWER_TOKENS = 8192
MESSAGE_CHARACTERS = 300
Finish = protos.Candidate.FinishReason
BLOCKS = frozenset(
    {
        Finish.SAFETY,
        Finish.RECITATION,
        Finish.BLOCKLIST,
        Finish.PROHIBITED_CONTENT,
        Finish.SPII,
        Finish.LANGUAGE,
    }
)


class Gemini:
    """One model under one key; `endpoint` '' is Google's own. Safe to use from several threads."""

    name = "gemini"

    def __init__(
        self, key: str, model: str, endpoint: str = "", timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._key, self.model = key, model
        self._timeout_seconds = timeout_seconds
        self._client = _client(key, endpoint)

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        """One question at temperature 0, asked once."""
        model, text = self._model(instruction, schema), fenced(data)
        return self._once(model, text, instruction, self._timeout_seconds)

    def close(self) -> None:
        self._client.transport.close()

    def _model(self, instruction: Prompt, schema: Mapping[str, Any]) -> Any:
        model = GenerativeModel(
            self.model,
            system_instruction=instruction.text,
            generation_config=GenerationConfig(
                candidate_count=1,
                temperature=0,
                max_output_tokens=ANSWER_TOKENS,
                response_mime_type="application/json",
                response_schema=dict(schema),
            ),
        )
        model._client = self._client  # else it takes the one of the process-wide configuration
        return model

    def _once(
        self, model: Any, text: str, instruction: Prompt, left_seconds: float
    ) -> Reply | LlmFailure:
        began = time.monotonic()
        try:
            options = {"timeout": left_seconds, "retry": None}
            response = model.generate_content(text, request_options=options)
        except Exception as error:
            return self._failure(error)
        took = time.monotonic() - began
        return _read(response, AnswerSource(self.name, self.model, str(instruction), 0, 0, took))

    def _failure(self, error: Exception) -> LlmFailure:
        """The failure's name; what has none is raised again, for `InTime` to name."""
        kind = _kind(error)
        if kind is None:
            raise error
        text = str(getattr(error, "message", "") or error).replace(self._key, "[redacted:key]")
        return LlmFailure(kind, redact(" ".join(text.split()))[:MESSAGE_CHARACTERS])


class _Connection(urllib3.connection.HTTPConnection):
    """Held while it waits for an answer, kept alive or new."""

    def getresponse(self) -> Any:
        if self.sock:
            lines.hold(self.sock)
        return super().getresponse()


class _SecureConnection(_Connection, urllib3.connection.HTTPSConnection):
    """The same under TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Bounded(HTTPAdapter):
    """Reads the whole answer under the request's time-out and a size limit."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager

    def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
        timeout = options.get("timeout")
        seconds = timeout[1] if isinstance(timeout, tuple) else float(timeout or TIMEOUT_SECONDS)
        deadline = time.monotonic() + seconds
        options["stream"] = True
        response = super().send(request, *args, **options)
        try:
            content = http_body.read_body(response.raw, deadline, ANSWER_BYTES)
        except http_body.BodyError:
            response.raw.close()
            raise
        response._content, response._content_consumed = content, True  # type: ignore[attr-defined]
        response.raw.release_conn()
        return response


def _client(key: str, endpoint: str) -> Any:
    manager: Any = _ClientManager()
    options = ClientOptions(api_endpoint=endpoint or None)
    manager.configure(api_key=key, transport="rest", client_options=options)
    client = manager.get_default_client("generative")
    session = client.transport._session
    session.max_redirects = 0  # a redirect would take the key along
    session.mount("https://", _Bounded())
    session.mount("http://", _Bounded())
    return client


def _kind(error: Exception) -> FailureKind | None:
    if isinstance(error, api.GoogleAPICallError):
        code = int(error.code or 0)
        return BY_STATUS.get(code, by_hundreds(code))
    for kinds, name in _BY_EXCEPTION:
        if isinstance(error, kinds):
            return name
    return None


_BY_EXCEPTION: tuple[tuple[type[Exception] | tuple[type[Exception], ...], FailureKind], ...] = (
    ((requests.exceptions.Timeout, http_body.TooSlow), FailureKind.TIME_OUT),
    (http_body.TooBig, FailureKind.TOO_LARGE),
    (http_body.CutOff, FailureKind.TRUNCATED),
    (
        (requests.exceptions.TooManyRedirects, ParseError, UnicodeDecodeError),
        FailureKind.NOT_THE_API,
    ),
    (
        (requests.exceptions.RequestException, auth.TransportError),
        FailureKind.REFUSED_CONNECTION,
    ),
)


def _read(response: Any, source: AnswerSource) -> Reply | LlmFailure:
    """The text of the first candidate, where it ended as it should."""
    if not response.candidates:
        reason = response.prompt_feedback.block_reason
        kind = FailureKind.BLOCKED if reason else FailureKind.EMPTY
        return LlmFailure(kind, getattr(reason, "name", "") if reason else "no candidates")
    candidate = response.candidates[0]
    ended = candidate.finish_reason
    if ended in BLOCKS:
        return LlmFailure(FailureKind.BLOCKED, ended.name)
    if ended == Finish.MAX_TOKENS:
        return LlmFailure(FailureKind.TRUNCATED, "the answer is longer than it may be")
    text = "".join(part.text for part in candidate.content.parts)
    if not text.strip():
        return LlmFailure(FailureKind.EMPTY, getattr(ended, "name", str(ended)))
    return Reply(text, _priced(source, response.usage_metadata))


def _priced(source: AnswerSource, usage: Any) -> AnswerSource:
    return AnswerSource(
        source.provider,
        source.model,
        source.prompt,
        token_count(usage.prompt_token_count),
        # What a model thinks is charged as answered, and told in the total alone.
        max(
            token_count(usage.candidates_token_count),
            token_count(usage.total_token_count) - usage.prompt_token_count,
        ),
        round(source.duration_seconds, 3),
    )
