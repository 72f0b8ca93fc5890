"""The gate where foreign text enters: after it, text is safe for databases, terminals and pages.

NUL, other control characters, bidirectional controls and halves of surrogate pairs become visible
escapes (`\\u0000`), so that evidence stays evidence. Tabs and newlines, every script and emoji
survive. JSON is made safe as bytes, before it is decoded, so that no field is forgotten.
"""

from __future__ import annotations

import re

import re2

# C0 without tab and newline, DEL and C1, the bidirectional controls, halves of surrogate pairs.
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
UNSAFE_ESCAPE = (
    r"\\u(?:00(?:0[0-8b-f]|1[0-9a-f]|7f|[89][0-9a-f])|061c|20(?:0[ef]|2[a-e]|6[6-9])|d[89a-f])"
)
UNSAFE_BYTES = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xd8\x9c"
    r"|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xed[\xa0-\xbf]"
)
_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
SUSPECT = re2.compile(rf"(?i:{UNSAFE_ESCAPE})|\\[bfr]|{UNSAFE_BYTES}".encode("ascii"), _BYTES)
PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
ESCAPES = re.compile(PAIR + rb"|\\r\\n|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)
SHORT = {b"\\r\\n": b"\\n", b"\\b": b"\\\\u0008", b"\\f": b"\\\\u000c", b"\\r": b"\\\\u000d"}


def safe(text: str) -> str:
    """The text with what harms databases, terminals or readers as visible escapes."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))


def safe_json(content: bytes) -> bytes:
    """JSON of which every text is safe; the same bytes where nothing is suspect."""
    if not SUSPECT.search(content):
        return content
    escaped = ESCAPES.sub(_visible, content)
    text = escaped.decode("utf-8", "surrogateescape")
    return UNSAFE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text).encode()


def _visible(found: re.Match[bytes]) -> bytes:
    """`\\u0000` within JSON as a backslash and what names the character."""
    escape = found[0]
    if len(escape) != 6:
        return SHORT.get(escape, escape)
    return b"\\" + escape if UNSAFE.match(chr(int(escape[2:], 16))) else escape
