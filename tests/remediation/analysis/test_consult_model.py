"""Asking a model after the rules: bursts, lost leases, and what is on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.kubernetes.client import connect
from detection.models import Cluster, Incident
from remediation.analysis import consult_model as module
from remediation.analysis.analyze import analyze
from remediation.analysis.consult_model import consult
from remediation.clients import Clients
from remediation.models.llm import EvidencePack, LlmCall
from remediation.results import Ending
from simulator import Simulator
from tests.remediation.llm.gemini_server import answered, asked_of, failed
from tests.scripted_http import Reply, Request, ScriptedServer, serving

pytestmark = pytest.mark.django_db
BURST = 200


def agreeing(request: Request) -> Reply:
    document = asked_of(request)[1]
    return answered(
        {
            "root_cause": "The tag does not exist.", "impact": "", "confidence": 0.9,
            "cause": document["incident"]["cause"], "evidence": ["e1"], "objects": [],
            "reasons": [], "order": [], "escalate": False, "escalate_reason": "",
            "recommendations": ["Push the image."],
        }
    )  # fmt: skip


@pytest.fixture
def empty_cluster(tmp_path: Path) -> Iterator[Clients]:
    with Simulator(controllers=False, background=False) as simulator:
        yield Clients(connect(kubeconfig=str(simulator.kubeconfig(tmp_path / "read", "read"))))


@pytest.fixture
def model(settings: Any) -> Iterator[ScriptedServer]:
    with serving(agreeing) as server:
        settings.GEMINI_API_KEY, settings.GEMINI_API_ENDPOINT = "key-of-tests", server.url
        yield server


def opened(cluster: Cluster, name: str, now: datetime) -> Incident:
    return Incident.objects.create(
        cluster=cluster, open_key=name, owner_kind="Deployment", owner_namespace="shop",
        owner_name=name, owner_uid=f"uid-{name}", cause="IMAGE_NOT_FOUND", severity="warning",
        summary=f"{name} can't pull its image", sources=["kubernetes"],
        onset=now, first_seen=now, last_seen=now,
        evidence=[{"source": "kubernetes/pods", "text": "ErrImagePull", "decisive": True}],
    )  # fmt: skip


def diagnosis(incident: Incident) -> dict[str, Any]:
    incident.refresh_from_db()
    assert incident.diagnosis is not None
    return dict(incident.diagnosis)


def test_a_burst_stays_within_the_budget_and_every_incident_has_its_rules_diagnosis(
    cluster: Cluster, empty_cluster: Clients, model: ScriptedServer, now: datetime
) -> None:
    incidents = [opened(cluster, f"app-{n}", now) for n in range(BURST)]
    for one in incidents:
        analyze(one.pk, empty_cluster, now)
    assert not model.requests, "the rules wait for nobody"
    told = [diagnosis(one) for one in incidents]
    assert {one["source"] for one in told} == {"rules"}
    assert all(one["root_cause"] and one["evidence"] for one in told)
    for one in incidents:
        consult(one.pk, now)
    told = [diagnosis(one) for one in incidents]
    spoke = [one["source"] for one in told]
    assert len(model.requests) == LlmCall.objects.count() <= spoke.count("both")
    assert spoke.count("both") + spoke.count("rules") == BURST
    refused = [one["details"]["failure"] for one in told if one["source"] == "rules"]
    assert set(refused) == {"over budget"}
    minutes = 1 + (LlmCall.objects.latest("at").at - LlmCall.objects.earliest("at").at) // (
        timedelta(minutes=1)
    )
    assert len(model.requests) <= 10 * minutes
    assert not Incident.objects.exclude(lease_until=None).exists(), "decide may go on at once"


def test_what_a_model_adds_is_on_record_with_its_cost(
    cluster: Cluster, empty_cluster: Clients, model: ScriptedServer, now: datetime
) -> None:
    one = opened(cluster, "cart", now)
    analyze(one.pk, empty_cluster, now)
    assert consult(one.pk, now) == Ending.DONE
    told = diagnosis(one)
    assert told["source"] == "both"
    assert told["details"]["root_cause"] == "The tag does not exist."
    assert told["details"]["recommendations"] == ["Push the image."]
    assert "Push the image." not in told["recommendations"]
    assert one.plans.get().source == "both"
    call = LlmCall.objects.get()
    assert (call.incident_id, call.prompt_tokens, call.outcome) == (one.pk, 800, "ok")
    assert call.cost_usd > 0
    assert one.transitions.filter(kind="model").count() == 1


def test_every_citation_is_an_observation_of_the_kept_pack(
    cluster: Cluster, empty_cluster: Clients, model: ScriptedServer, now: datetime
) -> None:
    one = opened(cluster, "cart", now)
    analyze(one.pk, empty_cluster, now)
    consult(one.pk, now)
    pack = EvidencePack.objects.get(incident=one)
    assert set(diagnosis(one)["evidence"]) <= {item["id"] for item in pack.items}
    assert diagnosis(one)["evidence"]


def test_a_second_consultation_asks_nobody(
    cluster: Cluster, empty_cluster: Clients, model: ScriptedServer, now: datetime
) -> None:
    one = opened(cluster, "cart", now)
    analyze(one.pk, empty_cluster, now)
    assert [consult(one.pk, now), consult(one.pk, now)] == [Ending.DONE, Ending.NOTHING]
    assert len(model.requests) == 1


def test_a_new_analysis_of_the_same_evidence_is_answered_from_memory(
    cluster: Cluster, empty_cluster: Clients, model: ScriptedServer, now: datetime
) -> None:
    one = opened(cluster, "cart", now)
    for _ in range(2):
        analyze(one.pk, empty_cluster, now)
        consult(one.pk, now)
        Incident.objects.filter(pk=one.pk).update(
            status=Status.REMEDIATION_SUGGESTED, version=one.version + 1
        )
        one.refresh_from_db()
    assert len(model.requests) == 1
    assert diagnosis(one)["details"]["cached"] is True
    assert len(set(EvidencePack.objects.values_list("hash", flat=True))) == 1


def test_a_lost_lease_writes_nothing(
    cluster: Cluster, empty_cluster: Clients, settings: Any, now: datetime
) -> None:
    one = opened(cluster, "cart", now)
    analyze(one.pk, empty_cluster, now)

    settings.GEMINI_API_KEY, before = "k", diagnosis(one)
    original = module.assess

    def stolen(*given: Any) -> Any:
        Incident.objects.filter(pk=one.pk).update(lease_until=now + timedelta(hours=1))
        return original(*given)

    with serving(agreeing) as server, pytest.MonkeyPatch.context() as patch:
        settings.GEMINI_API_ENDPOINT = server.url
        patch.setattr(module, "assess", stolen)
        assert consult(one.pk, now) == Ending.NOTHING
    assert diagnosis(one) == before


def test_a_provider_in_trouble_leaves_the_rules_and_its_name(
    cluster: Cluster, empty_cluster: Clients, settings: Any, now: datetime
) -> None:
    one = opened(cluster, "cart", now)
    analyze(one.pk, empty_cluster, now)
    with serving(failed(403, "password=hunter2-long")) as server:
        settings.GEMINI_API_KEY, settings.GEMINI_API_ENDPOINT = "k", server.url
        assert consult(one.pk, now) == Ending.DONE
    told = diagnosis(one)
    assert (told["source"], told["details"]["failure"]) == ("rules", "403 forbidden")
    assert "hunter2" not in str(told)
    assert "hunter2" not in LlmCall.objects.get().error


def test_without_a_model_nothing_is_asked_and_nothing_written(
    cluster: Cluster, empty_cluster: Clients, settings: Any, now: datetime
) -> None:
    settings.LLM_PROVIDER, settings.GEMINI_API_KEY = "none", "k"
    one = opened(cluster, "cart", now)
    analyze(one.pk, empty_cluster, now)
    assert consult(one.pk, now) == Ending.NOTHING
    assert diagnosis(one)["details"] == {}
    assert not LlmCall.objects.exists()
