"""No regular expression of the product takes more than twice as long for twice the text."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from kubewise_site.core.redaction import redact
from tests.kubewise_site.core.hostile import growth, pattern_shapes, product_patterns, shapes

KEPT = product_patterns.kept()
ALL = KEPT | product_patterns.within_calls()


def _exhaust(pattern: re.Pattern[Any], text: str) -> None:
    for _ in pattern.finditer(text):
        pass
    pattern.match(text)


def _superlinear(pattern: re.Pattern[Any]) -> list[str]:
    run = partial(_exhaust, pattern)
    own = [(b, p, a) for b, p in pattern_shapes.pumps(pattern) for a in ("", "\x00")]
    plain = [("", pump, "") for pump in shapes.PUMPS]
    wrong = []
    for before, pump, after in dict.fromkeys((*own, *plain)):
        ratio = growth.grows(run, partial(shapes.text_of, before, pump, after))
        if ratio > growth.MOST:
            wrong.append(f"{before!r} + {pump!r}… + {after!r}: {ratio:.1f} × for 2 ×")
    return wrong


def test_the_patterns_are_found() -> None:
    assert len(KEPT) > 100
    assert "kubewise_site.core.redaction.pairs.OPEN_END" in "\n".join(KEPT)
    assert "detection.snapshot.log_errors.KINDS" in "\n".join(KEPT)


@pytest.mark.parametrize("place", sorted(p for p in ALL if isinstance(ALL[p].pattern, str)))
def test_a_pattern_is_linear(place: str) -> None:
    assert _superlinear(ALL[place]) == []


@pytest.mark.parametrize("before", shapes.BEFORE[:2])
def test_redaction_as_a_whole_is_linear(before: str) -> None:
    ratios = {
        pump: growth.grows(redact, partial(shapes.text_of, before, pump, "\x00"))
        for pump in shapes.PUMPS
    }
    assert {pump: ratio for pump, ratio in ratios.items() if ratio > growth.MOST} == {}


def test_a_quadratic_pattern_is_noticed() -> None:
    """The test's own eye: the form that held every pass for minutes."""
    assert _superlinear(re.compile(r"sk-[A-Za-z0-9-_]*[A-Za-z0-9]{20}T3BlbkFJ"))
