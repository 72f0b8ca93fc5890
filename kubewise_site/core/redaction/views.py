"""The same text as a secret's finder should see it: without disguise, without encoding.

A view knows where each of its characters stands in the original, so that what is found in the view
is replaced in the text itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from kubewise_site.core.redaction.lookalikes import LOOKALIKES
from kubewise_site.core.redaction.spans import MARK, Span

ROUNDS = 3
# Colours and cursor moves, raw or as the gate for foreign text shows them; soft hyphens and what
# has no width. What is dropped leaves no gap.
DROPPED = re.compile(
    "(?:\x1b|\\\\u001b|\\\\x1b|\\\\033|\\\\e)\\[[0-9;?]{0,20}[A-Za-z]"
    "|\\\\u(?:200[b-f]|202[a-e]|2060|206[6-9]|feff|00ad|0000)"
    "|[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
DISGUISED = re.compile(r"[^\x00-\x7f]|\x1b|\\u|\\x1b|\\033|\\e\[")
ENCODED = re.compile(
    r"\\{1,64}(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrt\"'/])|%[0-9A-Fa-f]{2}"
    r"|&(?:quot|apos|amp|lt|gt|#\d{1,6}|#x[0-9A-Fa-f]{1,5});"
)
BREAK = re.compile(r"[ \t]{0,8}\n[ \t]{0,80}")
CONCATENATED = re.compile(r"([\"'])[ \t]{0,8}[+\\]?[ \t]{0,8}\n[ \t]{0,80}\1")
NAMED = {"quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">"}
ESCAPED = {"n": "\n", "r": "\n", "t": " "}


class View:
    """`text` and, for each of its characters, where it begins and ends in the original."""

    def __init__(self, text: str, begins: Sequence[int], ends: Sequence[int]) -> None:
        self.text, self._begins, self._ends = text, begins, ends

    def in_original(self, span: Span) -> Span:
        return Span(self._begins[span.start], self._ends[span.end - 1], span.kind)

    def changed(self, pattern: re.Pattern[str], become: Callable[[str], str]) -> View:
        """The view with each match as the one character, or nothing, that it becomes."""
        pieces: list[str] = []
        begins: list[int] = []
        ends: list[int] = []
        for begin, end, text in _parts(self.text, pattern, become):
            pieces.append(text)
            if len(text) == end - begin:
                begins.extend(self._begins[begin:end])
                ends.extend(self._ends[begin:end])
            elif text:
                begins.append(self._begins[begin])
                ends.append(self._ends[end - 1])
        return View("".join(pieces), begins, ends)


def _parts(
    text: str, pattern: re.Pattern[str], become: Callable[[str], str]
) -> Iterator[tuple[int, int, str]]:
    done = 0
    for found in pattern.finditer(text):
        yield done, found.start(), text[done : found.start()]
        yield found.start(), found.end(), become(found[0])
        done = found.end()
    yield done, len(text), text[done:]


def views_of(text: str) -> list[View]:
    """The text in plain letters, and decoded as often as it is encoded (three times at most).

    Marks of a former pass are blank: their words are no names.
    """
    blank = MARK.sub(lambda found: "\0" * len(found[0]), text) if "[redacted:" in text else text
    plain = _undisguised(View(blank, range(len(text)), range(1, len(text) + 1)))
    found = [plain]
    for _ in range(ROUNDS):
        if not ENCODED.search(found[-1].text):
            break
        found.append(found[-1].changed(ENCODED, _decoded))
    return found


def without_breaks(view: View) -> View:
    """The same with the ends of lines gone: a token that was broken is whole."""
    return view.changed(BREAK, lambda _: "")


def with_strings_joined(view: View) -> View | None:
    """The same with `"a" + "b"` over two lines as one string; None where there is none."""
    return view.changed(CONCATENATED, lambda _: "") if CONCATENATED.search(view.text) else None


def _undisguised(view: View) -> View:
    if not DISGUISED.search(view.text):
        return view
    return view.changed(DROPPED, lambda _: "").changed(NOT_ASCII, plain_letter)


NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@lru_cache(maxsize=4096)
def plain_letter(char: str) -> str:
    """The ASCII character that it looks like; `~` where there is none."""
    if char in LOOKALIKES:
        return LOOKALIKES[char]
    if char.isspace():
        return " "
    folded = unicodedata.normalize("NFKD", char)[0]
    return folded if folded.isascii() else LOOKALIKES.get(folded, "~")


def _decoded(code: str) -> str:
    if code[0] == "\\":
        return _unescaped(code.lstrip("\\"))
    if code[0] == "%":
        return _one_ascii(int(code[1:], 16))
    name = code[1:-1]
    if name[0] != "#":
        return NAMED[name]
    return _one_ascii(int(name[2:], 16) if name[1] == "x" else int(name[1:]))


def _unescaped(code: str) -> str:
    if code[0] in "ux":
        return _one_ascii(int(code[1:], 16))
    return ESCAPED.get(code, code)


def _one_ascii(number: int) -> str:
    return plain_letter(chr(number)) if number <= 0x10FFFF else "~"
