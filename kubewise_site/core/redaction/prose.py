"""Secrets told in a sentence: `the password is X`, `with key 9f86…`, `Passwort lautet X`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from kubewise_site.core.redaction import values
from kubewise_site.core.redaction.spans import Span, matched

NOUN = (
    r"password|passwd|passphrase|passcode|pass phrase|pwd|secret|token|api[ _-]?key|access[ _-]?key"
    r"|secret[ _-]?key|private[ _-]?key|encryption[ _-]?key|signing[ _-]?key|license[ _-]?key|key"
    r"|pin|otp|code|cookie|credentials?|passwort|kennwort|contrasena|clave|mot de passe|senha"
    r"|wachtwoord|parola"
)
TOLD = re2.compile(
    rf"(?i)\b({NOUN})(?: (?:for|of)(?: [0-9A-Za-z_.@/'-]{{1,60}}){{1,4}})?(?: ha[sd] been)?"
    r"(?: \([^()\n]{1,40}\))? (?:is|was|ist|war|lautet|es|est|e|to|set to|changed to|reset to"
    r"|updated to|rotated to|equals|of|as|now|=|:)"
    r"(?: now| set to| currently)?:? [\"'`(\[]?([^\s\"'`)\]]{3,512})"
)
NEXT_TO = re2.compile(rf"(?i)\b({NOUN})s? [\"'`(]?([^\s\"'`),;]{{4,512}})")
# What a server says when it starts: `A temporary password is generated for root@host: X`.
AT_END = re2.compile(
    rf"(?im)\b(?:{NOUN})\b([^\n:=]+)[:=] ?[\"'`]?([^\s\"'`]{{6,200}})[\"'`]?[ \t\r]*$"
)
BELOW = re2.compile(
    rf"(?im)^([^\n]*\b(?:{NOUN})\b[^\n]*)\n(?:[^\n0-9A-Za-z]*\n){{0,3}}[^\n0-9A-Za-z]*"
    r"(?:(?:new )?(?:value|password|token|key) ?[:=] ?)?[\"'`]?([0-9A-Za-z+/=_-]{12,128})[\"'`]?"
    r"[^\n0-9A-Za-z]*$"
)
GIVEN = re.compile(
    r"\b(?:generated|created|initial|initiali[sz]ed|temporary|temp|default|new|reset|set|bootstrap"
    r"|startup|start-up|random|one-time|following|use|your|is|created)\b",
    re.I,
)
ACCOUNT = re.compile(
    r"\b(?:user|username|account|login|host|server|database|node|pod|file|path|namespace|code|state"
    r"|status|error|version|id|line|name|at|in|sha\d{0,3}|md5|digest)[ \t]*$",
    re.I,
)
MOST_BETWEEN = 160
ROW = re2.compile(r"(?m)^[ \t]*(?:PASSWORD|password) [0-9A-Za-z_.@-]+ = ([^\s\"']+)[ \t]*$")
HEX = re2.compile(
    rf"(?i)\b(?:{NOUN}|hmac|aes|salt|seed|iv|signature)[^\n0-9A-Za-z-][^\n]{{0,24}}?"
    r"\b((?:0x)?[0-9a-f]{24,})\b"
)
WORDS_BETWEEN = r"(?:[ ,:]{1,3}[a-zA-Z@]{1,40}){0,6}[ ,:]{1,3}"
# A word that nobody but its owner chose, some words behind one for password.
FAR = re2.compile(
    r"(?i)\b(?:password|passwd|passphrase|pass|pwd|pw|kennwort|passwort|clave|contrasena|senha)\b"
    rf"{WORDS_BETWEEN}[\"'`\[(]?([^\s\"'`\])]{{8,200}})"
)
NEAR = re2.compile(r"(?i)\b(?:secret|token|credential)s? [\"'`\[(]?([^\s\"'`\])]{8,200})")
SCHEME = re2.compile(r"(?i)\b(?:bearer|basic|digest|apikey|geniekey) ([0-9A-Za-z._~+/=-]{8,})")
OTHER_LANGUAGES = re.compile(
    r"(?:пароль|секрет|ключ|токен|密码|密碼|口令|密钥|令牌|パスワード|暗証番号|비밀번호|암호|"
    r"كلمة المرور|كلمة السر|"
    r"סיסמה|รหัสผ่าน|κωδικός|गुप्तशब्द|पासवर्ड)"
    r"(?:[\"'` \t]{1,4}\w{1,20}){0,3}[\"'` \t]{0,4}(?:[:=：＝]|=>|is|は|是|为)"
    r"[ \t\"'`]{0,6}([^\s\"'`,;，。]{3,512})",
    re.I,
)
STRONG_NOUN = re.compile(r"pass|pwd|kennwort|contrase|clave|mot de|senha|wacht|parola", re.I)
NO_CHOICE = re.compile(
    r"[/:=@\\(){}<>\[\]]|^v?\d{1,6}\.\d|\.(?:go|py|java|js|c|cc|yaml)\b|^0x"
    r"|(?:sha|base|utf|pbkdf|aes|rsa|md|SHA|Base|UTF|PBKDF|AES|RSA|MD)\d"
)


def find(text: str) -> Iterator[Span]:
    """What a sentence gives away; words about a secret stay."""
    yield from _told(text)
    yield from _chosen(text)
    yield from _given(text)
    yield from _behind_schemes(text)
    for found in HEX.finditer(text):
        if not values.is_of_a_checksum(text, found.start()):
            yield matched(found, "secret", 1)


def _told(text: str) -> Iterator[Span]:
    for found in TOLD.finditer(text):
        if _is_told(found[1], found[2]):
            yield _trimmed(found, 2)
    for found in NEXT_TO.finditer(text):
        if values.is_mixed(found[2]) and STRONG_NOUN.match(found[1]):
            yield _trimmed(found, 2)


def _chosen(text: str) -> Iterator[Span]:
    for pattern in (FAR, NEAR):
        for found in pattern.finditer(text):
            if _is_chosen(found[1]):
                yield _trimmed(found, 1)


def _given(text: str) -> Iterator[Span]:
    """What a server made for its first user: at the sentence's end, or alone in the next line."""
    for found in AT_END.finditer(text):
        before = text[max(0, found.start() - 40) : found.span(2)[0]][-MOST_BETWEEN:]
        if GIVEN.search(before) and not ACCOUNT.search(found[1]) and values.is_mixed(found[2]):
            yield _trimmed(found, 2)
    if "\n" in text:
        yield from _below(text)
    yield from (matched(found, "secret", 1) for found in ROW.finditer(text))


def _below(text: str) -> Iterator[Span]:
    for found in BELOW.finditer(text):
        alone = values.is_random(found[2]) or "-" not in found[2]
        if alone and GIVEN.search(found[1]) and values.is_mixed(found[2]):
            yield matched(found, "secret", 2)


def _behind_schemes(text: str) -> Iterator[Span]:
    for found in SCHEME.finditer(text):
        if any(char.isdigit() for char in found[1]):
            yield matched(found, "token", 1)


def find_in_other_scripts(text: str) -> Iterator[Span]:
    """For the original: in the view of plain letters those words are gone."""
    for found in OTHER_LANGUAGES.finditer(text):
        if not values.is_placeholder(found[1]):
            yield matched(found, "secret", 1)


def _is_told(noun: str, value: str) -> bool:
    bare = value.rstrip(".,;:!?")
    if (
        bare.endswith("(")
        or values.is_said(bare)
        or values.is_placeholder(bare)
        or values.is_elsewhere(bare)
    ):
        return False
    if STRONG_NOUN.match(noun):
        return not values.is_plain(bare) or len(bare) > 3
    return values.is_mixed(bare)


def _is_chosen(word: str) -> bool:
    """Letters, digits, and a capital or a sign among them; no name, address, version or path."""
    bare = word.rstrip(".,;:")
    if NO_CHOICE.search(bare) or bare.upper() == bare or values.is_elsewhere(bare):
        return False
    digits = sum(char.isdigit() for char in bare)
    mixed = any(char.isupper() or char in "_!#$%^&*?~+" for char in bare)
    return digits >= 2 and mixed and any(char.isalpha() for char in bare)


def _trimmed(found: re2._Match[str], group: int) -> Span:
    start, _ = found.span(group)
    return Span(start, start + len(found[group].rstrip(".,;:!?")), "secret")
