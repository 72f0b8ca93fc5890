"""Redaction on forms that its author had not seen: at first sight 87.6 % and 5.1 %, then mended.

A leak is half of the secret in a row; over-redaction is any change of a harmless line.
"""

from __future__ import annotations

from kubewise_site.core.redaction import redact
from tests.kubewise_site.core.by_others.redaction_forms import H as HARMLESS
from tests.kubewise_site.core.by_others.redaction_forms import out as SECRETS


def leaked(text: str, secret: str) -> bool:
    shown = redact(text)
    half = max(min(6, len(secret)), len(secret) // 2)
    return any(secret[at : at + half] in shown for at in range(len(secret) - half + 1))


def test_at_least_98_percent_of_their_secrets_go() -> None:
    found = [one["text"] for one in SECRETS if leaked(one["text"], one["secret"])]
    assert len(SECRETS) >= 250
    assert len(found) <= 0.02 * len(SECRETS), found


def test_at_most_1_percent_of_their_harmless_lines_change() -> None:
    found = [one["text"] for one in HARMLESS if redact(one["text"]) != one["text"]]
    assert len(HARMLESS) >= 200
    assert len(found) <= 0.01 * len(HARMLESS), found
