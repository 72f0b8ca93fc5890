"""Whatever speaks OpenAI's API: the only module that imports openai.

Ollama, vLLM, Azure and Gemini's compatible endpoint differ in the address alone. As with Gemini,
two things are added to the SDK: an end to the whole answer and a limit to its size.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import openai

from kubewise_site.core import http_body
from kubewise_site.core.redaction import redact
from remediation.llm.failures import BY_STATUS, FailureKind, LlmFailure, by_hundreds
from remediation.llm.prompt_texts import Prompt, fenced
from remediation.llm.protocol import Reply, token_count
from remediation.llm.providers import lines
from remediation.llm.schema import AnswerSource

TIMEOUT_SECONDS = 20.0
ANSWER_BYTES = 2 * 1024 * 1024
ANSWER_TOKENS = 8192
MESSAGE_CHARACTERS = 300
NO_KEY = "none"  # Ollama and vLLM want none, the SDK wants one


class OpenAICompatible:
    """One model under one key at one address. Safe to use from several threads."""

    name = "openai"

    def __init__(
        self, key: str, model: str, base_url: str, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._key, self.model = key, model
        self._client = openai.OpenAI(
            api_key=key or NO_KEY,
            base_url=base_url or "https://api.openai.com/v1",
            timeout=timeout_seconds,
            max_retries=0,
            http_client=httpx2.Client(
                transport=_Bounded(timeout_seconds),
                timeout=timeout_seconds,
                follow_redirects=False,  # a redirect would take the key along
            ),
        )

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        """One question at temperature 0, asked once."""
        began = time.monotonic()
        try:
            answer: Any = self._create(instruction, fenced(data), schema)
        except Exception as error:
            return self._failure(error)
        took = time.monotonic() - began
        return _read(
            answer, AnswerSource(self.name, self.model, str(instruction), 0, 0, round(took, 3))
        )

    def close(self) -> None:
        self._client.close()

    def _create(self, instruction: Prompt, text: str, schema: Mapping[str, Any]) -> Any:
        return self._client.chat.completions.create(
            model=self.model,
            temperature=0,
            max_tokens=ANSWER_TOKENS,
            messages=[
                {"role": "system", "content": instruction.text},
                {"role": "user", "content": text},
            ],
            response_format={
                "type": "json_schema",
                "json_schema": {
                    "name": instruction.name,
                    "strict": True,
                    "schema": closed(schema),
                },
            },
        )

    def _failure(self, error: Exception) -> LlmFailure:
        """The failure's name; what has none is raised again, for `InTime` to name."""
        kind = _kind(error)
        if kind is None:
            raise error
        text = str(getattr(error, "message", "") or error)
        text = text.replace(self._key, "[redacted:key]") if self._key else text
        return LlmFailure(kind, redact(" ".join(text.split()))[:MESSAGE_CHARACTERS])


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as strict structured output wants it: no properties beyond those named."""
    found = dict(schema)
    if found.get("type") == "object":
        found["properties"] = {name: closed(item) for name, item in found["properties"].items()}
        found["additionalProperties"] = False
    if "items" in found:
        found["items"] = closed(found["items"])
    return found


class _Bounded(httpx2.HTTPTransport):
    """Every answer has an end in time and in size, whatever the pauses between its bytes."""

    def __init__(self, seconds: float) -> None:
        # A connection for each question, so that it ends with its question.
        super().__init__(limits=httpx2.Limits(max_keepalive_connections=0))
        self._seconds = seconds

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline = time.monotonic() + self._seconds
        request.headers["Accept-Encoding"] = "identity"
        request.extensions = {**request.extensions, "trace": _trace}
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise httpx2.DecodingError("it is compressed, though it must not be", request=request)
        response.stream = _Stream(response.stream, deadline, request)
        return response


def _trace(event: str, info: Mapping[str, Any]) -> None:
    if event == "connection.connect_tcp.complete":
        lines.hold(info["return_value"].get_extra_info("socket"))


class _Stream(httpx2.SyncByteStream):
    def __init__(self, inner: Any, deadline: float, request: httpx2.Request) -> None:
        self._inner, self._deadline, self._request = inner, deadline, request

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._inner:
            size += len(chunk)
            if size > ANSWER_BYTES:
                raise http_body.TooBig(f"the answer is over {ANSWER_BYTES} bytes")
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the answer was still coming", request=self._request)
            yield chunk

    def close(self) -> None:
        self._inner.close()


def _kind(error: Exception) -> FailureKind | None:
    if isinstance(error, openai.APIStatusError):
        if "content_filter" in str(error.code or ""):
            return FailureKind.BLOCKED
        if 300 <= error.status_code < 400:
            return FailureKind.NOT_THE_API
        return BY_STATUS.get(error.status_code, by_hundreds(error.status_code))
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(error)
    for kinds, name in _BY_EXCEPTION:
        if isinstance(error, kinds):
            return name
    return None


def _of_connection(error: openai.APIConnectionError) -> FailureKind:
    """What httpx said, which the SDK wraps."""
    if isinstance(error, openai.APITimeoutError):
        return FailureKind.TIME_OUT
    if isinstance(error.__cause__, httpx2.DecodingError):
        return FailureKind.NOT_THE_API
    broke_off = isinstance(error.__cause__, httpx2.RemoteProtocolError)
    cut = broke_off and "complete message body" in str(error.__cause__)
    return FailureKind.TRUNCATED if cut else FailureKind.REFUSED_CONNECTION


_BY_EXCEPTION: tuple[tuple[type[Exception] | tuple[type[Exception], ...], FailureKind], ...] = (
    (http_body.TooBig, FailureKind.TOO_LARGE),
    (
        (openai.APIResponseValidationError, json.JSONDecodeError, UnicodeDecodeError),
        FailureKind.NOT_THE_API,
    ),
    (httpx2.TimeoutException, FailureKind.TIME_OUT),
    (httpx2.RemoteProtocolError, FailureKind.TRUNCATED),
)


def _read(answer: Any, source: AnswerSource) -> Reply | LlmFailure:
    """The text of the first choice, where it ended as it should. The SDK checks no shapes."""
    if getattr(answer, "object", None) != "chat.completion" and not getattr(
        answer, "choices", None
    ):
        is_model = isinstance(answer, openai.BaseModel)
        kind = FailureKind.EMPTY if is_model else FailureKind.NOT_THE_API
        return LlmFailure(kind, "no choices")
    choices = answer.choices
    message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else 0
    if not message:
        return LlmFailure(FailureKind.EMPTY, "no message")
    return _text(message, str(choices[0].finish_reason), _priced(source, answer.usage))


def _text(message: Any, ended: str, source: AnswerSource) -> Reply | LlmFailure:
    if ended == "content_filter" or message.refusal:
        return LlmFailure(FailureKind.BLOCKED, redact(str(message.refusal or ended))[:200])
    if ended == "length":
        return LlmFailure(FailureKind.TRUNCATED, "the answer is longer than it may be")
    if not isinstance(message.content, str) or not message.content.strip():
        return LlmFailure(FailureKind.EMPTY, ended)
    return Reply(message.content, source)


def _priced(source: AnswerSource, usage: Any) -> AnswerSource:
    asked = token_count(getattr(usage, "prompt_tokens", None))
    answered = token_count(getattr(usage, "completion_tokens", None))
    return AnswerSource(
        source.provider, source.model, source.prompt, asked, answered, source.duration_seconds
    )
