"""Facts are typed, and what is stored of them is just what was given."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from detection.domain.causes import Cause, Severity
from detection.domain.facts import (
    AnomalyFacts,
    CallerFacts,
    ContainerFacts,
    Facts,
    Growth,
    ImageFacts,
    MemoryFacts,
    MetricFacts,
    ScaledDownFacts,
)
from detection.domain.families import FAMILIES, facts_of, family_of
from detection.domain.findings import Finding, ObjectRef, redacted
from detection.incidents.record import record_findings
from detection.models import Cluster, Incident
from remediation.observation.observe import finding_of
from tests.detection.builders import NOW

# What the version before typed facts stored, one row for each set of keys and kinds of values.
STORED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "stored_facts.json").read_text()
)
LATER_CAUSES = {
    Cause.CONTAINER_NOT_STARTED,
    Cause.HOST_PORT_TAKEN,
    Cause.PODS_EVICTED,
    Cause.UNSCHEDULABLE,
    Cause.NO_SCHEDULER,
    Cause.SERVICE_LEADS_NOWHERE,
    Cause.SCALER_TARGET_MISSING,
    Cause.NODE_REPORTED,
    Cause.UNKNOWN_HOST,
    Cause.DEPENDENCY_REFUSES,
}
ROWS = [pytest.param(row, id=f"{row['cause']}-{at}") for at, row in enumerate(STORED)]


def found(cause: str, facts: Facts, name: str = "cart") -> Finding:
    owner = ObjectRef("Deployment", "shop", name, f"uid-{name}")
    return Finding(Cause(cause), owner, Severity.WARNING, "seen", NOW, NOW, facts=facts)


def test_every_cause_has_a_family_of_facts() -> None:
    assert set(FAMILIES) == set(Cause)


def test_the_stored_rows_are_of_every_cause_and_know_every_fact() -> None:
    assert {row["cause"] for row in STORED} == set(Cause) - LATER_CAUSES
    names = {item.name for family in FAMILIES.values() for item in fields(family)}
    stored = {name for row in STORED for name in row["facts"]}
    # Facts that this version did not have.
    later = {"beyond", "sidecar", "check", "impact", "platform", "pull", "asked", "misfits"}
    later |= {"only_on", "kept_out", "said", "injected", "secrets_missing"}
    assert stored == names - {"explains"} - later, "correlation takes `explains` away"


@pytest.mark.parametrize("row", ROWS)
def test_what_was_stored_is_read_and_stored_again_as_it_was(row: dict[str, Any]) -> None:
    facts = facts_of(row["cause"], row["facts"])
    assert type(facts) is family_of(row["cause"], row["facts"].get("specific"))
    assert redacted(found(row["cause"], facts)).facts.as_json() == row["facts"]
    given = {name: getattr(facts, name) for name in row["facts"]}
    assert json.dumps(type(facts)(**given).as_json()) == json.dumps(row["facts"])


def test_rows_of_the_database_are_read_and_stored_again_as_they_were(db: None) -> None:
    cluster = Cluster.objects.create(name="c")
    rows = [row for row in STORED if not row["facts"].get("unseen")]
    read = [facts_of(row["cause"], row["facts"]) for row in rows]
    each = [found(rows[at]["cause"], facts, str(at)) for at, facts in enumerate(read)]
    record_findings(cluster, each, {}, NOW)
    again = {int(row.owner_name): finding_of(row) for row in Incident.objects.all()}
    record_findings(cluster, list(again.values()), {}, NOW)
    stored = dict(Incident.objects.values_list("owner_name", "facts"))
    assert len(stored) == len(rows) > 200
    assert {int(name): facts for name, facts in stored.items()} == {
        at: row["facts"] for at, row in enumerate(rows)
    }


def test_only_what_was_given_is_stored() -> None:
    facts = MemoryFacts(container="", exit_code=None, nodes=("a",), growth=Growth(0.5, 60.0, True))
    assert facts.as_json() == {
        "container": "", "exit_code": None, "nodes": ["a"],
        "growth": {"share_an_hour": 0.5, "seconds_to_limit": 60.0, "steady": True},
    }  # fmt: skip
    assert Facts().as_json() == {}
    assert facts_of("OOM_LEAK", {}).as_json() == {}


def test_keys_of_a_later_version_are_kept_and_are_no_attributes() -> None:
    stored = {"exit_code": 1, "cgroup": {"version": 3}}
    facts = facts_of("BAD_RELEASE", stored)
    assert (facts.of(ContainerFacts).exit_code, hasattr(facts, "cgroup")) == (1, False)
    assert redacted(found("BAD_RELEASE", facts)).facts.as_json() == stored
    assert (facts | Facts(shared_by=2)).as_json() == {**stored, "shared_by": 2}


def test_what_can_not_be_read_counts_as_not_given_and_stays_stored() -> None:
    stored = {"exit_code": "one", "restarts": 3, "nodes": "node-a", "metrics": {"cpu": "high"}}
    facts = facts_of("BAD_RELEASE", stored).of(ContainerFacts)
    assert (facts.exit_code, facts.restarts, facts.nodes, facts.metrics) == (None, 3, (), None)
    assert facts.as_json() == stored


def test_a_cause_that_is_not_known_has_what_all_have_in_common() -> None:
    facts = facts_of("OF_A_LATER_VERSION", {"pod": "cart-1", "volts": 5})
    assert (type(facts), facts.pod) == (Facts, "cart-1")
    assert facts.as_json() == {"pod": "cart-1", "volts": 5}


def test_a_bare_pod_has_the_facts_of_its_specific_cause() -> None:
    stored = {"registry": "r.io", "specific": "IMAGE_NOT_FOUND"}
    facts = facts_of("BARE_POD_FAILING", stored)
    assert facts.of(ImageFacts).registry == "r.io"
    assert type(facts_of("BARE_POD_FAILING", {"specific": ["?"]})) is Facts


def test_facts_of_another_family_are_not_known() -> None:
    assert facts_of("BAD_RELEASE", {"exit_code": 1}).of(MetricFacts) == MetricFacts()


def test_one_over_the_other_and_one_with_more() -> None:
    own = ContainerFacts(reason="InitRunning")
    assert own.over(Facts(reason="Error", pod="p")) == ContainerFacts(reason="InitRunning", pod="p")
    both = own | Facts(reason="Error")
    assert (type(both), both.reason, both.as_json()) == (
        ContainerFacts, "Error", {"reason": "Error"},
    )  # fmt: skip


def test_what_only_correlation_reads_is_taken_away() -> None:
    facts = CallerFacts(explains=("a",), callers=1, unseen=True)
    assert facts.settled().as_json() == {"callers": 1, "unseen": True}
    assert facts.seen().as_json() == {"callers": 1, "explains": ["a"]}


def test_facts_can_not_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Facts(), "pod", "p")  # noqa: B010 the checker knows that it can't be


def test_an_incident_is_read_as_any_family() -> None:
    row = Incident(cause="SELECTOR_MISMATCH", facts={"callers": 3, "contributions": {"cpu": 1}})
    assert row.known.of(CallerFacts).callers == 3
    assert row.facts_as(AnomalyFacts).contributions == {"cpu": 1}
    assert row.facts_as(ScaledDownFacts).callers == ()
