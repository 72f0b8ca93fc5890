"""The bounded form of `make fuzz`: the kept corpus, and some hundred examples of hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

EXAMPLES, EXAMPLES_WITH_DATABASE = 200, 40
ALL = pytest.mark.parametrize("one", TARGETS.values(), ids=TARGETS.keys())
pytestmark = pytest.mark.django_db


@ALL
def test_what_was_kept_is_borne(one: Target) -> None:
    kept = one.kept()
    assert kept
    for path in kept:
        one.run(path.read_bytes())


@ALL
def test_what_hypothesis_makes_is_borne(one: Target) -> None:
    examples = EXAMPLES_WITH_DATABASE if one.needs_database else EXAMPLES
    kept = [path.read_bytes() for path in one.kept()]

    @settings(
        max_examples=examples, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.one_of(st.binary(max_size=one.longest), st.builds(_spliced, *_pieces(kept))))
    def borne(data: bytes) -> None:
        one.run(data[: one.longest])

    borne()


def _pieces(kept: list[bytes]) -> tuple[st.SearchStrategy[bytes], ...]:
    """The beginning of one, something else, the end of another."""
    whole = st.sampled_from(kept or [b""])
    cut = st.builds(lambda data, share: data[: share * len(data) // 16], whole, st.integers(0, 16))
    return cut, st.binary(max_size=24), cut


def _spliced(begin: bytes, middle: bytes, end: bytes) -> bytes:
    return begin + middle + end
