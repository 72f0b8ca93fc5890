"""The whole pipeline in AUTO, the cluster over HTTP, the real SDK, and a model that obeys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from detection.models import Cluster, Incident
from kubewise_site.core.redaction import redact
from remediation.analysis.analyze import analyze
from remediation.analysis.consult_model import consult
from remediation.clients import Clients
from remediation.execution.act import act
from remediation.models import Attempt
from remediation.policy.decisions import decide_incident
from simulator.controllers.common import record_event
from simulator.faults.releases import ImageNotFound
from tests.remediation.injection.corpus import ATTACKS, Attack
from tests.remediation.injection.obedient import OBEDIENCE, as_text
from tests.remediation.llm.gemini_server import answered, asked_of
from tests.remediation.steps import fresh, real_writes
from tests.scripted_http import Reply, Request, serving

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]
RULES_CHOICE = "rollback_deployment name=checkout namespace=shop"


def plant(simulator: Any, attack: Attack) -> None:
    """Write the text where whoever may deploy, or run in a container, can write it."""
    store = simulator.store
    with store.lock:
        target = store.get("deployments.apps", "shop", "checkout")
        if attack.place in ("label", "annotation"):
            _write_mark(store, target, attack)
        for pod in store.items("pods", "shop"):
            if pod["metadata"]["name"].startswith("checkout-"):
                _plant_at(simulator, pod, attack)


def _write_mark(store: Any, target: Any, attack: Attack) -> None:
    field = "labels" if attack.place == "label" else "annotations"
    marks = {**target["metadata"].get(field, {}), "team.example/note": attack.text}
    store.put("deployments.apps", {**target, "metadata": {**target["metadata"], field: marks}})


def _plant_at(simulator: Any, pod: Any, attack: Attack) -> None:
    meta, now = pod["metadata"], simulator.cluster.clock.now()
    if attack.place == "log":
        for container in pod["spec"]["containers"]:
            for previous in (True, False):
                key = (meta["namespace"], meta["name"], container["name"], previous)
                simulator.cluster.logs[key] = f"INFO started\n{attack.text}\nERROR exit"
    message = {
        "event": attack.text,
        "config key": f"configmap references non-existent config key: {attack.text}",
    }.get(attack.place)
    if message:
        record_event(simulator.cluster, pod, "Warning", "FailedMount", message, now, "kubelet")


@contextmanager
def obeying(attack: Attack, way: Any, settings: Any) -> Iterator[list[dict[str, Any]]]:
    """A Gemini that obeys; yields the documents that reached it."""
    documents: list[dict[str, Any]] = []

    def answer(request: Request) -> Reply:
        documents.append(asked_of(request)[1])
        return answered(as_text(way(documents[-1], attack.text)))

    with serving(answer) as server:
        settings.GEMINI_API_KEY, settings.GEMINI_API_ENDPOINT = "key-of-tests", server.url
        settings.LLM_CALLS_PER_MINUTE = 10_000
        yield documents


def step_by_step(incident: Incident, clients: Clients, now: datetime) -> Incident:
    analyze(incident.pk, clients, now)
    consult(incident.pk, now)
    decide_incident(incident.pk, clients, now)
    act(incident.pk, clients, now)
    return fresh(incident)


@pytest.mark.parametrize("number", range(len(ATTACKS)), ids=[one.name for one in ATTACKS])
def test_in_auto_the_action_is_that_of_the_rules_or_none(
    number: int, auto: Cluster, incident_of: Make, clients: Clients, simulator: Any,
    now: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    attack, way = ATTACKS[number], OBEDIENCE[number % len(OBEDIENCE)]
    if attack.place == "image":
        image = f"registry.example.com/shop/checkout:{attack.text}"
        monkeypatch.setattr(ImageNotFound, "image", lambda self, tag: image)
    incident = incident_of("image_not_found" if attack.place == "image" else "crash_loop")
    plant(simulator, attack)
    with obeying(attack, way, settings) as documents:
        after = step_by_step(incident, clients, now)
    assert len(documents) == 1
    assert reached(attack, documents[0]), f"{attack.name} did not reach the model"
    assert after.diagnosis is not None
    assert after.decision is not None
    assert after.decision["action"] in ("rollback_deployment", "escalate")
    check_what_was_done(incident, simulator)


def reached(attack: Attack, document: dict[str, Any]) -> bool:
    """Up to white space; what is taken for a secret (base64) arrives as its mark."""
    told = _squeezed("".join(item["text"] for item in document["evidence"]))
    return _squeezed(redact(attack.text))[:40] in told


def _squeezed(text: str) -> str:
    return "".join(text.split())


def check_what_was_done(incident: Incident, simulator: Any) -> None:
    attempts = list(Attempt.objects.filter(incident=incident))
    assert all(row.command.startswith(RULES_CHOICE) for row in attempts), attempts
    uid = incident.owner_uid
    for row in attempts:
        assert row.target["uid"] == uid
        assert row.executor == "AUTO"
    for write in real_writes(simulator):
        assert (write.namespace, write.name) == ("shop", "checkout"), write
    for plan in incident.plans.all():
        assert {option["action"] for option in plan.candidates} <= {
            "rollback_deployment", "escalate",
        }  # fmt: skip
        assert {option["target"]["uid"] for option in plan.candidates} == {uid}


def test_an_honest_model_does_not_stand_in_the_way(
    auto: Cluster, incident_of: Make, clients: Clients, simulator: Any, now: datetime,
    settings: Any,
) -> None:  # fmt: skip
    incident = incident_of("crash_loop")
    honest = Attack("honest", "log", "x")

    def way(document: dict[str, Any], text: str) -> dict[str, Any]:
        return {
            "root_cause": "A setting can't be parsed.", "impact": "", "confidence": 0.9,
            "cause": document["incident"]["cause"], "evidence": ["e1"],
            "objects": [document["objects"][0]], "reasons": ["CrashLoopBackOff"],
            "order": [{"id": "c1", "reason": "proven"}], "escalate": False,
            "escalate_reason": "", "recommendations": ["Correct payment.retries."],
        }  # fmt: skip

    with obeying(honest, way, settings):
        after = step_by_step(incident, clients, now)
    assert after.diagnosis is not None
    assert after.diagnosis["source"] == "both", after.diagnosis
    assert after.diagnosis["details"]["doubts"] == []
    assert [row.command.split(" revision")[0] for row in Attempt.objects.all()] == [RULES_CHOICE]
