"""Values that reach PromQL match just themselves, whatever stands in them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from detection.metrics.promql import escape_regex, one_of, quote
from simulator.prometheus.promql.syntax import VectorSelector, parse
from simulator.prometheus.storage.matchers import Matcher

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def matchers(promql: str) -> list[Matcher]:
    tree = parse(promql)
    assert isinstance(tree, VectorSelector)
    return list(tree.matchers)


@given(TEXTS)
@settings(deadline=None)
def test_a_quoted_value_arrives_as_it_was(value: str) -> None:
    assert matchers(f"up{{pod={quote(value)}}}")[-1] == Matcher("pod", "=", value)


@given(st.lists(TEXTS, min_size=1, max_size=4))
@settings(deadline=None)
def test_a_regular_expression_matches_its_values_and_no_others(values: list[str]) -> None:
    (found,) = matchers(f"{{pod=~{one_of(values)}}}")
    assert all(found.accepts(value) for value in values)
    assert not found.accepts("".join(values) + "x")


def test_a_value_can_not_close_its_string() -> None:
    attack = '"} or vector(1) or {a="'
    assert len(matchers(f"up{{namespace={quote(attack)}}}")) == 2


def test_a_lone_surrogate_is_replaced() -> None:
    assert quote("\ud800").strip('"').strip("\N{REPLACEMENT CHARACTER}") == ""


def test_a_dot_is_only_a_dot() -> None:
    assert escape_regex("a.b") == r"a\.b"
