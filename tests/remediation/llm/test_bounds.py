"""How far a model's answer may go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from remediation.actions.base import Risk
from remediation.llm.failures import FailureKind
from remediation.llm.questions.answer_bounds import (
    OfferedCandidate,
    answer_failure,
    offers,
    reordered,
)
from remediation.llm.schema import RankedCandidate


def offered(*risks: str) -> list[OfferedCandidate]:
    return offers(
        [
            {"action": "escalate" if risk == "none" else f"act_{n}", "risk": risk}
            for n, risk in enumerate(risks)
        ]
    )


def order(risks: str, wanted: str, escalate: bool = False) -> list[int]:
    named = {"n": "none", "l": "low", "m": "medium", "h": "high"}
    choices = [RankedCandidate(f"c{one}", "") for one in wanted]
    return reordered(offered(*(named[one] for one in risks)), choices, escalate)


def test_equal_risk_may_be_reordered() -> None:
    assert order("mm", "21") == [1, 0]


def test_lower_risk_may_come_first() -> None:
    assert order("mln", "21") == [1, 0, 2]


def test_higher_risk_never_comes_before_lower() -> None:
    assert order("lh", "21") == [0, 1]
    assert order("lmh", "321") == [0, 1, 2]


def test_a_higher_risk_in_between_does_not_carry_another_past_it() -> None:
    assert order("lhl", "321") == [2, 0, 1]


def test_what_the_model_left_out_stays_where_it_is() -> None:
    assert order("lll", "3") == [0, 1, 2]


def test_escalating_comes_first_when_asked_for() -> None:
    assert order("mln", "12", escalate=True) == [2, 0, 1]


RISKS = st.lists(st.sampled_from(list(Risk)), min_size=1, max_size=6)


@given(RISKS, st.data())
def test_no_answer_adds_drops_or_promotes_a_riskier_candidate(
    risks: list[Risk], data: st.DataObject
) -> None:
    given_offers = offered(*(risk.value for risk in risks))
    ids = data.draw(st.permutations([offer.id for offer in given_offers]))
    ranked = ids[: data.draw(st.integers(0, 6))]
    found = reordered(given_offers, [RankedCandidate(one, "") for one in ranked])
    assert sorted(found) == list(range(len(risks)))
    assert risks[found[0]].rank <= risks[0].rank
    for place, index in enumerate(found):
        overtaken = [other for other in found[place + 1 :] if other < index]
        assert all(risks[index].rank <= risks[other].rank for other in overtaken)


def test_an_unknown_id_refuses_the_whole_answer() -> None:
    failure = answer_failure(
        [RankedCandidate("c1", ""), RankedCandidate("c9", "")], [], offered("low"), []
    )
    assert failure
    assert failure.kind == FailureKind.UNKNOWN_CANDIDATE
    failure = answer_failure([], ["e2"], offered("low"), ["e1"])
    assert failure
    assert failure.kind == FailureKind.UNKNOWN_EVIDENCE
    assert answer_failure([RankedCandidate("c1", "")], ["e1"], offered("low"), ["e1"]) is None
