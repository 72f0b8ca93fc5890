"""What a value looks like: a placeholder, a plain number, readable, or random."""

from __future__ import annotations

import re
from itertools import pairwise

from kubewise_site.core.redaction.names import KNOWN
from kubewise_site.core.redaction.token_forms import classes_of, is_dense, share_of_changes

PLAIN = re.compile(
    r"^[\"']?(?:-?\d{1,5}(?:\.\d+)?(?:/\d{1,6})?(?:s|ms|m|h|d|%| [a-z]{1,10})?"
    r"|true|false|null|none|nil|yes|no|on|off)[\"']?$",
    re.I,
)
PLACEHOLDER = re.compile(
    r"^(?:\$\{.*|\$\(.*|\$[A-Za-z_]\w*|<[^<>]*>|\{\{.*|%[A-Za-z_]\w*%|[*x.•~-]+|X+|\?+|"
    r"\(?(?:hidden|masked|redacted|omitted|secret|sensitive|unset|empty|undefined|changeme here|"
    r"nil|null|none|n/a|not set)\)?|\[redacted.*|<redacted>|REDACTED|\*\*\*.*)$",
    re.I | re.S,
)
# Words that begin what is said about a secret, not the secret.
SAID = frozenset(KNOWN["said"].split())
ENDINGS = ("ed", "ing", "able", "ible", "tion")
PATH = re.compile(r"^(?:file:/{0,3}|~|\.{1,2})?(?:/[\w.@-]{1,64}){1,16}/?$")
OBJECT_NAME = re.compile(r"^(?:[a-z0-9.-]{1,64}/)?[a-z]{1,40}(?:[-.][a-z0-9]{1,40}){1,12}$")
SECOND_WORD = re.compile(r"[-.][a-z]{2,40}(?:[-.]|$)")
SEGMENTS = re.compile(r"[A-Za-z0-9]+")
POD_HASH = re.compile(r"^[bcdfghjklmnpqrstvwxz2456789]{5,10}$")
HEXADECIMAL = re.compile(r"^(?:0x)?[0-9a-fA-F-]{8,}$")
READABLE = re.compile(r"^(?:[A-Z]?[a-z]*|[A-Z]+)\d{0,8}[a-z]{0,3}$|^\d+[A-Za-z]{0,7}\d{0,7}Z?$")
DIGEST = re.compile(r"^(?:sha\d{1,3}|md5)[:-]", re.I)
REFERENCE = re.compile(
    r"^(?:vault|op|ref\+\w{1,20}|arn|secretsmanager|gcpsm|azkv|keyvault|ssm|sops):", re.I
)
SERIAL = re.compile(r"^[0-9A-Z]{4,8}(?:-[0-9A-Z]{4,8}){2,8}$")
ODD = re.compile(r"^[^\s:/=,]*[!#$%^*&?~][^\s:/=,]*$")
COMMON = frozenset(KNOWN["pairs_of_letters"].split())
BEGINNING_OF_A_WORD = ("A", "a")
LEAST_RANDOM = 0.34
CHECKSUM = re.compile(r"\b(?:checksum|digest|hash|sha\d{0,3}(?:sum)?|md5)/$", re.I)
NO_PASSWORD = re.compile(r"[0-9A-Za-z_.-]{0,60}+[=:]|v?\d{1,6}+\.\d|[\[<({]")


def is_plain(value: str) -> bool:
    """Small numbers and truth values are no secrets, whatever their name."""
    return bool(PLAIN.match(value))


def is_placeholder(value: str) -> bool:
    """Whether it only stands for a secret: `${DB_PASSWORD}`, `****`, `<password>`."""
    return not value or bool(PLACEHOLDER.match(value))


def is_reference(value: str) -> bool:
    """Whether it says in which store the secret is: `vault:secret/data/app#password`."""
    return bool(REFERENCE.match(value))


def is_said(value: str) -> bool:
    """Whether it is a word of a sentence about the secret: `expired`, `is`, `not`."""
    word = value.rstrip(".,:;!?)").lower()
    return word in SAID or (word.isalpha() and len(word) > 5 and word.endswith(ENDINGS))


def is_elsewhere(value: str) -> bool:
    """Whether it says where the secret is: a path, or an object's name with its namespace."""
    return bool(PATH.match(value)) and is_readable(value)


def is_object_name(value: str) -> bool:
    """`shop/db-credentials`: how objects are called, with a dash or a dot between words."""
    named = OBJECT_NAME.match(value) and SECOND_WORD.search(value)
    return bool(named) and ("/" in value or not any(char.isdigit() for char in value))


def is_of_a_checksum(text: str, at: int) -> bool:
    """Whether the name that begins there says what was summed up: `checksum/secret`."""
    return bool(CHECKSUM.search(text, max(0, at - 16), at))


def is_mixed(value: str) -> bool:
    """Digits and letters, and neither a name of an object, a version nor a pair."""
    bare = value.rstrip(".,;:!?")
    if is_object_name(bare) or is_plain(bare) or "/" in bare[:1]:
        return False
    digits, letters = any(c.isdigit() for c in bare), any(c.isalpha() for c in bare)
    return digits and letters and not NO_PASSWORD.match(bare)


def is_readable(value: str) -> bool:
    """Whether every part of it is a word, a number, a version, a size or a pod's suffix."""
    if ODD.search(value) and any(char.isdigit() or char.isupper() for char in value):
        return False
    return all(_reads(part) for part in SEGMENTS.findall(value))


def _reads(part: str) -> bool:
    if len(part) < 4 or READABLE.match(part) or POD_HASH.match(part) or HEXADECIMAL.match(part):
        return True
    changes = share_of_changes(classes_of(part), but=BEGINNING_OF_A_WORD)
    return changes < LEAST_RANDOM and _sounds(part)


def _sounds(part: str) -> bool:
    """Whether most of its pairs of letters are ones that words are made of."""
    pairs = ["".join(pair).lower() for pair in pairwise(part)]
    letters = [pair for pair in pairs if pair.isalpha()]
    return len(letters) < 4 or sum(pair in COMMON for pair in letters) >= len(letters) / 2


def is_random(value: str) -> bool:
    """Whether no one would write it as words: what makes the value behind a weak name a secret."""
    if len(value) < 8:
        return False
    if DIGEST.match(value):
        return False
    if SERIAL.match(value):
        return True
    if HEXADECIMAL.match(value):
        return len(value) >= 16 and "-" not in value
    return is_dense(value) or not is_readable(value)
