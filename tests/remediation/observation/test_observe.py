"""The fresh look for one incident comes to the cause that the pass over the whole cluster found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from benchmarks.detection.scenarios import Scenario, load_scenarios, logs_of, objects_of
from detection.clients import current_cluster
from detection.domain.causes import Severity
from detection.domain.findings import Finding
from detection.incidents.record import record_findings
from detection.models import Incident
from detection.pipeline import inputs
from detection.pipeline import observe as looking
from detection.snapshot import Snapshot
from detection.snapshot.scope import Scope
from remediation.observation.observe import observe_incident, owner_of
from tests.detection.builders import NOW, incidents, snapshot_from

pytestmark = pytest.mark.django_db
OVER_HTTP = frozenset({"metrics", "throttled", "refused", "prometheus"})
ALONE = [one for one in load_scenarios() if one.expected and not OVER_HTTP & one.spec.keys()]


class NoConnection:
    _client, account = None, None


def seen(one: Scenario, namespace: str = "") -> Snapshot:
    """What a scan of that namespace, '' for all, would give: all that has no namespace included."""
    objects = objects_of(one, NOW)
    logs = {key[:3]: text for key, text in logs_of(one, objects).items()}
    if namespace:
        objects = [o for o in objects if _namespace(o) in ("", namespace)]
        logs = {key: text for key, text in logs.items() if key[0] == namespace}
    return replace(snapshot_from(objects), logs=logs)


def _namespace(item: Mapping[str, Any]) -> str:
    return str(item["metadata"].get("namespace", ""))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The namespaces that were looked at, '' for the whole cluster."""
    done: list[str] = []

    def scanned(connection: object, now: datetime, scope: Scope) -> Snapshot:
        namespace = next(iter(scope.namespaces), "")
        done.append(namespace)
        return seen(scanned.scenario, namespace)  # type: ignore[attr-defined]

    monkeypatch.setattr(looking, "scan", scanned)
    monkeypatch.setattr(looking, "with_logs", lambda connection, snapshot, most, first: snapshot)
    monkeypatch.setattr(inputs, "prometheus", lambda: None)
    done.append(scanned)  # type: ignore[arg-type]
    return done


def opened_of(one: Scenario) -> list[Incident]:
    found: list[Finding] = [i for i in incidents(seen(one)) if i.severity != Severity.INFO]
    record_findings(current_cluster(), found, {}, NOW)
    return list(Incident.objects.exclude(owner_uid=""))


@pytest.mark.parametrize("one", ALONE, ids=lambda one: one.name)
def test_a_look_at_one_namespace_names_the_cause_of_the_whole_pass(
    one: Scenario, looks: list[Any]
) -> None:
    looks[0].scenario = one
    for incident in opened_of(one):
        found = observe_incident(NoConnection(), incident, NOW)  # type: ignore[arg-type]
        causes = [str(item.cause) for item in found.about(owner_of(incident))]
        assert causes == [incident.cause], (one.name, str(incident))


def test_where_a_namespace_alone_tells_another_cause_the_whole_cluster_decides(
    looks: list[Any],
) -> None:
    one = next(one for one in ALONE if one.name == "c09-injection-everywhere")
    looks[0].scenario = one
    incident = opened_of(one)[0]
    Incident.objects.filter(pk=incident.pk).update(cause="HUNG_REPLICA")
    incident.refresh_from_db()
    observe_incident(NoConnection(), incident, NOW)  # type: ignore[arg-type]
    assert looks[1:] == ["shop", ""]
