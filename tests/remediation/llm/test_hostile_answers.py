"""Each hostile mode against both real SDKs: a named ending in time, on record, nothing pending."""

from __future__ import annotations

import time
from typing import Any

import pytest

from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.providers import client_for
from remediation.llm.questions.assess import assess
from remediation.llm.schema import Assessment
from remediation.models.llm import LlmCall
from tests.remediation.llm.gemini_server import CANDIDATES, DIAGNOSIS, EVIDENCE
from tests.remediation.llm.hostile_modes import ENVELOPES, MODES, SILENCE, SOCKETS, Steps
from tests.remediation.llm.hostile_server import hostile

pytestmark = pytest.mark.django_db
TIMEOUT_SECONDS = 1
SLACK_SECONDS = 1.5  # for two cores that many share
NAMES = {kind.value for kind in FailureKind}


def point_at(settings: Any, provider: str, url: str) -> None:
    settings.LLM_PROVIDER, settings.LLM_TIMEOUT_SECONDS = provider, TIMEOUT_SECONDS
    settings.GEMINI_API_KEY, settings.GEMINI_API_ENDPOINT = "key-of-tests", url
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "key-of-tests", f"{url}/v1"
    settings.OPENAI_MODEL = "m"


def answer_to(settings: Any, provider: str, steps: Steps) -> tuple[Assessment | LlmFailure, float]:
    with hostile(steps) as url:
        point_at(settings, provider, url)
        client = client_for()
        began = time.monotonic()
        found = assess(client, EVIDENCE, DIAGNOSIS, CANDIDATES)
        return found, time.monotonic() - began


def test_there_are_66_modes_or_more() -> None:
    assert len(MODES) >= 66


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("provider", ENVELOPES)
def test_it_ends_in_time_under_a_name_and_leaves_nothing_pending(
    provider: str, mode: str, settings: Any
) -> None:
    found, took = answer_to(settings, provider, MODES[mode](ENVELOPES[provider]))
    assert took < TIMEOUT_SECONDS + SLACK_SECONDS
    outcomes = set(LlmCall.objects.values_list("outcome", flat=True))
    assert outcomes
    if isinstance(found, LlmFailure):
        assert found.kind.value in outcomes <= NAMES
        assert found.message.isprintable()
    else:
        assert outcomes == {LlmCall.OK}
        assert "\x00" not in str(found)
    for row in LlmCall.objects.all():
        assert 0 <= row.prompt_tokens < 2**31
        assert row.cost_usd >= 0


@pytest.mark.parametrize("provider", ENVELOPES)
@pytest.mark.parametrize("mode", ["dripped headers", "never a byte", "lists 10,000 deep", "HTML"])
def test_five_in_a_row_open_the_circuit(provider: str, mode: str, settings: Any) -> None:
    with hostile(MODES[mode](ENVELOPES[provider])) as url:
        point_at(settings, provider, url)
        ends = [assess(client_for(), [{"id": "e1", "text": str(n)}], DIAGNOSIS, CANDIDATES)
                for n in range(6)]  # fmt: skip
    last = ends[-1]
    assert isinstance(last, LlmFailure)
    assert last.kind == FailureKind.CIRCUIT_OPEN


def test_silence_and_drips_are_time_outs(settings: Any) -> None:
    for mode in ("never a byte", "dripped headers", "dripped body"):
        found, _ = answer_to(settings, "openai", SOCKETS[mode](ENVELOPES["openai"]))
        assert isinstance(found, LlmFailure)
        assert found.kind == FailureKind.TIME_OUT, mode


def test_what_the_sdk_raises_unforeseen_settles_its_row(settings: Any) -> None:
    class Stopped(BaseException):
        """As Celery's soft time limit is."""

    from remediation.llm.providers import retrying
    from remediation.llm.providers.metered import Metered

    class Broken:
        name = model = "broken"

        def ask(self, *_: Any) -> Any:
            raise Stopped

        def close(self) -> None:
            """It holds nothing."""

    with pytest.raises(Stopped):
        assess(retrying.Retrying(Metered(Broken())), EVIDENCE, DIAGNOSIS, CANDIDATES)
    assert [row.outcome for row in LlmCall.objects.all()] == ["not the API"]


assert SILENCE.seconds > TIMEOUT_SECONDS + SLACK_SECONDS
