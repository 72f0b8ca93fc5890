"""What counts as evidence of an accepted failure: every fact is on one of two lists."""

from __future__ import annotations

from dataclasses import fields

from detection.domain.families import FAMILIES
from detection.models import Incident
from remediation.controls.accepted_signs import EVIDENCE, NO_EVIDENCE, sign_of


def test_every_fact_is_evidence_or_is_none() -> None:
    facts = {field.name for family in FAMILIES.values() for field in fields(family)}
    assert facts == EVIDENCE | NO_EVIDENCE, (EVIDENCE | NO_EVIDENCE) ^ facts
    assert not EVIDENCE & NO_EVIDENCE


def incident(**facts: object) -> Incident:
    return Incident(cause="UNCLASSIFIED", severity="warning", facts=facts, revision={"current": 2})


def test_the_digest_does_not_depend_on_order_or_on_what_is_not_known() -> None:
    one = sign_of(incident(image="a", container="c", exit_code=None, missing=""))
    assert one.digest == sign_of(incident(container="c", image="a")).digest
    assert one.digest != sign_of(incident(container="c", image="b")).digest


def test_the_impact_is_what_is_not_ready_and_what_fails() -> None:
    assert sign_of(incident(ready=1, desired=3, pods=1)).impact == {
        "failing pods": 1, "replicas not ready": 2,
    }  # fmt: skip
    assert sign_of(incident(nodes=["a", "b"])).impact == {"nodes": 2}
    assert sign_of(incident(nodes=["a", "b"], pods=2)).impact == {"failing pods": 2}
