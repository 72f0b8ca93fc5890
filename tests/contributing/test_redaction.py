"""The row "what is redacted": one pattern masks in texts, in stored facts and in the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from detection.clients import current_cluster
from detection.domain.causes import Cause, Severity
from detection.domain.facts import ContainerFacts
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.incidents.record import record_findings
from detection.models import Incident
from kubewise_site.core import redaction
from kubewise_site.core.redaction import redact, redact_all, tokens
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api

BADGE = "badge-271828"
MASK = "[redacted:badge]"


@pytest.fixture
def pattern(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more line of tokens.toml."""
    form = ("badge", tokens.form_of([r"badge-\d{6}"]))
    monkeypatch.setattr(tokens, "FORMS", (*tokens.FORMS, form))
    redaction._remembered.cache_clear()
    yield
    redaction._remembered.cache_clear()


def found() -> Finding:
    return Finding(
        cause=Cause.BAD_RELEASE,
        owner=ObjectRef("Deployment", "shop", "cart", "uid-cart"),
        severity=Severity.WARNING,
        summary=f"it was released by {BADGE}",
        onset=records.NOW,
        opens_at=records.NOW,
        evidence=(Evidence("kubernetes/logs", f"{BADGE} logged in"),),
        facts=ContainerFacts(reason=f"by {BADGE}"),
    )


def told(api: Api) -> tuple[Any, str]:
    """The stored facts and the whole answer of the API."""
    record_findings(current_cluster(), [found()], {}, records.NOW)
    incident = Incident.objects.get()
    answer = api.get(f"remediation/events/{incident.anomaly_id}")
    assert answer.status_code == 200
    return incident.facts["reason"], answer.content.decode()


def test_one_pattern_masks_in_texts(pattern: None) -> None:
    assert redact(f"released by {BADGE}.") == f"released by {MASK}."
    assert redact_all({"who": [BADGE]}) == {"who": [MASK]}
    assert redact(redact(BADGE)) == MASK


def test_one_pattern_masks_in_stored_facts_and_in_the_api(pattern: None, api: Api) -> None:
    facts, answer = told(api)
    assert facts == f"by {MASK}"
    assert f"it was released by {MASK}" in answer
    assert f"{MASK} logged in" in answer
    assert BADGE not in answer


def test_without_the_pattern_it_is_shown(api: Api) -> None:
    facts, answer = told(api)
    assert BADGE in facts
    assert BADGE in answer


@pytest.mark.parametrize("kind", tokens.KNOWN["forms"])
def test_a_kind_of_token_is_searched_by_being_in_the_table(kind: str) -> None:
    assert kind in dict(tokens.FORMS)
