"""Text itself: the gate, nesting, redaction, what logs complain of."""

from __future__ import annotations

import json
import time
from typing import Any

from detection.snapshot.log_errors import LONGEST_LINE, MOST_LINES, complaints_of
from kubewise_site.core.foreign_text import UNSAFE, safe, safe_json
from kubewise_site.core.nesting import without_depths
from kubewise_site.core.redaction import redact
from kubewise_site.core.redaction.spans import MARK
from tests.fuzz.properties import all_safe, hold
from tests.fuzz.target import target

LONGEST_MARK = 48
MOST_SECONDS = 1.0


@target("redaction", longest=2048)
def redaction(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape" if data[:1] == b"\xed" else "replace")
    began = time.process_time()
    once = redact(text)
    hold(time.process_time() - began < MOST_SECONDS, "it took too long")
    hold(redact(once) == once, f"a second time changes it: {once!r} → {redact(once)!r}")
    most = len(text) + LONGEST_MARK * len(MARK.findall(once))
    hold(len(once) <= most, f"{len(text)} → {len(once)} characters")


@target("foreign text")
def foreign_text(data: bytes) -> None:
    text = safe(data.decode("utf-8", "surrogateescape"))
    hold(not UNSAFE.search(text), "unsafe after the gate")
    hold(safe(text) == text, "a second time changes it")
    text.encode()


@target("JSON gate")
def json_gate(data: bytes) -> None:
    before, after = _value(data), _value(safe_json(data))
    if before is not None:
        hold(after is not None, "valid JSON is none after the gate")
        all_safe(after, 4 * len(data))


@target("nesting")
def nesting(data: bytes) -> None:
    kept = without_depths(data, 8)
    hold(len(kept) <= len(data) + 8, "it grew")
    if _value(data) is not None:
        hold(_value(kept) is not None or b"null" in kept, "valid JSON is none without its depths")


@target("logs")
def logs(data: bytes) -> None:
    found = complaints_of(data.decode("utf-8", "replace"))
    hold(len(found) <= MOST_LINES, f"{len(found)} complaints")
    hold(all(len(one.line) <= LONGEST_LINE for one in found), "a line without a bound")


def _value(content: bytes) -> Any:
    try:
        value = json.loads(content)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value
