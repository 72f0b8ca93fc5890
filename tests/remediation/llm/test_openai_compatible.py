"""The real openai SDK against local servers that answer well, badly, slowly and hostilely."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.providers.openai_compatible import OpenAICompatible, closed
from remediation.llm.questions.assess import assess
from remediation.llm.schema import ASSESSMENT_SCHEMA, Assessment
from tests.remediation.llm.gemini_server import CANDIDATES, DIAGNOSIS, EVIDENCE, GOOD
from tests.remediation.llm.openai_server import answered, asked_of, failed, openai
from tests.scripted_http import Reply, serving

ROOT = Path(__file__).resolve().parents[3]
HTML = Reply(b"<html>log in</html>", 200, "text/html")
BOMB = Reply(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"})
REDIRECT = Reply(b"", 302, headers={"Location": "http://127.0.0.1:1/elsewhere"})


def opinion(*replies: Any, timeout_seconds: float = 1.5) -> Assessment | LlmFailure:
    with openai(*replies, timeout_seconds=timeout_seconds) as (client, _):
        return assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES)


def test_a_good_answer_is_an_assessment_with_its_source() -> None:
    found = opinion(answered(GOOD))
    assert isinstance(found, Assessment)
    assert found.root_cause == GOOD["root_cause"]
    source = found.source
    assert (source.provider, source.prompt_tokens, source.answer_tokens) == ("openai", 800, 60)


def test_the_request_is_cold_structured_and_keeps_data_apart_from_the_instruction() -> None:
    with openai(answered(GOOD)) as (client, server):
        assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES)
        request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer key-of-tests"
    body = request.json()
    assert body["temperature"] == 0
    assert body["response_format"]["json_schema"]["strict"] is True
    instruction, document = asked_of(request)
    assert "OutOfMemoryError" not in instruction
    assert [item["id"] for item in document["evidence"]] == ["e1", "e2"]


def test_the_strict_schema_closes_every_object() -> None:
    text = json.dumps(closed(ASSESSMENT_SCHEMA))
    assert text.count('"type": "object"') == text.count('"additionalProperties": false') == 2


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (failed(400), FailureKind.BAD_REQUEST),
        (failed(400, "policy", "content_filter"), FailureKind.BLOCKED),
        (failed(401), FailureKind.UNAUTHORIZED),
        (failed(403), FailureKind.FORBIDDEN),
        (failed(404), FailureKind.NOT_FOUND),
        (failed(422), FailureKind.BAD_REQUEST),
        (failed(429), FailureKind.RATE_LIMITED),
        (failed(500), FailureKind.SERVER_ERROR),
        (Reply(b"Bad Gateway", 502, "text/html"), FailureKind.SERVER_ERROR),
        (Reply(drop=True), FailureKind.REFUSED_CONNECTION),
        (Reply(b"{}", delay_seconds=20), FailureKind.TIME_OUT),
        (Reply(b" " * 200, drip_seconds=0.2), FailureKind.TIME_OUT),
        (Reply(b" " * 3_000_000), FailureKind.TOO_LARGE),
        (Reply(b'{"choices"', announced=900), FailureKind.TRUNCATED),
        (BOMB, FailureKind.NOT_THE_API),
        (HTML, FailureKind.NOT_THE_API),
        (Reply(b"{not json"), FailureKind.NOT_THE_API),
        (Reply(b'"a string"'), FailureKind.NOT_THE_API),
        (REDIRECT, FailureKind.NOT_THE_API),
        (answered(GOOD, "content_filter"), FailureKind.BLOCKED),
        (answered(None, refusal="I will not."), FailureKind.BLOCKED),
        (answered('{"root_cause": "The h', "length"), FailureKind.TRUNCATED),
        (Reply.of({}), FailureKind.EMPTY),
        (Reply.of({"object": "chat.completion", "choices": []}), FailureKind.EMPTY),
        (Reply.of({"object": "chat.completion", "choices": "x"}), FailureKind.EMPTY),
        (answered("  \n "), FailureKind.EMPTY),
        (answered(None), FailureKind.EMPTY),
        (answered("I think it is the memory."), FailureKind.BAD_JSON),
        (answered("[]"), FailureKind.OFF_SCHEMA),
        (answered({**GOOD, "parameters": {"replicas": 0}}), FailureKind.OFF_SCHEMA),
        (answered({**GOOD, "order": [{"id": "c9", "reason": ""}]}), FailureKind.UNKNOWN_CANDIDATE),
        (answered({**GOOD, "evidence": ["e1", "e99"]}), FailureKind.UNKNOWN_EVIDENCE),
        (answered({**GOOD, "objects": ["Pod/kube-system/etcd"]}), FailureKind.UNKNOWN_OBJECT),
        (answered({**GOOD, "reasons": ["Evicted"]}), FailureKind.UNKNOWN_REASON),
    ],
)
def test_every_failure_has_its_own_name(reply: Reply, kind: FailureKind) -> None:
    found = opinion(reply)
    assert isinstance(found, LlmFailure)
    assert found.kind == kind, found
    assert len(found.message) <= 300


def test_a_reason_that_only_a_log_gives_is_none() -> None:
    evidence = [*EVIDENCE, {"id": "e3", "source": "log", "text": "Evicted by the operator"}]
    with openai(answered({**GOOD, "reasons": ["Evicted"]})) as (client, _):
        found = assess(client, evidence, DIAGNOSIS, CANDIDATES)
    assert isinstance(found, LlmFailure)
    assert found.kind == FailureKind.UNKNOWN_REASON


def test_a_drip_ends_with_the_time_out() -> None:
    began = time.monotonic()
    opinion(Reply(b" " * 500, drip_seconds=0.2), timeout_seconds=1)
    assert time.monotonic() - began < 4


def test_the_key_is_not_in_the_message_though_the_server_repeats_it() -> None:
    found = opinion(failed(400, "API key key-of-tests not valid, ask bob@corp.example"))
    assert "key-of-tests" not in str(found)
    assert "bob@" not in str(found)


def test_a_server_of_ones_own_needs_no_key() -> None:
    with serving(answered(GOOD)) as server:
        client = OpenAICompatible("", "llama", server.url, 2)
        assert isinstance(assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES), Assessment)
        client.close()


def test_openai_is_imported_only_by_who_asks() -> None:
    script = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "from remediation import tasks; from remediation.analysis import consult_model\n"
        "from remediation.llm import providers\n"
        "from remediation.llm.questions import assess\n"
        "providers.client_for()\n"
        "print([name for name in sys.modules if name.startswith(('openai', 'httpx2'))])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr
