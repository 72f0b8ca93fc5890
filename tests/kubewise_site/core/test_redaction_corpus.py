"""Redaction measured on a corpus: recall on planted secrets, and what must survive does."""

from __future__ import annotations

from collections import Counter

import pytest

from kubewise_site.core.redaction import redact
from tests.kubewise_site.core.secrets_corpus import KEPT, PLANTED, Sample, kept, planted

EACH = 60


def leaked(sample: Sample) -> bool:
    """Whether a piece of the secret that could be used is still there: half of it in a row."""
    text, token = redact(sample.line), sample.token
    half = max(6, len(token) // 2)
    return any(token[at : at + half] in text for at in range(len(token) - half + 1))


def lost(sample: Sample) -> bool:
    return sample.token not in redact(sample.line)


def share_of(found: list[Sample], total: int) -> str:
    worst = Counter(sample.kind for sample in found).most_common(5)
    return f"{len(found)} of {total}: {worst}; {[sample.line for sample in found[:5]]}"


def test_at_least_99_percent_of_planted_secrets_of_25_kinds_go() -> None:
    samples = list(planted(EACH))
    found = [sample for sample in samples if leaked(sample)]
    assert len(PLANTED) >= 25
    assert len(found) <= 0.01 * len(samples), share_of(found, len(samples))


@pytest.mark.parametrize("kind", list(PLANTED))
def test_no_kind_of_secret_hides_behind_the_average(kind: str) -> None:
    samples = [sample for sample in planted(EACH) if sample.kind == kind]
    found = [sample for sample in samples if leaked(sample)]
    assert len(found) <= 0.05 * len(samples), share_of(found, len(samples))


def test_at_least_98_percent_of_what_a_diagnosis_needs_survives() -> None:
    samples = list(kept(4 * EACH))
    found = [sample for sample in samples if lost(sample)]
    assert len(found) <= 0.02 * len(samples), share_of(found, len(samples))


@pytest.mark.parametrize("kind", list(KEPT))
def test_no_kind_of_name_is_lost_more_often(kind: str) -> None:
    samples = [sample for sample in kept(4 * EACH) if sample.kind == kind]
    found = [sample for sample in samples if lost(sample)]
    assert len(found) <= 0.02 * len(samples), share_of(found, len(samples))


def test_a_second_time_changes_nothing_on_the_whole_corpus() -> None:
    for sample in (*planted(10), *kept(10)):
        once = redact(sample.line)
        assert redact(once) == once
