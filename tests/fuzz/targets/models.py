"""What a language model answers, and the commands that people (or its text) give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx2
import openai

from remediation.llm.failures import LlmFailure
from remediation.llm.prompt_texts import Prompt, prompt
from remediation.llm.protocol import Reply
from remediation.llm.providers.openai_compatible import OpenAICompatible
from remediation.llm.questions.assess import ask_for, assess
from remediation.llm.questions.verification import assess_verification
from remediation.llm.schema import (
    ASSESSMENT_SCHEMA,
    QUERIES_SCHEMA,
    AnswerSource,
    Assessment,
    QueriesAnswer,
    VerificationView,
)
from remediation.planning.command_line import (
    LONGEST_COMMAND,
    CommandError,
    parse_command,
)
from tests.fuzz.mutation import mutated
from tests.fuzz.properties import hold, texts_of
from tests.fuzz.target import target

LONGEST_ANSWER = 2200
JSON = {"content-type": "application/json"}
CANDIDATE = {
    "action": "restart_deployment",
    "command": "restart_deployment name=cart namespace=shop",
    "risk": "low",
    "description": "Restart it.",
}
EVIDENCE = [{"id": "e1", "source": "events", "text": "Back-off pulling image shop/cart:2.0"}]
ASSESSMENT = {
    "root_cause": "The image does not exist.", "impact": "No replica is ready.", "confidence": 0.9,
    "cause": "IMAGE_NOT_FOUND", "evidence": ["e1"], "objects": ["Deployment/shop/cart"],
    "reasons": ["Back-off"], "order": [{"id": "c1", "reason": "it helps"}], "escalate": False,
    "escalate_reason": "", "recommendations": ["Push the tag."],
}  # fmt: skip
COMPLETION = {
    "id": "x", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [
        {
            "index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "{}", "refusal": None},
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}  # fmt: skip


class Scripted:
    """A model that says what the fuzzer wrote."""

    name = "scripted"

    def __init__(self, text: str) -> None:
        self.text = text

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        return Reply(self.text, AnswerSource("scripted", "m", str(instruction)))


@target("model answers")
def answers(data: bytes) -> None:
    _answered(data.decode("utf-8", "surrogateescape"))


@target("model answers by field", longest=64)
def answers_by_field(data: bytes) -> None:
    _answered(json.dumps(mutated(ASSESSMENT, data)))


def _answered(text: str) -> None:
    client = Scripted(text)
    found = assess(client, EVIDENCE, {}, [CANDIDATE], ["Deployment/shop/cart"])
    hold(isinstance(found, Assessment | LlmFailure), "neither an assessment nor a failure")
    _bounded(found)
    view = assess_verification({}, {}, EVIDENCE, client)
    hold(isinstance(view, VerificationView | LlmFailure), "neither a view nor a failure")
    _bounded(view)
    ask_for(client, prompt("queries"), {}, QUERIES_SCHEMA, QueriesAnswer)


def _bounded(found: object) -> None:
    for text in texts_of(found):
        hold("\x00" not in text, "a NUL, which PostgreSQL refuses")
        hold(len(text) <= 4 * LONGEST_ANSWER, f"{len(text)} characters")
        text.encode()


@target("model completions", longest=64)
def completions(data: bytes) -> None:
    _completed(json.dumps(mutated(COMPLETION, data)).encode())


@target("model completions as text", longest=1024)
def completion_texts(data: bytes) -> None:
    _completed(data)


def _completed(content: bytes) -> None:
    """What is raised is named by `InTime`, which asks in a thread of its own."""
    client, told = _client()
    told[:] = [content]
    try:
        found = client.ask(prompt("assess"), {}, ASSESSMENT_SCHEMA)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return
    hold(isinstance(found, Reply | LlmFailure), "neither a reply nor a failure")
    hold(not isinstance(found, Reply) or isinstance(found.text, str), "a reply that is no text")


@cache
def _client() -> tuple[OpenAICompatible, list[bytes]]:
    """A client whose connection answers with what stands in the list."""
    told = [b""]
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, headers=JSON, content=told[0]))
    client = OpenAICompatible("", "m", "http://model.invalid/v1", 1.0)
    client._client = openai.OpenAI(
        api_key="k",
        base_url="http://model.invalid/v1",
        max_retries=0,
        http_client=httpx2.Client(transport=transport),
    )
    return client, told


@target("commands", longest=2400)
def commands(data: bytes) -> None:
    try:
        parsed = parse_command(data.decode("utf-8", "replace"))
    except CommandError as error:
        hold(len(str(error)) < 2 * LONGEST_COMMAND, "a message without a bound")
        return
    hold(parse_command(parsed.text).parameters == parsed.parameters, "its own text means else")
