"""The real SDK against a local server that answers well, badly, slowly and hostilely."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.providers.gemini import Gemini
from remediation.llm.providers.retrying import TRIES
from remediation.llm.questions.assess import assess
from remediation.llm.schema import Assessment
from tests.remediation.llm.gemini_server import (
    CANDIDATES,
    DIAGNOSIS,
    EVIDENCE,
    GOOD,
    answered,
    asked_of,
    failed,
    gemini,
)
from tests.scripted_http import Reply, serving

ROOT = Path(__file__).resolve().parents[3]


def opinion(*replies: Any, timeout_seconds: float = 1.5) -> Assessment | LlmFailure:
    with gemini(*replies, timeout_seconds=timeout_seconds) as (client, _):
        return assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES)


def test_a_good_answer_is_an_assessment_with_its_source() -> None:
    found = opinion(answered(GOOD))
    assert isinstance(found, Assessment)
    assert found.root_cause == "The heap is larger than the limit."
    assert [choice.id for choice in found.order] == ["c2", "c1"]
    assert found.evidence == ("e1", "e2")
    source = found.source
    assert (source.provider, source.model, source.prompt) == ("gemini", "gemini-test", "assess v2")
    assert (source.prompt_tokens, source.answer_tokens) == (800, 60)
    assert source.duration_seconds > 0


def test_the_request_is_cold_structured_and_keeps_data_apart_from_the_instruction() -> None:
    with gemini(answered(GOOD)) as (client, server):
        assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES)
    (request,) = server.requests
    instruction, document = asked_of(request)
    body = request.json()
    assert request.path.startswith("/v1beta/models/gemini-test:generateContent")
    assert "key-of-tests" not in request.path
    assert body["generationConfig"]["temperature"] == 0
    assert body["generationConfig"]["responseMimeType"] == "application/json"
    assert set(body["generationConfig"]["responseSchema"]["properties"]) == set(GOOD)
    assert "OOMKilled" not in instruction
    assert [item["id"] for item in document["evidence"]] == ["e1", "e2"]
    assert [item["id"] for item in document["candidates"]] == ["c1", "c2", "c3"]


def block(reason: str) -> Reply:
    return Reply.of({"promptFeedback": {"blockReason": reason}})


FENCED = "```json\n" + json.dumps(GOOD) + "\n```"
HTML = Reply(b"<html>Sign in</html>", kind="text/html")
REDIRECT = Reply(status=307, headers={"Location": "http://127.0.0.1:1/elsewhere"})


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (failed(400, "API key not valid"), FailureKind.BAD_REQUEST),
        (failed(401), FailureKind.UNAUTHORIZED),
        (failed(403), FailureKind.FORBIDDEN),
        (failed(404), FailureKind.NOT_FOUND),
        (failed(429), FailureKind.RATE_LIMITED),
        (failed(500), FailureKind.SERVER_ERROR),
        (failed(503), FailureKind.SERVER_ERROR),
        (Reply(b"Bad Gateway", 502, "text/html"), FailureKind.SERVER_ERROR),
        (Reply(drop=True), FailureKind.REFUSED_CONNECTION),
        (Reply(b"{}", delay_seconds=20), FailureKind.TIME_OUT),
        (Reply(b" " * 200, drip_seconds=0.2), FailureKind.TIME_OUT),
        (Reply(b" " * 3_000_000), FailureKind.TOO_LARGE),
        (Reply(b'{"candidates"', announced=900), FailureKind.TRUNCATED),
        (HTML, FailureKind.NOT_THE_API),
        (REDIRECT, FailureKind.NOT_THE_API),
        (block("SAFETY"), FailureKind.BLOCKED),
        (block("PROHIBITED_CONTENT"), FailureKind.BLOCKED),
        (answered("", "SAFETY"), FailureKind.BLOCKED),
        (answered(GOOD, "RECITATION"), FailureKind.BLOCKED),
        (answered('{"root_cause": "The h', "MAX_TOKENS"), FailureKind.TRUNCATED),
        (Reply.of({}), FailureKind.EMPTY),
        (Reply.of({"candidates": [{"finishReason": "STOP"}]}), FailureKind.EMPTY),
        (answered("  \n "), FailureKind.EMPTY),
        (answered("I think it is the memory."), FailureKind.BAD_JSON),
        (answered('{"root_cause": "The h'), FailureKind.BAD_JSON),
        (answered(FENCED), FailureKind.BAD_JSON),
        (answered("[]"), FailureKind.OFF_SCHEMA),
        (answered({**GOOD, "confidence": 7}), FailureKind.OFF_SCHEMA),
        (answered({**GOOD, "confidence": "high"}), FailureKind.OFF_SCHEMA),
        (answered({**GOOD, "parameters": {"replicas": 0}}), FailureKind.OFF_SCHEMA),
        (answered({**GOOD, "order": [{"id": "c9", "reason": ""}]}), FailureKind.UNKNOWN_CANDIDATE),
        (
            answered({**GOOD, "order": [{"id": "scale_deployment replicas=0", "reason": ""}]}),
            FailureKind.UNKNOWN_CANDIDATE,
        ),
        (answered({**GOOD, "order": [{"id": "c1", "reason": ""}] * 2}), FailureKind.OFF_SCHEMA),
        (answered({**GOOD, "evidence": ["e1", "e99"]}), FailureKind.UNKNOWN_EVIDENCE),
    ],
)
def test_every_failure_has_its_own_name(reply: Reply, kind: FailureKind) -> None:
    found = opinion(reply)
    assert isinstance(found, LlmFailure)
    assert found.kind == kind, found
    assert len(found.message) <= 300


def test_a_drip_ends_with_the_time_out() -> None:
    began = time.monotonic()
    opinion(Reply(b" " * 500, drip_seconds=0.2), timeout_seconds=1)
    assert time.monotonic() - began < 4


def test_a_refused_connection_has_a_name_and_the_message_no_key() -> None:
    client = Gemini("key-of-tests", "m", "http://127.0.0.1:1", 2)
    found = assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES)
    client.close()
    assert isinstance(found, LlmFailure)
    assert found.kind == FailureKind.REFUSED_CONNECTION
    assert "key-of-tests" not in found.message


def test_the_key_is_not_in_the_message_though_the_server_repeats_it() -> None:
    found = opinion(failed(400, "API key key-of-tests not valid, ask bob@corp.example"))
    assert "key-of-tests" not in str(found)
    assert "bob@" not in str(found)


@pytest.mark.parametrize("reply", [failed(503), failed(429)])
def test_what_may_pass_is_asked_again_once(reply: Reply) -> None:
    with gemini(reply, answered(GOOD)) as (client, server):
        assert isinstance(assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES), Assessment)
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("reply", "requests"),
    [(failed(503), TRIES), (failed(429), TRIES), (failed(400), 1), (failed(403), 1),
     (answered("no JSON"), 1), (Reply(b"{}", delay_seconds=20), 1)],
)  # fmt: skip
def test_retries_are_bounded(reply: Reply, requests: int) -> None:
    with gemini(reply) as (client, server):
        assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES)
        assert len(server.requests) == requests


def test_two_instances_do_not_share_a_key_or_an_address() -> None:
    with gemini(answered(GOOD)) as (first, one), serving(answered(GOOD)) as other:
        second = Gemini("other-key", "m2", other.url, 2)
        assess(second, EVIDENCE, DIAGNOSIS, CANDIDATES)
        assess(first, EVIDENCE, DIAGNOSIS, CANDIDATES)
        second.close()
        assert one.requests[0].headers["x-goog-api-key"] == "key-of-tests"
        assert other.requests[0].headers["x-goog-api-key"] == "other-key"


def test_google_is_imported_only_by_who_asks() -> None:
    script = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "from remediation.llm import providers\n"
        "from remediation.llm.questions import assess, query_suggestions, verification\n"
        "providers.client_for()\n"
        "theirs = ('google.generativeai', 'google.api_core', 'google.ai')\n"
        "print([name for name in sys.modules if name.startswith(theirs)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_importing_it_warns_of_nothing() -> None:
    script = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
    script += "import django; django.setup()\nimport remediation.llm.providers.gemini\n"
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", script],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
