"""The audit trail finds what was changed, removed or inserted, and outlives pruning."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Model, QuerySet

from detection.clients import current_cluster
from detection.models import Cluster
from remediation.audit import trail
from remediation.controls import mode_and_stop
from remediation.housekeeping.prune import prune
from remediation.models import AuditEntry, AuditHead, Mode, Policy, StopSwitch
from tests.remediation.cases import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def six_entries() -> Cluster:
    """Six changes of mode and stop switch."""
    cluster = current_cluster()
    for day in range(3):
        at = NOW + timedelta(days=day)
        mode_and_stop.set_mode(cluster, "AUTO", "ada", f"day {day}", at)
        mode_and_stop.set_stop(cluster, day % 2 == 0, "bob", "drill", at)
    return cluster


def test_an_untouched_trail_verifies_and_names_its_head(six_entries: Cluster) -> None:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert f"6 entries, unbroken; the head is 6 {AuditHead.objects.get().hash}" in out.getvalue()


@pytest.mark.parametrize(
    "change", [{"actor": "eve"}, {"payload": {}}, {"at": NOW}, {"kind": "released"}, {"row_id": 9}]
)
def test_a_changed_entry_is_found(six_entries: Cluster, change: dict[str, object]) -> None:
    AuditEntry.objects.filter(seq=5).update(**change)
    assert any("entry 5 was changed" in problem for problem in trail.verify_trail())


@pytest.mark.parametrize("seq", [1, 3, 6])
def test_a_removed_entry_is_found_at_the_beginning_in_the_middle_and_at_the_end(
    six_entries: Cluster, seq: int
) -> None:
    AuditEntry.objects.filter(seq=seq).delete()
    assert any("removed" in problem for problem in trail.verify_trail())


def test_an_entry_that_is_rehashed_after_a_change_breaks_the_next_one(six_entries: Cluster) -> None:
    entry = AuditEntry.objects.get(seq=2)
    entry.actor = "eve"
    entry.hash = trail.entry_hash(entry)
    entry.save()
    assert any("entry 3 does not follow" in problem for problem in trail.verify_trail())


def test_an_inserted_entry_is_found(six_entries: Cluster) -> None:
    entry = AuditEntry.objects.get(seq=6)
    entry.pk, entry.seq, entry.previous = None, 7, entry.hash
    entry.hash = trail.entry_hash(entry)
    entry.save(force_insert=True)
    assert any("head says 6" in problem for problem in trail.verify_trail())


def past_kubewise(model: type[Model]) -> QuerySet[Any]:
    """As SQL or a migration reaches the table: no receiver and no method of ours sees it."""
    return QuerySet(model)


def test_a_record_that_was_changed_removed_or_inserted_beside_the_trail_is_found(
    six_entries: Cluster,
) -> None:
    past_kubewise(Mode).filter(reason="day 1").update(actor="eve")
    past_kubewise(StopSwitch).filter(at=NOW)._raw_delete("default")  # type: ignore[attr-defined]
    past_kubewise(Mode).bulk_create([Mode(cluster=six_entries, mode="AUTO", actor="eve", at=NOW)])
    problems = " | ".join(trail.verify_trail())
    assert "was changed after entry" in problems
    assert "was removed; entry" in problems
    assert "was inserted beside the trail" in problems


def test_the_first_record_of_its_kind_can_t_be_inserted_beside_the_trail(
    six_entries: Cluster,
) -> None:
    eve = Policy(cluster=six_entries, namespace_pattern="*", mode="AUTO")
    past_kubewise(Policy).bulk_create([eve])
    assert any("Policy" in problem and "inserted" in problem for problem in trail.verify_trail())


def test_the_command_hints_at_sql_and_migrations_and_a_save_mends_it(six_entries: Cluster) -> None:
    past_kubewise(Mode).filter(reason="day 2").update(actor="eve")
    err = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_audit", stderr=err)
    assert "saved once by KubeWise" in err.getvalue()
    Mode.objects.get(actor="eve").save()
    assert trail.verify_trail() == []
    assert AuditEntry.objects.last().kind == "mode changed"  # type: ignore[union-attr]


def test_the_command_fails_and_says_what_it_found(six_entries: Cluster) -> None:
    AuditEntry.objects.filter(seq=2).update(actor="eve")
    err = StringIO()
    with pytest.raises(CommandError, match="of tampering"):
        call_command("verify_audit", stderr=err)
    assert "entry 2 was changed" in err.getvalue()


def test_pruning_leaves_a_checkpoint_and_a_trail_that_verifies(six_entries: Cluster) -> None:
    assert trail.prune_entries(NOW + timedelta(hours=30), NOW + timedelta(days=9)) == 4
    assert list(AuditEntry.objects.values_list("kind", flat=True)) == [
        "mode set", "stopped", "checkpoint"
    ]  # fmt: skip
    assert trail.verify_trail() == []
    AuditEntry.objects.order_by("seq").first().delete()  # type: ignore[union-attr]
    assert trail.verify_trail()


def test_the_daily_pruning_prunes_the_trail_by_its_setting(
    six_entries: Cluster, settings: object
) -> None:
    settings.AUDIT_RETENTION_DAYS = 1  # type: ignore[attr-defined]
    prune(NOW + timedelta(days=30))
    assert AuditEntry.objects.get().kind == "checkpoint"
    assert trail.verify_trail() == []


def test_the_trail_is_exported_as_json_lines(six_entries: Cluster) -> None:
    out = StringIO()
    call_command("export_audit", "--after", "4", stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["seq"] for line in lines] == [5, 6]
    assert datetime.fromisoformat(lines[0]["at"]) == NOW + timedelta(days=2)
    assert {"kind", "actor", "previous", "hash", "payload"} <= set(lines[0])


def test_an_entry_outside_a_transaction_is_a_bug_that_is_told(
    transactional_db: None,
) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        trail.append_entry("mode set", "ada", Mode(mode="AUTO", at=NOW, cluster_id=1), NOW)
