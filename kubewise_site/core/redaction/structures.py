"""Secrets by structure: XML, name and value apart, YAML blocks, Secrets as manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from kubewise_site.core.redaction import values
from kubewise_site.core.redaction.names import Strength, strength
from kubewise_site.core.redaction.spans import Span

NAME = r"[0-9A-Za-z_.:/$-]{1,80}"
ELEMENT = re2.compile(rf"<({NAME})(?:\s[^<>]*)?>\s{{0,40}}(?:<!\[CDATA\[)?([^<>]+)")
NAMED_ELEMENT = re2.compile(
    rf"<[0-9A-Za-z_.:-]{{1,60}}\s[^<>]{{0,200}}?\b(?:name|key|id)\s?=\s?[\"']({NAME})[\"'][^<>]{{0,200}}>\s{{0,40}}([^<>]+)"
)
APART = re2.compile(
    rf"(?i)[\"']?\b(?:name|key|field|property|parameter|variable|header|id)[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?({NAME})[\"']?"
    r"(?:[,;]\s{0,60}|\s{1,60})[\"']?(?:value|val|content|data)[\"']?\s{0,4}[:=]\s{0,4}(\"[^\"\n]+\"|'[^'\n]+'|[^\s,}\]>]+)"
)
APART_JSON = re2.compile(
    rf"(?i)[\"'](?:name|key|field|property|parameter|variable|header|id)[\"']\s{{0,4}}:\s{{0,4}}[\"']({NAME})[\"']\s{{0,4}},\s{{0,60}}"
    r"[\"'](?:value|val|content|data)[\"']\s{0,4}:\s{0,4}(\"[^\"\n]+\"|'[^'\n]+'|[^\s,}\]]+)"
)
APART_BACKWARDS = re2.compile(
    r"(?i)[\"']value[\"']\s{0,4}:\s{0,4}(\"[^\"\n]+\"|'[^'\n]+')\s{0,4},\s{0,60}"
    rf"[\"'](?:name|key)[\"']\s{{0,4}}:\s{{0,4}}[\"']({NAME})[\"']"
)
CELL = re2.compile(
    rf"(?m)(?:^|[|])[ \t]*[\"']?({NAME})[\"']?[ \t]*[|\t][ \t]*([^\s|]{{6,200}})[ \t]*(?:[|]|$)"
)
TUPLE = re2.compile(
    rf"([{{(\[])[\"':]?({NAME})[\"']?,[ \t]{{0,4}}(?:<<)?(?:\"([^\"\n]+)\"|'([^'\n]+)')"
)
REFUSED = re2.compile(
    r"(?i)\b(?:invalid|bad|unexpected|malformed|illegal) value:? [\"'`]([^\"'`\n]+)[\"'`]([^\n]*)"
)
IDENTIFIER = re.compile(r"\b[A-Za-z]\w{0,60}(?:[_.]\w{1,60}){1,6}")
BLOCK = re.compile(
    r"^([ \t]{0,80})(?:- )?[\"']?([\w.$-]{1,80})[\"']?:[ \t]{0,4}(?:[|>][+-]?\d?)?[ \t]{0,8}\n",
    re.M,
)
BODY = re.compile(r"(?:[ \t]{0,120}\n|[ \t]{1,120}[^\n]{1,4096}(?:\n|$))")
SECRET_DATA = re.compile(r"^([ \t]{0,40})(?:stringData|data):[ \t]{0,4}\n", re.M)
KIND_SECRET = re2.compile(
    r"(?m)^[ \t]{0,40}[\"']?kind[\"']?:[ \t]{1,4}[\"']?Secret[\"']?[ \t]{0,4}$"
)
ENTRY = re.compile(r"[ \t]{1,120}[\"']?[\w.-]{1,253}[\"']?:[ \t]{1,8}([^\n]+)")
INDENT = re.compile(r"[ \t]{0,120}")


def find(text: str) -> Iterator[Span]:
    """What belongs to a name by the structure of its document."""
    for pattern, name, value in (
        (ELEMENT, 1, 2), (NAMED_ELEMENT, 1, 2), (APART, 1, 2), (APART_JSON, 1, 2),
        (APART_BACKWARDS, 2, 1),
    ):  # fmt: skip
        for found in pattern.finditer(text):
            yield from _span(found.span(value)[0], found[value], strength(found[name]))
    yield from _in_rows(text)
    yield from _refused(text)
    yield from _blocks(text)
    if KIND_SECRET.search(text):
        yield from _secret_data(text)


def _in_rows(text: str) -> Iterator[Span]:
    """Name and value as cells of a row, or as the two parts of a tuple."""
    for found in CELL.finditer(text):
        if values.is_mixed(found[2]) and strength(found[1]) is Strength.STRONG:
            yield from _span(found.span(2)[0], found[2], Strength.STRONG)
    for found in TUPLE.finditer(text):
        group = 3 if found[3] else 4
        if _is_second_part(found[group], found[1]):
            yield from _span(found.span(group)[0], found[group], strength(found[2]))


def _is_second_part(value: str, opening: str) -> bool:
    """Of a tuple: not of a list of scopes, and no sentence."""
    if values.is_said(value.split(" ")[0]):
        return False
    return opening == "{" or values.is_mixed(value)


def _refused(text: str) -> Iterator[Span]:
    """`Invalid value: "x": DB_PASSWORD must not contain dots`."""
    for found in REFUSED.finditer(text):
        names = IDENTIFIER.findall(found[2][:200])
        if any(strength(name) is Strength.STRONG for name in names):
            yield from _span(found.span(1)[0], found[1], Strength.STRONG)


def _span(start: int, value: str, known: Strength) -> Iterator[Span]:
    bare = value.strip().strip("\"'")
    if known is Strength.NONE or values.is_placeholder(bare) or values.is_plain(bare):
        return
    if known is Strength.WEAK and not values.is_random(bare):
        return
    if not values.is_elsewhere(bare):
        begin = start + value.index(bare)
        yield Span(begin, begin + len(bare), "secret")


def _blocks(text: str) -> Iterator[Span]:
    """`password: |` and what is indented below it."""
    for found in BLOCK.finditer(text):
        if strength(found[2]) is Strength.STRONG:
            end = _block_end(text, found.end(), len(found[1]))
            if end > found.end() and not _is_map(text, found.end(), end):
                yield Span(_indented(text, found.end()), len(text[:end].rstrip()), "secret")


def _indented(text: str, at: int) -> int:
    indent = INDENT.match(text, at)
    return indent.end() if indent else at


def _block_end(text: str, start: int, indent: int) -> int:
    at = start
    while (line := BODY.match(text, at)) and line.end() > at:
        if line[0].strip() and _indented(text, at) - at <= indent:
            break
        at = line.end()
    return at


def _is_map(text: str, start: int, end: int) -> bool:
    """`secret:` with fields below it, as a volume has."""
    first = text[start:end].lstrip().split("\n", 1)[0]
    return bool(re.match(r"(?:- )?[\"']?[\w.-]{1,80}[\"']?:(?:\s|$)", first))


def _secret_data(text: str) -> Iterator[Span]:
    """Every value below `data` and `stringData` of a Secret's manifest."""
    for found in SECRET_DATA.finditer(text):
        end = _block_end(text, found.end(), len(found[1]))
        for entry in ENTRY.finditer(text, found.end(), end):
            if entry[1].strip(" |>-+"):
                yield Span(entry.start(1), entry.start(1) + len(entry[1].rstrip()), "secret")
