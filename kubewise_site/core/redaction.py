"""Secrets out of text, before it leaves the process or is stored.

Tokens that give themselves away by their form come from detect-secrets (token_patterns.py); what a
name gives away, connection strings, env values and mail addresses are ours. What stands for a
secret says which kind it was. Digests, UIDs, names, images, paths and numbers survive: a diagnosis
needs them. Every repetition that may begin anywhere is bounded, so that a hostile line takes no
time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from kubewise_site.core.token_patterns import DENSE, PATTERNS, Substitutes, is_dense

SENSITIVE = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key"
    r"|private[_-]?key|client[_-]?secret|credentials?|authorization|cookie|dsn|conn(?:ection)?[_-]?str(?:ing)?"
)
QUOTED = r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'"
SUFFIX = r"(?:[_-]?(?:base64|b64|hash|value|key|\d+))?"
VALUE = rf"{QUOTED}|(?!\[redacted)(?:(?:basic|bearer|digest)\s+)?[^\s,;&}}\]\"']+"
PLAIN_VALUE = re.compile(r"^[\"']?(?:-?\d+(?:\.\d+)?|true|false|null|none|yes|no)[\"']?$", re.I)
Replace = str | Callable[[re.Match[str]], str]


def _mark(kind: str) -> str:
    return f"[redacted:{kind}]"


def _keep_plain(kind: str) -> Callable[[re.Match[str]], str]:
    """Numbers and truth values behind an environment variable's name are no secrets."""

    def replace(found: re.Match[str]) -> str:
        if PLAIN_VALUE.match(found["value"]):
            return found[0]
        return found["key"] + _mark(kind)

    return replace


_by_name = _keep_plain("secret")


def _keep_sparse(found: re.Match[str]) -> str:
    return _mark("high entropy") if is_dense(found[0]) else found[0]


def _rule(kind: str, pattern: str, replace: Replace = "") -> tuple[re.Pattern[str], Replace]:
    return re.compile(pattern), replace or _mark(kind)


# In this order: what is recognised by its own form first, then what its name gives away.
RULES: tuple[tuple[Substitutes, Replace], ...] = (
    _rule(
        "private key",
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----[\s\S]*?"
        r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY-----|\Z)",
    ),
    _rule("jwt", r"\beyJ[A-Za-z0-9_-]{8,512}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    _rule(
        "credentials",
        r"(?i)\b(?P<scheme>[a-z][a-z0-9+.-]{0,20}://)[^\s:/@\"']{0,200}:[^\s/@\"']{1,200}@",
        lambda found: f"{found['scheme']}{_mark('credentials')}@",
    ),
    _rule(
        "credentials",
        r"(?<![\w.\[-])(?P<user>[\w.-]{1,64}):[^\s:/@\"'()]{1,200}@(?P<net>(?:tcp|unix)\()",
        lambda found: f"{found['user']}:{_mark('credentials')}@{found['net']}",
    ),
    *((pattern, _mark(kind)) for kind, pattern in PATTERNS),
    _rule("aws key", r"\b(?:AKIA|ASIA|AIDA|AROA)[0-9A-Z]{16}\b"),
    _rule("google key", r"\bAIza[0-9A-Za-z_-]{35}"),
    _rule("google token", r"\bya29\.[0-9A-Za-z_-]{20,}"),
    _rule("vault token", r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
    _rule("token", r"\b(?:dckr_pat_|dckr_oat_|dop_v1_|doo_v1_|hf_|shpat_|glsa_)[A-Za-z0-9_-]{20,}"),
    _rule("webhook", r"https://hooks\.slack\.com/[^\s\"'<>]{8,200}"),
    _rule(
        "signature",
        r"(?i)(?P<key>[?&;](?:sig|signature|x-amz-signature|x-amz-security-token)=)[^\s&;\"']+",
        lambda found: found["key"] + _mark("signature"),
    ),
    _rule("github token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})"),
    _rule("gitlab token", r"\bgl(?:pat|rt|dt|cbt)-[A-Za-z0-9_-]{18,}"),
    _rule("slack token", r"\b(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{10,}"),
    _rule("stripe key", r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    _rule("npm token", r"\bnpm_[A-Za-z0-9]{36}"),
    _rule("api key", r"\bsk-[A-Za-z0-9_-]{20,}"),
    _rule(
        "token",
        r"(?i)(?P<key>\b(?:bearer|basic|digest)\s+)(?=\S*\d)[A-Za-z0-9._~+/=-]{8,}",
        lambda found: found["key"] + _mark("token"),
    ),
    _rule(
        "secret",
        rf"(?i)(?P<key>(?:{SENSITIVE}){SUFFIX}[\"']?\s?=\s?)(?P<value>{VALUE})",
        _by_name,
    ),
    _rule(
        "secret",
        rf"(?i)(?P<key>(?<![\w-])--?[\w-]{{0,40}}(?:{SENSITIVE}){SUFFIX}\s)"
        rf"(?!-)(?P<value>{QUOTED}|(?!\[redacted)[^\s,;]+)",
        _by_name,
    ),
    _rule(
        "secret",
        # Not behind a slash: "open /etc/db-password: permission denied" is no secret.
        rf"(?i)(?P<key>(?<![\w./-])[\w.-]{{0,60}}(?:{SENSITIVE}){SUFFIX}[\"']?:\s?)(?P<value>{VALUE})",
        _by_name,
    ),
    _rule(
        "env value",
        rf"(?P<key>name[\"']?:\s*[\"']?[A-Za-z_][\w.-]*[\"']?,?\s+[\"']?value[\"']?:\s*)"
        rf"(?P<value>{QUOTED}|(?!\[redacted)[^\s,}}]+)",
        _keep_plain("env value"),
    ),
    _rule(
        "env value",
        rf"(?P<key>(?<![\w.?&-])[A-Z][A-Z0-9_]{{2,}}=)(?P<value>{QUOTED}|(?!\[redacted)[^\s,;}}\]]+)",
        _keep_plain("env value"),
    ),
    _rule("e-mail", r"\b[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b"),
    (DENSE, _keep_sparse),
)


NAMED = re.compile(rf"(?i)(?:{SENSITIVE}){SUFFIX}$")
FLAG = re.compile(rf"(?i)^--?[\w-]{{0,40}}(?:{SENSITIVE}){SUFFIX}$")


def names_a_secret(key: str) -> bool:
    """Whether what stands under this key is a secret by its name: `password`, `x/api-token`."""
    return bool(NAMED.search(key))


def asks_for_a_secret(argument: str) -> bool:
    """Whether the argument after this one is a secret: `--password`."""
    return bool(FLAG.match(argument))


def is_plain(value: str) -> bool:
    """Numbers and truth values are no secrets, whatever their name."""
    return bool(PLAIN_VALUE.match(value))


def redact(text: str) -> str:
    """`text` with every known form of secret replaced; a second time changes nothing."""
    for pattern, mark in RULES:
        text = pattern.sub(mark, text)
    return text


def redact_all(value: Any) -> Any:
    """The same for every text within lists (of arguments, too) and mappings; keys stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(items: Sequence[Any], index: int) -> Any:
    """An argument behind a flag that asks for a secret is one, whatever its form."""
    item, former = items[index], items[index - 1] if index else None
    if isinstance(former, str) and isinstance(item, str) and asks_for_a_secret(former):
        return item if is_plain(item) else _mark("secret")
    return redact_all(item)
