"""A model beside the rules: it explains and reorders within its bounds, or it changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from detection.domain.causes import Cause
from remediation.analysis import model_opinion
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.schema import AnswerSource, Assessment, RankedCandidate
from remediation.planning.candidates import escalate
from remediation.playbooks import diagnose
from tests.remediation.cases import OWNER, candidate
from tests.remediation.planning.test_candidates import PROVEN, finding

pytestmark = pytest.mark.django_db  # a model's answers are signs of life
GIVEN = finding(Cause.BAD_RELEASE, PROVEN)
OPTIONS = [candidate("rollback_deployment"), escalate(OWNER)]
SOURCE = AnswerSource("gemini", "some-model", "assess@1")


def answer(
    order: tuple[str, ...] = (), escalated: bool = False, cause: str = "BAD_RELEASE"
) -> Assessment:
    choices = tuple(RankedCandidate(one, "") for one in order)
    return Assessment(
        "The port is wrong.", "", 0.9, cause, (), (), (), choices, escalated, "", (), SOURCE
    )


def told(answered: Any) -> model_opinion.Opinion:
    return model_opinion.merged(diagnose(GIVEN), GIVEN.cause.value, OPTIONS, answered)


def test_its_words_stand_apart_from_those_of_the_rules() -> None:
    diagnosis, options = told(answer())
    assert diagnosis.root_cause == diagnose(GIVEN).root_cause
    assert diagnosis.recommendations == diagnose(GIVEN).recommendations
    assert diagnosis.details["root_cause"] == "The port is wrong."
    assert (diagnosis.source, options) == ("both", OPTIONS)


def test_it_may_demote_to_escalate() -> None:
    assert told(answer(escalated=True))[1] == OPTIONS[::-1]


def test_agreement_changes_neither_confidence_nor_the_decision() -> None:
    diagnosis, _ = told(answer())
    assert diagnosis.confidence == diagnose(GIVEN).confidence
    assert diagnosis.details["doubts"] == []


@pytest.mark.parametrize("cause", ["REGISTRY_DOWN", "NO_SUCH_CAUSE"])
def test_a_contradiction_lowers_confidence_and_is_a_doubt(cause: str) -> None:
    diagnosis, options = told(answer(cause=cause))
    assert diagnosis.confidence <= model_opinion.DOUBTED < diagnose(GIVEN).confidence
    assert len(diagnosis.details["doubts"]) == 1
    assert options == OPTIONS


def test_another_first_candidate_than_that_of_the_rules_is_a_doubt() -> None:
    options = [candidate("rollback_deployment"), candidate("restart_pod"), escalate(OWNER)]
    answered = answer(order=("c2", "c1"))
    diagnosis, order = model_opinion.merged(diagnose(GIVEN), GIVEN.cause.value, options, answered)
    assert order[0].action == "restart_pod"
    assert "restart_pod" in diagnosis.details["doubts"][0]


@pytest.mark.parametrize("kind", list(FailureKind))
def test_whatever_goes_wrong_the_rules_stand(kind: FailureKind) -> None:
    diagnosis, options = told(LlmFailure(kind, "x"))
    assert diagnosis.root_cause == diagnose(GIVEN).root_cause
    assert (diagnosis.source, options) == ("rules", OPTIONS)
    assert kind in diagnosis.details["model"]
