"""Evidence packs: what they hold of a failing release, within their limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.metrics.history import MetricFrame
from detection.metrics.samples import Entity, Query, series_key
from detection.models import Incident
from detection.snapshot import Snapshot
from remediation.analysis.analyze import analyze
from remediation.clients import Clients
from remediation.evidence.collect import collect_evidence
from remediation.evidence.pack import PACK_CHARACTERS, Item, Scene, cut, encoded, packed
from remediation.models import EvidencePack
from tests.remediation.cases import NOW, OWNER
from tests.remediation.planning.test_candidates import PROVEN, finding

Make = Callable[..., Incident]


def texts(pack: Any) -> dict[str, str]:
    return {item["source"]: item["text"] for item in pack.items}


@pytest.mark.django_db
def test_a_pack_of_a_bad_release_says_what_a_person_would_look_up(
    cluster: Any, incident_of: Make, clients: Clients, simulator: Any, now: datetime
) -> None:
    incident = incident_of("crash_loop")
    Incident.objects.create(
        cluster=cluster, owner_kind="Deployment", owner_namespace="shop", owner_name="checkout",
        owner_uid="former", cause="OOM_LIMIT_LOW", severity="warning", status="Resolved",
        summary="it was killed", onset=now, first_seen=now, last_seen=now - timedelta(days=2),
    )  # fmt: skip
    analyze(incident.pk, clients, now)
    pack = EvidencePack.objects.get(incident=incident)
    found = texts(pack)
    assert "payment.retries" in found["previous log"]
    assert "exit code 1" in found["last termination"]
    assert "image" in found["what changed"]
    assert "of 3 ready" in found["owner"] or "ready" in found["owner"]
    assert "BackOff" in found["events"]
    assert "OOM_LIMIT_LOW" in found["earlier incidents"]
    assert found["node"].startswith("Node node-")
    incident.refresh_from_db()
    assert incident.diagnosis is not None
    cited = {item["id"]: item["source"] for item in pack.items}
    assert "what changed" in {cited[one] for one in incident.diagnosis["evidence"]}


@pytest.mark.django_db
def test_secrets_of_a_log_are_neither_kept_nor_shown(
    cluster: Any, incident_of: Make, clients: Clients, simulator: Any, now: datetime
) -> None:
    incident = incident_of("crash_loop")
    for pod in simulator.store.items("pods", "shop"):
        for previous in (True, False):
            for container in pod["spec"]["containers"]:
                key = ("shop", pod["metadata"]["name"], container["name"], previous)
                simulator.cluster.logs[key] = "dial postgres://app:hunter2-long@db:5432/x failed"
    analyze(incident.pk, clients, now)
    kept = str(EvidencePack.objects.get(incident=incident).items)
    assert "hunter2" not in kept
    assert "postgres://[redacted:credentials]@db:5432/x" in kept


def test_a_trend_has_numbers() -> None:
    key = series_key("memory", Entity("Deployment", "shop", "cart", "app"))
    frames = [MetricFrame(at=60.0 * n, values={key: 0.5 + 0.1 * n}) for n in range(5)]
    query = Query("memory", "x", "workload", unit="ratio", threshold=0.85)
    scene = Scene(finding(Cause.BAD_RELEASE, PROVEN), Snapshot(NOW), NOW, frames, [query])
    told = texts(collect_evidence(scene))["metrics"]
    assert "first 50 %, lowest 50 %, highest 90 %, last 90 %" in told
    assert "bad above 85 %" in told


def test_the_same_facts_give_the_same_pack_at_another_time() -> None:
    scene = Scene(finding(Cause.BAD_RELEASE, PROVEN), Snapshot(NOW), NOW)
    later = Scene(scene.finding, Snapshot(NOW + timedelta(hours=1)), NOW + timedelta(hours=1))
    assert collect_evidence(scene).hash == collect_evidence(later).hash


def test_a_pack_is_bounded_as_json_counts_and_the_first_items_stay() -> None:
    items = [Item(f"s{n}", "界" * 3000, proves=n == 0) for n in range(40)]
    pack = packed([Item("first", "OOMKilled", True), *items], [str(OWNER)])
    assert sum(encoded(item["text"]) for item in pack.items) <= PACK_CHARACTERS
    assert pack.items[0]["text"] == "OOMKilled"
    assert pack.cited[0] == "e1"
    assert pack.left_out > 0


@pytest.mark.parametrize("text", ["x" * 500, "界" * 500, "\x00\n" * 300, '"\\' * 300])
def test_what_is_cut_keeps_its_end_and_its_limit(text: str) -> None:
    found = cut(text, 100)
    assert encoded(found) <= 100
    assert found.startswith("…")
    assert text.endswith(found[1:])
