"""A model's words stand in their own place, marked; a command in them is nowhere offered."""

from __future__ import annotations

import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from detection.kubernetes.client import connect
from detection.models import Cluster, Incident
from remediation.analysis.analyze import analyze
from remediation.analysis.consult_model import consult
from remediation.api.serializers import analysis_of
from remediation.clients import Clients
from remediation.llm.providers import client_for
from remediation.models import Delivery
from remediation.models.llm import LlmCall
from remediation.notifications import body_of
from remediation.policy.decisions import decide_incident
from remediation.results import Ending
from simulator import Simulator
from tests.remediation.analysis.test_consult_model import opened
from tests.remediation.llm.gemini_server import GOOD, answered
from tests.remediation.llm.hostile_modes import ENVELOPES, MODES, Envelope, Mode
from tests.remediation.llm.hostile_server import hostile
from tests.remediation.llm.test_hostile_answers import TIMEOUT_SECONDS, point_at
from tests.scripted_http import serving

pytestmark = pytest.mark.django_db
COMMAND = "kubectl delete namespace shop --force"
ADVISING = GOOD | {
    "root_cause": f"Run {COMMAND}", "impact": COMMAND, "recommendations": [COMMAND, f"`{COMMAND}`"],
    "evidence": ["e1"], "reasons": [], "order": [], "cause": "IMAGE_NOT_FOUND",
}  # fmt: skip


@pytest.fixture
def clients(tmp_path: Path) -> Any:
    with Simulator(controllers=False, background=False) as simulator:
        yield Clients(connect(kubeconfig=str(simulator.kubeconfig(tmp_path / "read", "read"))))


@pytest.fixture
def advised(cluster: Cluster, clients: Clients, settings: Any, now: datetime) -> Incident:
    one = opened(cluster, "cart", now)
    analyze(one.pk, clients, now)
    with serving(answered(ADVISING)) as server:
        point_at(settings, "gemini", server.url)
        assert consult(one.pk, now) == Ending.DONE
    one.refresh_from_db()
    assert one.diagnosis is not None
    assert one.diagnosis["source"] == "both"
    return one


def test_the_api_keeps_it_apart(advised: Incident) -> None:
    told = analysis_of(advised)
    assert told is not None
    words = told.pop("model_says")
    assert COMMAND not in str(told)
    assert words["recommendations"][0] == COMMAND
    assert {"provider", "model", "root_cause", "impact"} < set(words)


def test_the_page_marks_it_and_offers_nothing_of_it_for_copying(advised: Incident) -> None:
    browser = Client()
    user = get_user_model()
    browser.force_login(user.objects.create_superuser("root", password="x"))
    page = browser.get(reverse("admin:detection_incident_change", args=[advised.pk]))
    text = page.content.decode()
    before, marked = text.split("A language model says", 1)
    words, after = marked.split("</section>", 1)
    assert "Nobody has checked this" in words
    assert COMMAND in words
    assert COMMAND not in before
    assert COMMAND not in after
    assert not any(COMMAND in line for line in re.findall(r'data-copy="[^"]*"', text))
    assert "<code" not in words
    assert "<button" not in words


@pytest.mark.parametrize("state", list(Delivery.State))
def test_no_message_to_a_chat_says_it(advised: Incident, state: Delivery.State) -> None:
    assert "delete namespace" not in body_of(advised, state)


@pytest.mark.parametrize("mode", ["dripped headers", "never ends", "message NUL", "usage dict"])
@pytest.mark.parametrize("provider", ENVELOPES)
def test_after_any_answer_the_other_incident_is_analyzed_and_both_are_decided(
    provider: str, mode: str, cluster: Cluster, clients: Clients, settings: Any, now: datetime
) -> None:
    """One worker, two incidents: the second waits for the first's time-out at most."""
    asked, other = opened(cluster, "cart", now), opened(cluster, "pay", now)
    analyze(asked.pk, clients, now)
    envelope: Envelope = ENVELOPES[provider]
    hostile_mode: Mode = MODES[mode]
    with hostile(hostile_mode(envelope)) as url:
        point_at(settings, provider, url)
        client_for()  # the SDK is imported once a process
        began = time.monotonic()
        assert consult(asked.pk, now) == Ending.DONE
        assert time.monotonic() - began < TIMEOUT_SECONDS + 2
        analyze(other.pk, clients, now)
    for one in (asked, other):
        decide_incident(one.pk, clients, now)
        one.refresh_from_db()
        assert one.decided_version == one.version
        assert one.lease_until is None
    assert not LlmCall.objects.filter(outcome=LlmCall.PENDING).exists()
