"""The stop switch from a shell: it stops, says by whom, and never releases."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from detection.clients import current_cluster
from remediation.controls import mode_and_stop
from remediation.models import AuditEntry

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("stop", *arguments, stdout=out)
    return out.getvalue()


def test_it_stops_and_is_on_record() -> None:
    assert run("node upgrade").startswith("Stopped: KubeWise changes nothing.")
    standing = mode_and_stop.standing(current_cluster())
    assert standing.stopped
    assert "on the host pulled the stop switch: node upgrade" in standing.stop_sentence
    assert "on the host" in AuditEntry.objects.latest("pk").actor


def test_a_second_time_says_who_was_first_and_changes_nothing() -> None:
    run("first")
    entries = AuditEntry.objects.count()
    assert "pulled the stop switch: first" in run("second")
    assert AuditEntry.objects.count() == entries
    assert mode_and_stop.standing(current_cluster()).stop_reason == "first"
