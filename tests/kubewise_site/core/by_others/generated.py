"""Values of the kinds that the second corpus names, made at load and the same each time."""

from __future__ import annotations

import base64
import random
import re
import string
import uuid
from typing import NamedTuple

MARK = re.compile(r"⟦(S:)?([a-z0-9]+)(?::(\d+))?⟧")
WORDS = (
    "Kestrel", "harbour", "Violet", "gravel", "Saffron", "meadow", "Tundra", "walnut", "Copper",
    "lantern", "Juniper", "pebble",
)  # fmt: skip
ALNUM = string.ascii_letters + string.digits
ALPHABETS = {
    "alnum": ALNUM,
    "lower": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + string.digits,
    "letters": string.ascii_letters,
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "hexupper": "0123456789ABCDEF",
    "b64url": ALNUM + "-_",
    "bech": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}


class Form(NamedTuple):
    """A text with planted secrets."""

    group: str
    text: str
    secrets: tuple[str, ...]


def form(group: str, template: str) -> Form:
    """The template with its marks filled in."""
    secrets: list[str] = []
    return Form(group, _filled(template, secrets), tuple(secrets))


def line(template: str) -> str:
    """A harmless line with its marks filled in."""
    return _filled(template, [])


def survives(secret: str, text: str) -> bool:
    """Whether half of the secret in a row is readable in the text."""
    half = max(min(6, len(secret)), len(secret) // 2)
    return any(secret[at : at + half] in text for at in range(len(secret) - half + 1))


def _filled(template: str, secrets: list[str]) -> str:
    source = random.Random(template)
    return MARK.sub(lambda match: _value(match, source, secrets), _with_breaks(template))


def _with_breaks(template: str) -> str:
    """`\\n` and `\\t` as what they stand for; a doubled backslash keeps them written."""
    return template.replace("\\n", "\n").replace("\\t", "\t").replace("\\\n", "\\n")


def _value(match: re.Match[str], source: random.Random, secrets: list[str]) -> str:
    value = _of_kind(match[2], int(match[3] or 0), source)
    if match[1]:
        secrets.append(value)
    return value


def _of_kind(kind: str, size: int, source: random.Random) -> str:
    if kind in ALPHABETS:
        return _drawn(size, source, ALPHABETS[kind])
    return MADE[kind](size, source)


def _word(_size: int, source: random.Random) -> str:
    return f"{source.choice(WORDS)}{source.choice(WORDS)}{source.randint(10, 99)}"


def _strong(_size: int, source: random.Random) -> str:
    return f"{_drawn(8, source)}{source.choice('!+#*')}{_drawn(5, source)}"


def _drawn(size: int, source: random.Random, alphabet: str = ALNUM) -> str:
    return "".join(source.choice(alphabet) for _ in range(size))


def _b64(size: int, source: random.Random) -> str:
    return base64.b64encode(source.randbytes(size)).decode()


def _b64pct(size: int, source: random.Random) -> str:
    return _b64(size, source).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def _b64pair(_size: int, source: random.Random) -> str:
    return base64.b64encode(f"robot:{_word(0, source)}".encode()).decode()


def _uuid(_size: int, source: random.Random) -> str:
    return str(uuid.UUID(bytes=source.randbytes(16), version=4))


def _jwt(_size: int, source: random.Random) -> str:
    subject = b'{"sub":"system:serviceaccount:shop:web","n":%d}' % source.randint(1, 9999)
    parts = (b'{"alg":"RS256","kid":"a"}', subject, source.randbytes(64))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


MADE = {
    "word": _word,
    "strong": _strong,
    "b64": _b64,
    "b64pct": _b64pct,
    "b64pair": _b64pair,
    "uuid": _uuid,
    "jwt": _jwt,
}
