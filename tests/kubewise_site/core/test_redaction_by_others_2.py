"""Redaction on the second corpus of forms that its author had not seen.

At first sight 92.4 % of 354 forms went and 1.8 % of 276 harmless lines changed.
"""

from __future__ import annotations

from kubewise_site.core.redaction import redact
from tests.kubewise_site.core.by_others.generated import Form, survives
from tests.kubewise_site.core.by_others.redaction_forms_2 import HARMLESS, PLANTED


def _leaks(planted: Form) -> bool:
    shown = redact(planted.text)
    return any(survives(secret, shown) for secret in planted.secrets)


def test_at_least_92_percent_of_the_second_corpus_go() -> None:
    found = [planted.text for planted in PLANTED if _leaks(planted)]
    assert len(PLANTED) >= 350
    assert len(found) <= 0.08 * len(PLANTED), found


def test_at_most_2_percent_of_its_harmless_lines_change() -> None:
    found = [text for _, text in HARMLESS if redact(text) != text]
    assert len(HARMLESS) >= 270
    assert len(found) <= 0.02 * len(HARMLESS), found
