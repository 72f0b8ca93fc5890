"""Alertmanager's alerts: matched to owners that exist, folded in, never a reason to act."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from detection.correlation import correlate
from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding, ObjectRef
from detection.incidents import alertmanager
from detection.incidents.record import GONE_BEFORE_CLOSING_SECONDS, record_findings
from detection.kubernetes.objects import core as o
from detection.models import Alert, Cluster, Incident
from detection.snapshot import Snapshot
from remediation.playbooks import playbook_of

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=15)
META: dict[str, Any] = {"namespace": "shop"}
CART = o.Deployment(metadata=o.Metadata(name="cart", uid="uid-cart", **META))
NODE = o.Node(metadata=o.Metadata(name="node-1", uid="uid-node"))


def snapshot(**fields: Any) -> Snapshot:
    return Snapshot(at=NOW, **{"deployments": (CART,), "nodes": (NODE,)} | fields)


def told(
    state: str = "firing", fingerprint: str = "f1", **labels: str
) -> alertmanager.ReceivedAlert:
    given = {"alertname": "CartDown", "namespace": "shop", "deployment": "cart"} | labels
    return alertmanager.ReceivedAlert(fingerprint, state, given, {"summary": "cart is down"}, NOW)


@pytest.fixture
def cluster(db: None) -> Cluster:
    return Cluster.objects.create(name="c")


def found(cluster: Cluster, now: datetime = NOW) -> list[Finding]:
    return alertmanager.find_in_alerts(cluster, snapshot(), now)


def test_an_alert_becomes_a_finding_on_the_object_that_its_labels_name(cluster: Cluster) -> None:
    alertmanager.receive(cluster, [told(severity="critical")], NOW)
    [finding] = found(cluster)
    assert finding.owner == ObjectRef("Deployment", "shop", "cart", "uid-cart")
    assert (finding.cause, finding.severity) == (Cause.EXTERNAL_ALERT, Severity.CRITICAL)
    assert Alert.objects.get().owner_name == "cart"


@pytest.mark.parametrize(
    ("labels", "kind"),
    [({"node": "node-1"}, "Node"), ({"instance": "node-1:9100"}, "Node"),
     ({"exported_namespace": "shop", "namespace": "monitoring", "deployment": "cart"},
      "Deployment")],
)  # fmt: skip
def test_labels_of_exporters_are_understood(labels: dict[str, str], kind: str) -> None:
    owner = alertmanager.labelled_owner(labels, snapshot())
    assert owner is not None
    assert owner.kind == kind


@pytest.mark.parametrize(
    "labels",
    [{"deployment": "../../etc"}, {"deployment": "other"}, {"namespace": "kube-system"},
     {"deployment": "cart", "namespace": "elsewhere"}, {"node": "node-2"}],
)  # fmt: skip
def test_an_alert_invents_no_object(cluster: Cluster, labels: dict[str, str]) -> None:
    alertmanager.receive(cluster, [replace(told(), labels={"alertname": "Evil", **labels})], NOW)
    assert found(cluster) == []
    assert Alert.objects.get().owner_name == ""


def test_an_alert_folds_into_what_the_scan_found_and_makes_it_no_graver(cluster: Cluster) -> None:
    seen = Finding(
        cause=Cause.ROLLOUT_STALLED, owner=CART.ref, severity=Severity.INFO, summary="stalled",
        onset=NOW, opens_at=NOW,
    )  # fmt: skip
    early = replace(told(severity="critical"), starts_at=NOW - timedelta(hours=3))
    alertmanager.receive(cluster, [early], NOW)
    [merged] = correlate([*found(cluster), seen], snapshot())
    assert (merged.cause, merged.severity) == (Cause.ROLLOUT_STALLED, Severity.INFO)
    assert merged.onset == NOW
    assert any("CartDown" in item.text for item in merged.evidence)


def test_an_alert_opens_nothing_before_the_dwell_of_the_scan_is_past(cluster: Cluster) -> None:
    young = Finding(
        cause=Cause.BAD_RELEASE, owner=CART.ref, severity=Severity.CRITICAL, summary="crashes",
        onset=NOW, opens_at=NOW + timedelta(minutes=1),
    )  # fmt: skip
    alertmanager.receive(cluster, [told()], NOW)
    [merged] = correlate([*found(cluster), young], snapshot())
    assert merged.cause == Cause.EXTERNAL_ALERT


def test_nothing_that_changes_a_cluster_is_offered_for_an_alert() -> None:
    offers = [offer.family for offer in playbook_of(Cause.EXTERNAL_ALERT).offers]
    assert offers == ["escalate"]


def test_an_incident_of_an_alert_is_resolved_when_the_alert_resolves(cluster: Cluster) -> None:
    alertmanager.receive(cluster, [told()], NOW)
    record_findings(cluster, found(cluster), {}, NOW)
    assert Incident.objects.get().status == "Detected"
    alertmanager.receive(cluster, [told("resolved")], LATER)
    blind = {"prometheus": "away"}
    record_findings(cluster, found(cluster, LATER), blind, LATER)
    record_findings(cluster, [], blind, LATER + timedelta(seconds=GONE_BEFORE_CLOSING_SECONDS))
    assert Incident.objects.get().status == "Resolved"


def test_the_scan_takes_over_an_incident_that_an_alert_opened(cluster: Cluster) -> None:
    alertmanager.receive(cluster, [told()], NOW)
    record_findings(cluster, found(cluster), {}, NOW)
    crash = replace(found(cluster)[0], cause=Cause.BAD_RELEASE, source="kubernetes")
    record_findings(cluster, [crash], {}, LATER)
    record_findings(cluster, found(cluster), {}, LATER + timedelta(seconds=15))
    assert Incident.objects.get().cause == "BAD_RELEASE"


def test_an_alert_that_nobody_repeats_for_a_day_is_believed_no_more(cluster: Cluster) -> None:
    alertmanager.receive(cluster, [told()], NOW)
    assert found(cluster, NOW + timedelta(hours=23))
    assert not found(cluster, NOW + timedelta(hours=25))


def test_the_last_word_on_a_fingerprint_counts(cluster: Cluster) -> None:
    counts = alertmanager.receive(cluster, [told(), told("resolved"), told(fingerprint="f2")], NOW)
    assert counts == {"firing": 2, "resolved": 1}
    assert list(Alert.objects.order_by("fingerprint").values_list("state", flat=True)) == [
        "resolved", "firing",
    ]  # fmt: skip
