"""Secrets in a cluster's objects, from the scan to records, API and admin: none shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core import serializers
from django.test import Client

from detection.domain.causes import Cause, Severity
from detection.domain.facts import ContainerFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, Revision
from detection.incidents.record import record_findings
from detection.models import Cluster, Incident
from detection.pipeline.detect import detect
from detection.snapshot.pod_templates import template_changes
from kubewise_site.core.redaction import redact_all
from remediation.approval import approvals
from remediation.clients import Clients
from remediation.cluster import diff
from remediation.cluster.writer import Session, patch, read
from remediation.execution.attempts import State
from remediation.results import Approved
from tests.kubewise_site.api_client import Api
from tests.remediation.cases import NOW
from tests.remediation.steps import acted, planned

pytestmark = pytest.mark.django_db
PLANT = "hunter2-planted"
LEAKS = [
    {"op": "add", "path": "/spec/template/spec/containers/0/env",
     "value": [{"name": "DB_PASSWORD", "value": PLANT}, {"name": "GREETING", "value": PLANT}]},
    {"op": "add", "path": "/spec/template/spec/containers/0/args",
     "value": ["serve", "--password", PLANT, f"--api-key={PLANT}", f"redis://:{PLANT}@cache:6379"]},
    {"op": "add", "path": "/spec/template/metadata/annotations",
     "value": {"example.com/api-token": PLANT, "note": f"token={PLANT}"}},
]  # fmt: skip


def everything() -> str:
    """All that the two apps have in the database."""
    models = [*apps.get_app_config("detection").get_models(),
              *apps.get_app_config("remediation").get_models()]  # fmt: skip
    return "\n".join(serializers.serialize("json", model.objects.all()) for model in models)


@pytest.fixture
def leaky(cluster: Cluster, simulator: Any, clients: Clients, now: datetime) -> Incident:
    """A release that fails, and whose template is full of secrets."""
    target = simulator.inject("image_not_found", began_seconds_ago=900.0).target
    assert clients.writer is not None
    writer = Session(clients.writer)
    ref = ObjectRef("Deployment", target.namespace, target.name)
    cluster_patch(writer, ref)
    simulator.settle(5)
    later = now + timedelta(minutes=15)
    detect(cluster, clients.reader, later)
    simulator.reset_counters()
    found = Incident.objects.select_related("cluster").get(owner_name=target.name)
    return planned(found, clients, later)


def cluster_patch(session: Session, ref: ObjectRef) -> None:
    patch(session, ref, read(session, ref), LEAKS, dry_run=False)


def test_a_secret_of_a_template_is_in_no_record_and_on_no_page(
    leaky: Incident, clients: Clients, ada: Any, api: Api, browser: Client
) -> None:
    now = leaky.last_seen
    assert leaky.revision is not None
    assert any("args" in line for line in leaky.revision["changed"]), "the plant was not seen"
    plan = leaky.plans.get()
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    attempt = acted(leaky, clients, now)
    assert attempt.state == State.APPLIED, attempt.error
    text = "\n".join(attempt.diff)
    assert "args[2]" in text
    assert "api-token" in text
    assert PLANT not in text
    assert PLANT not in everything()
    shown = api.get(f"remediation/events/{leaky.anomaly_id}")
    page = browser.get(f"/admin/detection/incident/{leaky.pk}/change/")
    of_attempt = browser.get(f"/admin/remediation/attempt/{attempt.pk}/change/")
    for answer in (shown, page, of_attempt):
        assert answer.status_code == 200
        assert PLANT not in answer.content.decode()


FOUND = Finding(
    cause=Cause.BAD_RELEASE, owner=ObjectRef("Deployment", "shop", "cart", "uid-cart"),
    severity=Severity.WARNING, summary=f"password={PLANT}", onset=NOW, opens_at=NOW,
    evidence=(Evidence("logs", f"Bearer {PLANT}1"),),
    revision=Revision(current=2, changed=(f"containers[app].args: --token={PLANT}",)),
    facts=ContainerFacts.decode({
        "image": f"https://ci:{PLANT}@registry.example.com/cart:1", "exit_code": 1,
        "command": ["serve", "--password", PLANT], "container": "cart",
        "labels": {"note": f"secret={PLANT}"}, "sources": ["kubernetes"],
        "metrics": {"say": f"api_key={PLANT}"}, "prediction": {"why": f"token: {PLANT}"},
    }),
)  # fmt: skip


def test_the_facts_of_a_finding_are_redacted_before_they_are_stored(
    cluster: Cluster, api: Api, admin: User
) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    revised = replace(FOUND, severity=Severity.CRITICAL)
    record_findings(cluster, [revised], {}, NOW)
    incident = Incident.objects.get()
    assert PLANT not in everything()
    assert incident.facts["exit_code"] == 1
    assert incident.facts["container"] == "cart"
    assert incident.facts["command"][:2] == ["serve", "--password"]
    answer = api.get(f"remediation/events/{incident.anomaly_id}")
    assert PLANT not in answer.content.decode()


@pytest.mark.parametrize(
    "value",
    [
        {"password": PLANT},
        {"annotations": {"example.com/api-token": PLANT}},
        {"args": ["--client-secret", PLANT]},
        {"args": [f"--password={PLANT}"]},
        {"command": ["sh", "-c", f"export API_KEY={PLANT}; run"]},
        {"url": f"amqp://user:{PLANT}@mq/" + "x" * 400},
        {"padding": "y" * 290 + f" password={PLANT}"},
    ],
)
def test_no_line_of_a_diff_shows_a_secret_whatever_its_place(value: dict[str, Any]) -> None:
    for before, after in (({}, value), (value, {})):
        lines = diff.diff(before, after)
        assert lines
        assert "hunter2" not in str(lines)
        assert "hunter2" not in str(template_changes(before, after)), "as a revision's changes"
    assert "hunter2" not in str(diff.masked(value))


def test_what_a_diagnosis_needs_survives() -> None:
    plain = {"replicas": 3, "automountServiceAccountToken": False, "image": "cart:1.2",
             "args": ["--token-count", "3", "--verbose", "yes"]}  # fmt: skip
    assert len(diff.diff({}, plain)) == 7
    assert "[redacted" not in str(diff.diff({}, plain))
    assert redact_all(plain) == plain
