"""Passwords within addresses: `scheme://user:password@host`, `user:password@tcp(host)`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from kubewise_site.core.redaction import values
from kubewise_site.core.redaction.spans import Span, matched

URL = re2.compile(r"[A-Za-z][0-9A-Za-z+.-]{0,30}://([^\s\"'<>`]+)")
GO_DSN = re2.compile(r"(?:^|[\s\"'=(,])[0-9A-Za-z_.-]{1,64}:([^\s\"']+)@(?:tcp|unix|udp)6?\(")
ORACLE = re2.compile(
    r"(?:thin:|sqlplus(?: -[A-Za-z]{1,2})* |exp |imp |expdp |impdp )"
    r"[\"']?[0-9A-Za-z_$#.-]{1,64}/([^\s\"'/]{1,128})@"
)
SCP = re2.compile(
    r"(?:^|[\s\"'=(,])[0-9A-Za-z_.-]{1,40}:([^\s\"'/@:]{3,128})@[0-9A-Za-z-]{1,63}(?:\.[0-9A-Za-z-]{1,63}){0,6}(?::\d{1,5}|/|\s|$)"
)
LONGEST = 1024
PORT = re.compile(r"\d{1,5}(?:/|$)")
HOST = re.compile(r"@\[?[0-9A-Za-z_.:%-]{1,255}\]?")


def find(text: str) -> Iterator[Span]:
    """The password; or all before the @ where a token stands alone there."""
    for found in URL.finditer(text):
        yield from _userinfo(found.span(1)[0], found[1][:LONGEST])
    for pattern in (GO_DSN, ORACLE, SCP):
        for found in pattern.finditer(text):
            if not values.is_placeholder(found[1]) and not PORT.match(found[1]):
                yield matched(found, "credentials", 1)


def _userinfo(start: int, rest: str) -> Iterator[Span]:
    """Up to the last @ before a host: a password may hold @, : and / itself."""
    user, colon, _ = rest.partition(":")
    if not colon or any(mark in user for mark in "/?#@"):
        yield from _token_alone(start, rest)
        return
    first = len(user) + 1
    last = _last_at(rest, first)
    if last <= first or PORT.match(rest[first:]) or values.is_placeholder(rest[first:last]):
        return
    yield Span(start, start + last, "credentials")


def _last_at(rest: str, first: int) -> int:
    """Of the @ that hosts follow, the last one before a query; -1 where there is none."""
    end = rest.find("?", first)
    whole = rest if end < 0 or "@" not in rest[first:end] else rest[:end]
    at = whole.rfind("@")
    while at > first and not HOST.match(whole, at):
        at = whole.rfind("@", first, at)
    return at


def _token_alone(start: int, rest: str) -> Iterator[Span]:
    alone, at, _ = rest.partition("@")
    if at and "/" not in alone and len(alone) >= 16 and values.is_random(alone):
        yield Span(start, start + len(alone), "credentials")
