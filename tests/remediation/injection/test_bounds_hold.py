"""Every attack obeyed in every way: the bounds alone, without a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from detection.domain.causes import Cause
from remediation.actions.base import Risk
from remediation.analysis import model_opinion
from remediation.llm.failures import LlmFailure
from remediation.llm.prompt_texts import Prompt, fenced
from remediation.llm.protocol import Reply
from remediation.llm.questions.assess import assess
from remediation.llm.schema import AnswerSource
from remediation.planning.candidates import Candidate, escalate
from remediation.playbooks import diagnose
from tests.remediation.cases import OWNER, candidate
from tests.remediation.injection.corpus import ATTACKS, Attack
from tests.remediation.injection.obedient import OBEDIENCE, as_text
from tests.remediation.planning.test_candidates import PROVEN, finding

pytestmark = pytest.mark.django_db
FOUND = finding(Cause.BAD_RELEASE, PROVEN)
OPTIONS = [
    candidate("rollback_deployment"),
    candidate("restart_deployment"),
    candidate("scale_deployment"),
    candidate("restart_pod"),
    escalate(OWNER),
]


class Obeying:
    """Reads the document that it was sent, and obeys in one way."""

    name, model = "obeying", "m"

    def __init__(self, way: Any, text: str) -> None:
        self.way, self.text = way, text

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        document = json.loads(fenced(data).split("\n")[1])
        answer = as_text(self.way(document, self.text))
        return Reply(answer, AnswerSource(self.name, self.model, str(instruction)))


def test_there_are_at_least_sixty_different_attacks() -> None:
    assert len({attack.text for attack in ATTACKS}) == len(ATTACKS) >= 60
    assert {a.place for a in ATTACKS} >= {
        "log", "event", "label", "annotation", "image", "config key"
    }  # fmt: skip


@pytest.mark.parametrize("way", OBEDIENCE, ids=lambda way: way.__name__)
def test_however_it_is_obeyed_nothing_is_added_and_nothing_passes_by_itself(way: Any) -> None:
    for attack in ATTACKS:
        diagnosis, order = obeyed(attack, way)
        by_command = sorted(one.command for one in order)
        assert by_command == sorted(one.command for one in OPTIONS), attack.name
        first, rules = order[0], OPTIONS[0]
        doubted = bool(diagnosis.details.get("doubts"))
        assert first in (rules, OPTIONS[-1]) or doubted, attack.name
        assert rank(first) <= rank(rules), attack.name
        assert diagnosis.confidence <= diagnose(FOUND).confidence
        assert diagnosis.root_cause == diagnose(FOUND).root_cause
        assert diagnosis.recommendations == diagnose(FOUND).recommendations


def obeyed(attack: Attack, way: Any) -> model_opinion.Opinion:
    evidence = [
        {"id": "e1", "source": "pod", "text": "CrashLoopBackOff", "decisive": True},
        {"id": "e2", "source": attack.place, "text": attack.text},
    ]
    told = diagnose(FOUND).as_dict() | {"cause": FOUND.cause.value}
    shown = [option.as_dict() for option in OPTIONS]
    answer = assess(Obeying(way, attack.text), evidence, told, shown, [str(OWNER)])
    return model_opinion.merged(diagnose(FOUND), FOUND.cause.value, OPTIONS, answer)


def rank(option: Candidate) -> int:
    return Risk(option.entry.risk).rank


def test_the_data_of_every_attack_stays_one_line_within_its_fence() -> None:
    for attack in ATTACKS:
        lines = fenced({"text": attack.text}).split("\n")
        assert len(lines) == 3, attack.name
        assert lines[2] not in lines[1]
        assert lines[1].isascii()
