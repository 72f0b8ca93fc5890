"""What ends a worker in a cluster: a known silence, never a slow pass or a lost database."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from detection.models import Heartbeat
from kubewise_site.core import clock

ROW = f"worker/detect@{socket.gethostname()}"


def said(seconds_ago: int) -> None:
    Heartbeat.objects.create(name=ROW, at=clock.now() - timedelta(seconds=seconds_ago))


def ask(*arguments: str) -> None:
    call_command("alive", "detect", *arguments)


def test_a_slow_worker_is_not_ready_but_is_not_ended(db: None) -> None:
    said(300)
    with pytest.raises(CommandError):
        ask()
    ask("--silent-seconds", "900")


def test_a_worker_that_was_silent_for_longer_than_any_task_takes_is_ended(db: None) -> None:
    said(901)
    with pytest.raises(CommandError):
        ask("--silent-seconds", "900")


def test_one_that_has_said_nothing_yet_is_not_ended(db: None) -> None:
    ask("--silent-seconds", "900")


def test_a_database_that_is_away_ends_nobody(db: None, monkeypatch: Any) -> None:
    def away(**_: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(Heartbeat.objects, "filter", away)
    ask("--silent-seconds", "900")
