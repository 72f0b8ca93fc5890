"""What a name says about the value behind it.

A strong name (`db_password`, `encryptionKey`) makes any value a secret; a weak one (`sig`, `pin`,
`LICENSE`) only a value that no one would write as words. A name that ends in what describes a
secret (`secretName`, `token_ttl`, `password-file`) says where it is or how it is kept, not what.
"""

from __future__ import annotations

import re
import tomllib
from enum import Enum
from functools import lru_cache
from pathlib import Path


class Strength(Enum):
    NONE = 0
    WEAK = 1
    STRONG = 2


WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
KNOWN = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
NUMBERS = frozenset({"pin", "otp", "totp", "mfa", "cvv", "passcode"})
# A long word ends in it: `Datenbankpasswort`.
COMPOUND = (
    "password", "passwd", "passwort", "kennwort", "schlussel", "passphrase", "apikey",
    "keypass", "storepass",
)  # fmt: skip
OBJECTS = frozenset({"secret", "secrets", "credentials", "credential"})
SECRET, BEFORE_KEY, WEAK, FORMS = (
    frozenset(KNOWN[name].split()) for name in ("secret", "before_key", "weak", "forms")
)
PAIRS, REFERENCES = (
    frozenset(tuple(pair.split()) for pair in KNOWN[name]) for name in ("pairs", "references")
)


@lru_cache(maxsize=8192)
def strength(name: str) -> Strength:
    """Of a name in any usual spelling: snake, kebab, dotted, camel, capitals."""
    words = tuple(word.lower() for word in WORDS.findall(name))
    while words and (words[-1] in FORMS or words[-1].isdigit()) and len(words) > 1:
        words = words[:-1]
    return _of_words(words)


def _of_words(words: tuple[str, ...]) -> Strength:
    if not words:
        return Strength.NONE
    if _is_secret(words):
        return Strength.STRONG
    return Strength.WEAK if words[-1] in WEAK else Strength.NONE


def _is_secret(words: tuple[str, ...]) -> bool:
    last = words[-1]
    if words[-2:] in REFERENCES:
        return False
    if last == "key" or last == "keys":
        return len(words) > 1 and words[-2] in BEFORE_KEY
    if (
        last in SECRET
        or last.endswith(COMPOUND)
        or any(words[-len(pair) :] == pair for pair in PAIRS)
    ):
        return True
    return last == "pass" and len(words) > 1


def names_a_number(name: str) -> bool:
    """Whether digits alone are the secret behind it: `PIN: 57123178`."""
    words = WORDS.findall(name)
    return bool(words) and words[-1].lower() in NUMBERS


def names_an_object(name: str) -> bool:
    """Whether a Secret object's name may stand behind it: `secret=shop/db-credentials`."""
    words = WORDS.findall(name)
    return bool(words) and words[-1].lower() in OBJECTS
