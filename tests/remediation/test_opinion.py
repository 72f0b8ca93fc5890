"""A model beside the rules: it explains and reorders within its bounds, or it changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from detection.causes import Cause
from remediation import opinion
from remediation.candidates import escalate
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.schema import Assessment, Choice, Source
from remediation.rules import diagnose
from tests.remediation.cases import OWNER, candidate
from tests.remediation.test_candidates import PROVEN, finding

pytestmark = pytest.mark.django_db  # a model's answers are signs of life
GIVEN = finding(Cause.BAD_RELEASE, PROVEN)
OPTIONS = [candidate("rollback_deployment"), escalate(OWNER)]
SOURCE = Source("gemini", "some-model", "assess@1")


def answer(
    order: tuple[str, ...] = (), escalated: bool = False, cause: str = "BAD_RELEASE"
) -> Assessment:
    choices = tuple(Choice(one, "") for one in order)
    return Assessment(
        "The port is wrong.", "", 0.9, cause, (), (), (), choices, escalated, "", (), SOURCE
    )


def ask(monkeypatch: pytest.MonkeyPatch, told: Any) -> opinion.Opinion:
    monkeypatch.setattr(opinion, "client_for", lambda switch: object())
    monkeypatch.setattr(opinion, "assess", lambda *arguments: told)
    monkeypatch.setattr(opinion, "evidence_of", lambda *arguments: [])
    return opinion.second_opinion(GIVEN, diagnose(GIVEN), OPTIONS, object())  # type: ignore[arg-type]


def test_its_words_follow_those_of_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis, options = ask(monkeypatch, answer())
    assert diagnosis.root_cause.startswith(diagnose(GIVEN).root_cause)
    assert diagnosis.root_cause.endswith("The port is wrong.")
    assert (diagnosis.source, options) == ("gemini", OPTIONS)


def test_it_may_demote_to_escalate(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, answer(escalated=True))[1] == OPTIONS[::-1]


@pytest.mark.parametrize("kind", list(FailureKind))
def test_whatever_goes_wrong_the_rules_stand(
    monkeypatch: pytest.MonkeyPatch, kind: FailureKind
) -> None:
    diagnosis, options = ask(monkeypatch, LlmFailure(kind, "x"))
    assert diagnosis.root_cause == diagnose(GIVEN).root_cause
    assert (diagnosis.source, options) == ("rules", OPTIONS)
    assert kind in diagnosis.details["model"]


@pytest.mark.parametrize(("key", "switch"), [("", True), ("k", False)])
def test_without_a_key_or_with_the_switch_off_no_model_is_asked(
    monkeypatch: pytest.MonkeyPatch, settings: Any, key: str, switch: bool
) -> None:
    settings.GEMINI_API_KEY, settings.GEMINI_AUTO_ANALYSIS = key, switch
    monkeypatch.setattr(opinion, "assess", pytest.fail)
    told = opinion.second_opinion(GIVEN, diagnose(GIVEN), OPTIONS, object())  # type: ignore[arg-type]
    assert told == (diagnose(GIVEN), OPTIONS)
