"""Redaction on the second corpus of forms that its author had not seen.

At first sight 92.4 % of 354 forms went and 1.8 % of 276 harmless lines changed.
"""

from __future__ import annotations

import time

import pytest

from kubewise_site.core.redaction import redact
from tests.kubewise_site.core.by_others.generated import Form, survives
from tests.kubewise_site.core.by_others.redaction_forms_2 import HARMLESS, PLANTED


def _leaks(planted: Form) -> bool:
    shown = redact(planted.text)
    return any(survives(secret, shown) for secret in planted.secrets)


def test_at_least_98_percent_of_the_second_corpus_go() -> None:
    found = [planted.text for planted in PLANTED if _leaks(planted)]
    assert len(PLANTED) >= 350
    assert len(found) <= 0.02 * len(PLANTED), found


def test_at_most_1_percent_of_its_harmless_lines_change() -> None:
    found = [text for _, text in HARMLESS if redact(text) != text]
    assert len(HARMLESS) >= 270
    assert len(found) <= 0.01 * len(HARMLESS), found


@pytest.mark.parametrize("planted", PLANTED[::12], ids=lambda planted: str(planted.text[:24]))
def test_16_kb_of_a_form_take_at_most_a_quarter_second(planted: Form) -> None:
    text = (f"{planted.text}\n" * (16 * 1024 // len(planted.text)))[: 16 * 1024]
    assert min(_seconds(f"{text[:-1]}{run}") for run in range(3)) <= 0.25


def _seconds(text: str) -> float:
    began = time.process_time()
    redact(text)
    return time.process_time() - began
