"""Whoever changes a mode, the stop switch, a policy, a window or a silence leaves an entry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import NotSupportedError, transaction
from django.db.models import F
from django.db.models.deletion import Collector

from detection.clients import current_cluster
from detection.models import Cluster
from remediation.audit import trail
from remediation.audit.signals import by
from remediation.models import (
    Acceptance,
    AuditEntry,
    MaintenanceWindow,
    Mode,
    ModeChoice,
    Policy,
    Silence,
    StopSwitch,
)
from remediation.models.audited import Audited
from tests.remediation.cases import NOW

pytestmark = pytest.mark.django_db
SPAN = {"author": "ada", "reason": "upgrade", "starts_at": NOW, "ends_at": NOW + timedelta(days=1)}
SET = {"actor": "ada", "reason": "because", "at": NOW}
MADE: dict[type[Audited], dict[str, Any]] = {
    Mode: {"mode": ModeChoice.AUTO, **SET},
    StopSwitch: {"stopped": True, **SET},
    Policy: {"namespace_pattern": "shop", "mode": "AUTO"},
    MaintenanceWindow: SPAN,
    Silence: SPAN,
    Acceptance: {"owner_kind": "Node", "owner_name": "n", "cause": "BAD_RELEASE", "author": "ada",
                 "reason": "known", "at": NOW, "review_at": NOW + timedelta(days=1)},
}  # fmt: skip
OTHER = {Mode: "reason", StopSwitch: "reason", Policy: "namespace_pattern",
         MaintenanceWindow: "reason", Silence: "reason",
         Acceptance: "reason"}  # fmt: skip
everything = pytest.mark.parametrize("model", MADE, ids=lambda model: model.__name__)


def test_rows_that_nobody_set_are_deleted_in_one_statement() -> None:
    assert Collector("default", origin=None).can_fast_delete(AuditEntry.objects.all())
    assert not Collector("default", origin=None).can_fast_delete(Policy.objects.all())


def made(model: type[Audited]) -> Audited:
    row = model(cluster=current_cluster(), **MADE[model])
    row.save()
    return row


def kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("seq").values_list("kind", flat=True))


def test_everything_that_people_set_is_audited() -> None:
    assert set(Audited.__subclasses__()) - set(MADE) == {MaintenanceWindow.__base__}


@everything
@pytest.mark.parametrize(
    "change",
    [
        lambda row, name: (setattr(row, name, "other"), row.save()),
        lambda row, name: type(row).objects.filter(pk=row.pk).update(**{name: "other"}),
        lambda row, name: type(row).objects.update_or_create(pk=row.pk, defaults={name: "other"}),
        lambda row, name: call_command("loaddata", "-", format="json", verbosity=0),
    ],
    ids=["save", "update", "update_or_create", "loaddata"],
)
def test_a_change_from_anywhere_is_told(
    model: type[Audited], change: Callable[[Any, str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = made(model)
    before = len(kinds())
    monkeypatch.setattr("sys.stdin", dumped(row, OTHER[model]))
    change(row, OTHER[model])
    assert kinds()[before:] == [f"{model._meta.verbose_name} changed"]
    entry = AuditEntry.objects.latest("seq")
    assert entry.payload[OTHER[model]] == "other"
    assert "outside admin and API" in entry.actor
    assert trail.verify_trail() == []


def dumped(row: Any, name: str) -> StringIO:
    out = StringIO()
    call_command("dumpdata", row._meta.label, stdout=out)
    value = getattr(type(row).objects.get(pk=row.pk), name)
    return StringIO(out.getvalue().replace(f'"{name}": "{value}"', f'"{name}": "other"'))


@everything
@pytest.mark.parametrize(
    "delete",
    [
        lambda row: row.delete(),
        lambda row: type(row).objects.filter(pk=row.pk).delete(),
        lambda row: Cluster.objects.filter(pk=row.cluster_id).delete(),
    ],
    ids=["row", "queryset", "cascade"],
)
def test_a_deletion_from_anywhere_is_told(
    model: type[Audited], delete: Callable[[Any], object]
) -> None:
    delete(made(model))
    assert kinds()[-1] == f"{model._meta.verbose_name} deleted"
    assert not model.objects.exists()
    assert trail.verify_trail() == []


@everything
def test_the_ways_that_would_leave_no_entry_are_refused(model: type[Audited]) -> None:
    row = made(model)
    with pytest.raises(NotSupportedError, match="audit trail"):
        model.objects.bulk_create([row])
    with pytest.raises(NotSupportedError, match="audit trail"):
        model.objects.bulk_update([row], [OTHER[model]])


def test_an_update_with_an_expression_tells_the_value_that_came_of_it() -> None:
    row = Policy(cluster=current_cluster(), **MADE[Policy], attempts_an_hour=2)
    row.save()
    Policy.objects.update(attempts_an_hour=F("attempts_an_hour") + 1)
    assert AuditEntry.objects.latest("seq").payload["attempts_an_hour"] == 3
    assert trail.verify_trail() == []


def test_what_a_person_does_is_told_as_theirs_and_only_within() -> None:
    with by("ada", NOW):
        made(Policy)
    made(Silence)
    ada, process = AuditEntry.objects.order_by("seq")
    assert (ada.actor, ada.at) == ("ada", NOW)
    assert "outside admin and API" in process.actor


@pytest.mark.django_db(transaction=True)
@everything
def test_a_row_is_not_saved_where_its_entry_can_t_be(
    model: type[Audited], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: Any, **named: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(trail, "_append", fail)
    with pytest.raises(RuntimeError, match="disk"):
        made(model)
    assert not model.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_leaves_no_entry() -> None:
    with transaction.atomic():
        made(Policy)
        transaction.set_rollback(True)
    assert (Policy.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_a_shell_s_change_of_the_stop_switch_is_on_the_trail(tmp_path: Path) -> None:
    """A process of its own, as an operator at the console is one."""
    words = (
        "from django.core.management import call_command as c;c('migrate',verbosity=0);"
        "from detection.clients import current_cluster as w;from remediation.models import *;"
        "from django.utils.timezone import now;"
        "StopSwitch.objects.create(cluster=w(),stopped=True,actor='x',at=now());"
        "print([(e.kind,'outside' in e.actor) for e in AuditEntry.objects.all()])"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", words],
        env={"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3", "PATH": "/usr/bin:/bin",
             "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "[('stopped', True)]" in done.stdout
