"""What the Gemini API answers, for a local server that the real SDK talks to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from remediation.llm.protocol import LlmClient
from remediation.llm.providers.gemini import Gemini
from remediation.llm.providers.retrying import Retrying
from tests.scripted_http import Reply, Request, ScriptedServer, serving

EVIDENCE: list[dict[str, Any]] = [
    {"id": "e1", "source": "kubernetes/pods", "text": "OOMKilled, exit code 137", "decisive": True},
    {"id": "e2", "source": "logs", "text": "java.lang.OutOfMemoryError"},
]
CANDIDATES: list[dict[str, Any]] = [
    {"action": "rollback_deployment", "command": "rollback_deployment name=a", "risk": "medium"},
    {"action": "restart_pod", "command": "restart_pod name=a-1", "risk": "low"},
    {"action": "escalate", "command": "escalate", "risk": "none"},
]
DIAGNOSIS: dict[str, Any] = {
    "cause": "OOM_LIMIT_LOW",
    "root_cause": "The limit is too low.",
    "confidence": 0.8,
}
GOOD: dict[str, Any] = {
    "root_cause": "The heap is larger than the limit.",
    "impact": "One of three replicas is down.",
    "confidence": 0.9,
    "cause": "OOM_LIMIT_LOW",
    "objects": [],
    "reasons": ["OOMKilled"],
    "evidence": ["e1", "e2"],
    "order": [{"id": "c2", "reason": "gentler"}, {"id": "c1", "reason": "next"}],
    "escalate": False,
    "escalate_reason": "",
    "recommendations": ["Set -Xmx."],
}


def answered(text: str | dict[str, Any], finish: str = "STOP") -> Reply:
    body = text if isinstance(text, str) else json.dumps(text)
    content = {"role": "model", "parts": [{"text": body}]}
    return Reply.of(
        {
            "candidates": [{"content": content, "finishReason": finish, "index": 0}],
            "usageMetadata": {"promptTokenCount": 800, "candidatesTokenCount": 60},
        }
    )


def failed(status: int, message: str = "no", reason: str = "FAILED") -> Reply:
    return Reply.of({"error": {"code": status, "message": message, "status": reason}}, status)


def asked_of(request: Request) -> tuple[str, dict[str, Any]]:
    """The instruction and the fenced document of a request."""
    body = request.json()
    text = body["contents"][0]["parts"][0]["text"]
    document: dict[str, Any] = json.loads(text.split("\n")[1])
    return body["systemInstruction"]["parts"][0]["text"], document


@contextmanager
def gemini(
    *replies: Any, timeout_seconds: float = 1.5
) -> Iterator[tuple[LlmClient, ScriptedServer]]:
    with serving(*replies) as server:
        client = Gemini("key-of-tests", "gemini-test", server.url, timeout_seconds)
        yield Retrying(client, pause=lambda seconds: None), server
        client.close()
