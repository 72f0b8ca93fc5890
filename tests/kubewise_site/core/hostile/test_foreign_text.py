"""What the gate lets through, and what it shows as an escape."""

from __future__ import annotations

import json

import pytest
from rest_framework.exceptions import ValidationError

from detection.kubernetes.decoding import decode_page
from detection.kubernetes.objects.core import Event
from kubewise_site.core.foreign_text import safe, safe_json
from kubewise_site.core.rest.fields import TextField

SHOWN = {
    "a\x00b": "a\\u0000b", "\x1b[2J": "\\u001b[2J", "\x7f\x85": "\\u007f\\u0085",
    "a\u202eb": "a\\u202eb", "\u2066\u200f": "\\u2066\\u200f", "a\rb": "a\\u000db",
    "\b\f": "\\u0008\\u000c", "\ud800": "\\ud800", "\\\x00": "\\\\u0000", "a\r\nb": "a\nb",
}  # fmt: skip
KEPT = (
    "שלום", "مرحبا", "می‌خواهم", "👩‍👩‍👧 😀", "a\tb\nc", "<&> \"q\" \\ /", "\\u0000",
    "日本語", "C:\\r\\n", "\\r\\n",
)  # fmt: skip


@pytest.mark.parametrize("text", SHOWN)
def test_what_harms_is_a_visible_escape(text: str) -> None:
    assert safe(text) == SHOWN[text]
    assert json.loads(safe_json(json.dumps({"a": text}).encode())) == {"a": SHOWN[text]}


@pytest.mark.parametrize("text", KEPT)
@pytest.mark.parametrize("beside", ["", "\x00"])
def test_legitimate_text_survives(text: str, beside: str) -> None:
    given = json.dumps([text, beside], ensure_ascii=False).encode()
    assert safe(text) == text
    assert json.loads(safe_json(given))[0] == text


def test_what_is_not_suspect_is_not_touched() -> None:
    content = b'{"a": "x \\u003c y"}'
    assert safe_json(content) is content


@pytest.mark.parametrize("raw", [b"\\u0000", b"\\ud800", b"\x01", b"\xed\xa0\x80"])
def test_an_object_with_it_is_read_and_so_are_the_others(raw: bytes) -> None:
    items = b'{"message": "a' + raw + b'b"}, {"message": "well"}'
    page = decode_page(b'{"kind": "EventList", "items": [' + items + b"]}", Event)
    assert [len(page.items), page.skipped] == [2, 0]
    assert page.items[1].message == "well"
    assert page.items[0].message == safe(page.items[0].message)


def test_texts_of_the_api_pass_the_same_gate() -> None:
    assert TextField().run_validation("a\u202eb\x1b[31m") == "a\\u202eb\\u001b[31m"
    with pytest.raises(ValidationError):
        TextField().run_validation("a\x00b")
