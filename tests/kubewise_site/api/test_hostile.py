"""Bodies that are broken, huge, deep, wrongly encoded or ambiguous: refused, nothing written."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from rest_framework.views import APIView

from kubewise_site.core.config.reading import BASE_DIR
from kubewise_site.core.rest.problem import Problem
from tests.kubewise_site.api.test_matrix import _counts, _path
from tests.kubewise_site.api_client import Api, check_problem

SCHEMA = yaml.safe_load((BASE_DIR / "docs" / "openapi.yaml").read_text())
WITH_BODY = [
    (method.upper(), path)
    for path, calls in SCHEMA["paths"].items()
    for method, call in calls.items()
    if "requestBody" in call
]
MEBIBYTE = 2**20
BODIES: dict[str, tuple[bytes, int]] = {
    "cut off": (b'{"mode": ', 400),
    "not JSON": (b"mode=AUTO", 400),
    "an array": (b"[]", 400),
    "a number": (b"7", 400),
    "empty": (b"", 400),
    "two values": (b"{} {}", 400),
    "a key twice": (b'{"mode": "AUTO", "reason": "a", "mode": "MANUAL"}', 400),
    "a key twice, escaped": (b'{"mode": "AUTO", "\\u006dode": "MANUAL"}', 400),
    "a key twice, inside": (b'{"alerts": [{"status": "firing", "status": "resolved"}]}', 400),
    "Latin-1": ('{"reason": "grün"}'.encode("latin-1"), 400),
    "UTF-16": ('{"mode": "AUTO"}'.encode("utf-16"), 400),
    "overlong UTF-8": (b'{"mode": "\xc1\x81UTO"}', 400),
    "a byte order mark": (b'\xef\xbb\xbf{"mode": "AUTO"}', 400),
    "half a surrogate pair": (b'{"reason": "\\ud83d"}', 400),
    "NUL": (b'{"reason": "\\u0000"}', 400),
    "NaN": (b'{"threshold": NaN}', 400),
    "infinite": (b'{"threshold": -Infinity}', 400),
    "a number of 5,000 digits": (b'{"plan": ' + b"9" * 5000 + b"}", 400),
    "deep arrays": (b"[" * 100_000, 400),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "1 MiB and a little": (json.dumps({"reason": "x" * MEBIBYTE}).encode(), 413),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_hostile_body_is_refused_with_a_reason_and_nothing_is_written(
    api: Api, what: str
) -> None:
    body, status = BODIES[what]
    before = _counts()
    for method, path in WITH_BODY:
        answer = api.client.generic(method, _path(path), body, content_type="application/json")
        found = answer.status_code
        assert found in (status, 404), (method, path, found, answer.content[:300])
        check_problem(answer, found)
    assert _counts() == before


def test_the_reason_names_the_key_that_is_there_twice(api: Api) -> None:
    body, _ = BODIES["a key twice"]
    answer = api.client.generic("PUT", "/api/v1/setup/mode", body, content_type="application/json")
    assert "'mode' is there twice" in check_problem(answer, 400)["detail"]


def test_a_hundred_mebibytes_are_refused_before_they_are_read() -> None:
    """A length that is told is believed where it refuses."""

    class Unread:
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

    parser = APIView.parser_classes[0]()
    told: Any = SimpleNamespace(META={"CONTENT_LENGTH": str(100 * MEBIBYTE)})
    with pytest.raises(Problem) as refused:
        parser.parse(Unread(), None, {"request": told})  # type: ignore[arg-type]
    assert refused.value.status_code == 413


def test_a_body_of_exactly_one_mebibyte_is_read(api: Api) -> None:
    """The boundary: it is refused for its content and not for its size."""
    frame = len(json.dumps({"reason": ""}))
    body = json.dumps({"reason": "x" * (MEBIBYTE - frame)})
    assert len(body) == MEBIBYTE
    check_problem(api.send("PUT", "setup/mode", body), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
def test_a_body_of_another_kind_is_415(api: Api, kind: str) -> None:
    before = _counts()
    answer = api.client.generic("PUT", "/api/v1/setup/mode", b'{"mode": "AUTO"}', content_type=kind)
    check_problem(answer, 415)
    assert _counts() == before
