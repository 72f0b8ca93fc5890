"""What an OpenAI-compatible API answers, for a local server that the real SDK talks to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from remediation.llm.providers.openai_compatible import OpenAICompatible
from tests.scripted_http import Reply, Request, ScriptedServer, serving


def answered(text: Any, finish: str = "stop", **message: Any) -> Reply:
    body = text if isinstance(text, str | None) else json.dumps(text)
    said = {"role": "assistant", "content": body, "refusal": None, **message}
    return Reply.of(
        {
            "id": "x", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": said, "finish_reason": finish}],
            "usage": {"prompt_tokens": 800, "completion_tokens": 60, "total_tokens": 860},
        }
    )  # fmt: skip


def failed(status: int, message: str = "no", code: str = "failed") -> Reply:
    return Reply.of({"error": {"message": message, "type": "x", "code": code}}, status)


def asked_of(request: Request) -> tuple[str, dict[str, Any]]:
    """The instruction and the fenced document of a request."""
    system, user = request.json()["messages"]
    return system["content"], json.loads(user["content"].split("\n")[1])


@contextmanager
def openai(
    *replies: Any, timeout_seconds: float = 1.5
) -> Iterator[tuple[OpenAICompatible, ScriptedServer]]:
    with serving(*replies) as server:
        client = OpenAICompatible("key-of-tests", "m", f"{server.url}/v1", timeout_seconds)
        yield client, server
        client.close()
