"""Values behind a name: `password=x`, `"apiKey": "x"`, `:token => 'x'`, `--secret x`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from kubewise_site.core.redaction import values
from kubewise_site.core.redaction.names import (
    Strength,
    names_a_number,
    names_an_object,
    strength,
)
from kubewise_site.core.redaction.spans import Span, matched

MOST, MOST_WEAK = 512, 96
NAME = r"[0-9A-Za-z_.$@-]{1,80}"
PAIR = re2.compile(rf"({NAME})[\"'`\])]{{0,3}}[ \t]{{0,8}}(=>|:=|->|==|=|:)[ \t]{{0,16}}")
FLAG = re.compile(
    rf"(?<![^\s\"'\[,(])(--?{NAME})[\"'`]{{0,2}}"
    r"(?:[ \t]{0,8}\\\n[ \t]{0,40}|[ \t]{1,8}|,[ \t]{0,8}|\n[ \t]{0,40}-[ \t]{1,8})"
)
OPEN_END = re.compile(
    r"(?:[^\s,;&\"'`<>(){}\[\]|]|[,;&|](?![\s\"']|$|[\w.-]{1,40}\s?[=:])|[(){}\[\]<>\"'`](?=[^\s,;:)}\]\"'])){0,512}+"
)
SCHEME = re.compile(
    r"(?:basic|bearer|digest|token|apikey|api-key|geniekey|negotiate|ntlm|splunk|sso-key|key"
    r"|aws4-hmac-sha256)[ \t]{1,4}",
    re.I,
)
# What a program's dump puts around a text: `Some("x")`, `SecretStr('x')`, `<<"x">>`.
WRAPPED = re.compile(
    r"(?:(?:Some|Ok|Just|Optional|Secret|SecretStr|SecretString|SecretBytes|Password|Token|String"
    r"|str|bytes|Buffer\.from|Ptr|pointer)[(\[]|<<)(?=[\"'])"
)
QUOTED = {quote: re.compile(rf"(?:[^{quote}\\\n]|\\.){{0,4096}}", re.S) for quote in "\"'`"}
REST_OF_LINE = re.compile(r"[^\n]{0,4096}")
LINE_START = re.compile(r"[ \t]{0,80}(?:- |# |export |set |ENV |ARG )?[\"']?$")
WORD = re.compile(r"[A-Za-z']{1,40}(?=[\s.,;:!?)]|$)")
BEFORE = re.compile(r"([A-Za-z]{1,20}) (?:([A-Za-z]{1,20}) )?$")
BRACED = {"{": re.compile(r"\{[^{}\n]{1,512}\}"), "[": re.compile(r"\[[^\[\]\n]{1,512}\]")}
# `<set to the key 'password' in secret 'db'>`, as kubectl describes it.
PLACE = re.compile(r"<[^<>\n]{1,200}>")
NEXT_LINE = re.compile(r"\n([^\s:=\"'{}\[\]<>-][^\s:={}\[\]<>]{5,128})[ \t]{0,8}(?:\n|$)")
SENTENCE = re.compile(r"[A-Za-z]{1,20} [a-z]{1,20}[:,. ]")
HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-amz-security-token"}
)
SHORT_FLAGS = frozenset({"pass", "pw"})
CAPITALS = re.compile(r"(?!SHA\d|MD5)[A-Z][A-Z0-9_]{2,}")


def find(text: str) -> Iterator[Span]:
    """What stands behind names that announce a secret."""
    done = 0
    for found in PAIR.finditer(text):
        if found.start() < done:
            continue  # within a value that goes as a whole
        for span in _value(text, found.start(), found[1], found[2], found.end()):
            done = span.end
            yield span
    for found in FLAG.finditer(text):
        name = found[1].lstrip("-")
        is_asked = strength(name) is Strength.STRONG or name in SHORT_FLAGS
        if is_asked and not text.startswith("-", found.end()):
            yield from _span(
                text, name, *_quoted_or_open(text, found.end()), Strength.STRONG, False
            )


def _value(text: str, at: int, name: str, sep: str, start: int) -> Iterator[Span]:
    known = _strength(text, at, name)
    if known is Strength.NONE or PLACE.match(text, start):
        return
    if name.lower().lstrip("-") in HEADERS and ":" in sep:
        yield from _header(text, start)
    elif text[start : start + 1] == "\n":
        yield from _on_the_next_line(text, start, known)
    else:
        yield from _beside(text, at, name, sep, start, known)


def _beside(text: str, at: int, name: str, sep: str, start: int, known: Strength) -> Iterator[Span]:
    """The value in the same line."""
    most = MOST if known is Strength.STRONG else MOST_WEAK
    first, last = _quoted_or_open(text, start, most)
    is_line = bool(LINE_START.match(text, text.rfind("\n", 0, at) + 1, at))
    if is_line and first == start and known is Strength.STRONG and ":" in sep:
        last = max(last, _line_end(text, start))
    prose = sep == ":" and text[start : start + 1] not in QUOTED
    yield from _span(text, name, first, last, known, prose)


def _on_the_next_line(text: str, start: int, known: Strength) -> Iterator[Span]:
    """`Password:` and below it one word that holds letters and digits."""
    line = NEXT_LINE.match(text, start)
    if line and known is Strength.STRONG:
        word = line[1]
        if any(char.isdigit() for char in word) and any(char.isalpha() for char in word):
            yield matched(line, "secret", 1)


def _strength(text: str, at: int, name: str) -> Strength:
    """Of the name; with the words before it where it is one word of several: `api key: x`."""
    if values.is_of_a_checksum(text, at):
        return Strength.NONE
    known = strength(name)
    if known is Strength.STRONG:
        return known
    if not any(mark in name for mark in "_-.") and _ends_words(text, at, name):
        return Strength.STRONG
    return _of_env(name, known)


def _ends_words(text: str, at: int, name: str) -> bool:
    """Whether the words before the name make a secret of it: `api key`."""
    before = BEFORE.search(text, max(0, at - 44), at)
    if before is None or name.lower() not in LAST_WORDS:
        return False
    words = [word for word in before.groups() if word]
    return strength("_".join([*words, name])) is Strength.STRONG


LAST_WORDS = frozenset({"key", "code", "string", "phrase", "word", "passe", "pass", "material"})


def _of_env(name: str, known: Strength) -> Strength:
    """An environment variable may hold a secret that its name doesn't tell."""
    return Strength.WEAK if known is Strength.NONE and CAPITALS.fullmatch(name) else known


def _header(text: str, start: int) -> Iterator[Span]:
    line = REST_OF_LINE.match(text, start)
    if line is None:
        return
    quote = min(
        (i for i in (text.find(q, start, line.end()) for q in "\"'`") if i > start),
        default=line.end(),
    )
    if text[start : start + 1] in "\"'" and start < len(text):
        first, last = _quoted_or_open(text, start)
        yield from _span(text, "", first, last, Strength.STRONG, False)
        return
    value = text[start:quote].rstrip()
    if not _is_no_header(value):
        yield Span(start, start + len(value), "secret")


def _is_no_header(value: str) -> bool:
    """A sentence about it, or a placeholder, behind a scheme or without one."""
    scheme = SCHEME.match(value)
    if scheme is None and SENTENCE.match(value):
        return True
    bare = value[scheme.end() :] if scheme else value
    return values.is_said(bare.split(" ")[0]) or values.is_placeholder(bare)


def _quoted_or_open(text: str, start: int, most: int = MOST) -> tuple[int, int]:
    """Where the value begins and ends, without its quotes; a scheme before it is not of it."""
    if wrapped := WRAPPED.match(text, start):
        start = wrapped.end()
    opening = text[start : start + 1]
    if opening in QUOTED:
        body = QUOTED[opening].match(text, start + 1)
        return start + 1, body.end() if body else start + 1
    if opening in BRACED and (braced := BRACED[opening].match(text, start)):
        return start + 1, braced.end() - 1
    scheme = SCHEME.match(text, start)
    first = scheme.end() if scheme else start
    body = OPEN_END.match(text, first, first + most)
    return first, body.end() if body else first


def _line_end(text: str, start: int) -> int:
    """A value in a line of its own goes to the line's end, spaces and all."""
    line = REST_OF_LINE.match(text, start)
    return start + len(line[0].rstrip(" \t\r,")) if line and not _is_sentence(line[0]) else start


def _is_sentence(line: str) -> bool:
    words = WORD.findall(line[:200])[:6]
    return any(values.is_said(word) for word in words)


def _span(
    text: str, name: str, first: int, last: int, known: Strength, prose: bool
) -> Iterator[Span]:
    value = text[first:last]
    if _is_harmless(name, value, known) or (prose and _speaks_of_it(text, value, last)):
        return
    yield Span(first, last, "secret" if known is Strength.STRONG else "value")


def _is_harmless(name: str, value: str, known: Strength) -> bool:
    if values.is_placeholder(value) or values.is_plain(value) or values.is_elsewhere(value):
        return True
    if values.is_reference(value):
        return True
    if known is Strength.WEAK:
        return not _is_weak_secret(name, value)
    return names_an_object(name) and (values.is_object_name(value) or _is_label(name, value))


def _is_label(name: str, value: str) -> bool:
    """`secret="db"`: the name of a Secret object as a metric's label."""
    return name == "secret" and value.isalpha() and value.islower() and len(value) <= 8


def _is_weak_secret(name: str, value: str) -> bool:
    if names_a_number(name) and value.isdigit():
        return 4 <= len(value) <= 12
    if value.startswith("-") or "://" in value or "/" in value[:1]:
        return False
    return values.is_random(value)


def _speaks_of_it(text: str, value: str, last: int) -> bool:
    """`token: unexpected status`: the colon of a sentence, not of a pair."""
    if values.is_said(value):
        return True
    return (
        value.isalpha() and value.islower() and bool(re.match(r" [a-z\"']", text[last : last + 2]))
    )
