"""Tokens that give themselves away by their own form, whatever stands around them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import re2

from kubewise_site.core.redaction.spans import Span, matched
from kubewise_site.core.redaction.token_forms import (
    DENSE,
    DIGEST,
    DIGEST_BEFORE,
    PATTERNS,
    classes_of,
    is_dense,
    share_of_changes,
)

KNOWN = tomllib.loads(Path(__file__).with_name("tokens.toml").read_text(encoding="utf-8"))
LEAST_MIXED = 0.3
TO_BE_RANDOM = frozenset(KNOWN["random"])


def form_of(forms: Iterable[str]) -> re2._Regexp[str]:
    """Any of them, where no name or number runs into it."""
    return re2.compile(rf"(?:^|[^0-9A-Za-z_.-])({'|'.join(forms)})")


FORMS = tuple((kind, form_of(forms)) for kind, forms in KNOWN["forms"].items())
JWT = re2.compile(r"eyJ[0-9A-Za-z_-]{8,}(?:\s{0,12}\.\s{0,12}[0-9A-Za-z_-]{6,}){1,4}")
PEM = re2.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_END = re2.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
WEBHOOK = re2.compile(
    r"(?i)https?://(?:hooks\.slack\.com|hooks\.zapier\.com|hook\.[a-z0-9.]{0,20}make\.com"
    r"|(?:[a-z]{1,20}\.)?discord(?:app)?\.com/api(?:/v[0-9]{1,2})?/webhooks|outlook\.office(?:365)?\.com/webhook"
    r"|[a-z0-9.-]{1,80}\.webhook\.office\.com|[a-z0-9.-]{1,80}\.logic\.azure\.com"
    r"|chat\.googleapis\.com/v1/spaces|api\.telegram\.org/bot[0-9]|events\.pagerduty\.com/integration"
    r"|maker\.ifttt\.com|oapi\.dingtalk\.com/robot|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot"
    r"|qyapi\.weixin\.qq\.com/cgi-bin/webhook|webhook\.site|[a-z0-9.-]{1,80}/hooks/[a-z0-9]{8}"
    r"|[a-z0-9.-]{1,80}/hooks/[a-z0-9]{17}/)[^\s\"'<>]*"
)
EMAIL = re2.compile(r"\b[0-9A-Za-z_.+-]{1,64}@(?:[0-9A-Za-z-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
# `ssh deploy@bastion.example.org`: who logs in where, not somebody's address.
LOGIN = re.compile(r"\b(?:ssh|scp|sftp|rsync|ssh-copy-id|mosh)\b[^\n|;&]{0,160}[ '\"]$")
SIGNED = re2.compile(
    r"(?i)[?&;](?:sig|signature|x-(?:amz|goog|oss|ms)-(?:signature|security-token|credential)"
    r"|code|client_secret|access_token|key|sid|auth)=([^\s&;\"'<>]{8,})"
)
FURTHER_LINE = re.compile(
    r"[\"'+\\]{0,3}[ \t]{0,16}\n[ \t]{0,40}[\"'+>|]{0,2}([0-9A-Za-z+/_=.-]{16,})"
    r"[\"',;]{0,3}[ \t\r]{0,8}(?=\n|$)"
)


def find(text: str) -> Iterator[Span]:
    """Every token in it, in any order."""
    yield from _continued(text, _of_forms(text))
    yield from _continued(text, _dense(text))
    yield from _private_keys(text)
    yield from (matched(found, "webhook") for found in WEBHOOK.finditer(text))
    for found in EMAIL.finditer(text):
        if not LOGIN.search(text, max(0, found.start() - 200), found.start()):
            yield matched(found, "e-mail")
    for found in SIGNED.finditer(text):
        if _proves_itself(found[1]):
            yield matched(found, "signature", 1)


def find_broken(text: str) -> Iterator[Span]:
    """Tokens of a known form in a text whose line breaks are gone."""
    yield from _of_forms(text)


def _proves_itself(value: str) -> bool:
    return is_dense(value) or len(value) >= 16


def _of_forms(text: str) -> Iterator[Span]:
    for kind, pattern in FORMS:
        for found in pattern.finditer(text):
            if kind not in TO_BE_RANDOM or _looks_random(found[1]):
                yield matched(found, kind, 1)
    for kind, library in PATTERNS:
        yield from (matched(found, kind) for found in _finditer(library, text))
    yield from (matched(found, "jwt") for found in JWT.finditer(text))


def _finditer(pattern: Any, text: str) -> Iterator[Any]:
    found: Iterator[Any] = pattern.finditer(text)
    return found


def _looks_random(token: str) -> bool:
    """Digits within letters; a name that only begins alike is words."""
    rest = token[len(token) // 3 :]
    digits = any(char.isdigit() for char in rest) and any(char.isalpha() for char in rest)
    return digits or (rest.isalpha() and share_of_changes(classes_of(rest)) >= LEAST_MIXED)


def _private_keys(text: str) -> Iterator[Span]:
    """From a key's first line to its last; to the end of the text where that is cut off."""
    done = 0
    while found := PEM.search(text, done):
        end = PEM_END.search(text, found.end())
        done = end.end() if end else len(text)
        yield Span(found.start(), done, "private key")


def _dense(text: str) -> Iterator[Span]:
    for found in DENSE.finditer(text):
        start, end = found.span()
        named_digest = DIGEST.match(found[0]) or DIGEST_BEFORE.search(
            text, max(0, start - 8), start
        )
        if not named_digest and is_dense(found[0]):
            yield Span(start, end, "high entropy")


def _continued(text: str, spans: Iterator[Span]) -> Iterator[Span]:
    """A token that ends with its line goes on in the next ones, where those are such runs."""
    for span in spans:
        end = span.end
        while (more := FURTHER_LINE.match(text, end)) and _goes_on(more[1]):
            end = more.end(1)
        yield span._replace(end=end)


def _goes_on(run: str) -> bool:
    return len(set(classes_of("".join(char for char in run if char.isalnum())))) == 3
