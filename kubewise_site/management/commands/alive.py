"""`manage.py alive`: the container health check; exit code 0 where this process's role answers."""

from __future__ import annotations

import socket
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import requests
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from detection.models import Heartbeat
from detection.runtime.heartbeats import is_fresh
from kubewise_site.core import clock


class Command(BaseCommand):
    help = "Exit with 0 if the given role (web, beat, worker) is alive on this host."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help="web, beat, or a worker's name: detect, analyze, act …")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--silent-seconds",
            type=int,
            help="Fail only where the role is known to have been silent for longer.",
        )

    def handle(self, *args: Any, role: str, port: int, **options: Any) -> None:
        if silent := options["silent_seconds"]:
            alive = not _is_silent(_row_name(role), timedelta(seconds=silent))
        else:
            alive = _web(port) if role == "web" else _heartbeat(_row_name(role))
        if not alive:
            raise CommandError(f"{role} is not alive")


def _web(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=3).ok
    except requests.RequestException:
        return False


def _row_name(role: str) -> str:
    return "beat" if role == "beat" else f"worker/{role}@{socket.gethostname()}"


def _heartbeat(name: str) -> bool:
    row = Heartbeat.objects.filter(name=name).first()
    return row is not None and is_fresh(row, clock.now())


def _is_silent(name: str, longest: timedelta) -> bool:
    """Known to be: a database that is away is no reason to end a process."""
    try:
        row = Heartbeat.objects.filter(name=name).first()
    except DatabaseError:
        return False
    return row is not None and clock.now() - row.at > longest
