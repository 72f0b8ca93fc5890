"""What the web sends: bodies, query parameters, Alertmanager's webhook.

Chats send nothing: a notification only links to a page.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.cache import cache as counted
from django.db import transaction
from django.test import Client
from rest_framework.exceptions import ParseError

from kubewise_site.core.rest.parsers import decoded
from tests.fuzz.mutation import mutated
from tests.fuzz.properties import all_safe, hold
from tests.fuzz.target import target
from tests.kubewise_site import records

EVENT = UUID(int=7)
LONGEST_TEXT = 200_000
LISTS = (
    "remediation/events", "audit", "policies", "maintenance-windows", "silences", "metrics",
    "metrics/queries", "watched", "health", f"remediation/events/{EVENT}", "setup/config",
)  # fmt: skip
ALERTS: dict[str, Any] = {
    "version": "4", "groupKey": "{}", "status": "firing", "receiver": "x", "externalURL": "http://a",
    "alerts": [
        {
            "status": "firing", "labels": {"alertname": "A", "namespace": "shop", "pod": "cart-1"},
            "annotations": {"summary": "s"}, "startsAt": "2026-03-01T11:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "abc123",
        }
    ],
}  # fmt: skip
BODIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("alerts", ALERTS),
    (f"remediation/events/{EVENT}/approve", {"spec_hash": "d" * 64, "reason": "r"}),
    (f"remediation/events/{EVENT}/comment", {"text": "t"}),
    (f"remediation/events/{EVENT}/silence", {"minutes": 5, "reason": "r"}),
    (f"remediation/events/{EVENT}/remediate", {"command": "restart_deployment", "reason": "r"}),
    ("remediation/commands", {"command": "restart_deployment name=a namespace=b"}),
    ("setup/mode", {"mode": "MANUAL"}),
    ("setup/stop", {"stopped": True, "reason": "r"}),
    ("policies", {"name": "a", "match": {}, "effect": "deny"}),
    ("silences", {"namespace": "shop", "until": "2026-03-01T12:00:00Z", "reason": "r"}),
    ("maintenance-windows", {"name": "a", "cron": "0 0 * * *", "minutes": 5}),
    ("metrics/queries", {"name": "abc", "query": "up", "entity_kind": "pod"}),
)


@target("JSON bodies")
def bodies(data: bytes) -> None:
    try:
        json.dumps(decoded(data), ensure_ascii=False).encode()
    except ParseError as error:
        hold(len(str(error)) < 1000, "a message without a bound")


@target("query parameters", longest=400, needs_database=True)
def parameters(data: bytes) -> None:
    path = LISTS[data[0] % len(LISTS)] if data else LISTS[0]
    query = data[1:].decode("latin-1")
    _ask(lambda client: client.get(f"/api/v1/{path}", QUERY_STRING=query))


@target("API bodies", longest=64, needs_database=True)
def api_bodies(data: bytes) -> None:
    path, body = BODIES[data[0] % len(BODIES)] if data else BODIES[0]
    _post(path, json.dumps(mutated(body, data[1:])).encode())


@target("Alertmanager's webhook", longest=2048, needs_database=True)
def webhook(data: bytes) -> None:
    _post("alerts", data)


def _post(path: str, content: bytes) -> None:
    kind = "application/json"
    _ask(lambda client: client.post(f"/api/v1/{path}", content, content_type=kind))


def _ask(send: Callable[[Client], Any]) -> None:
    """One request to a waiting incident, by one who may do all; nothing of it stays.

    What a view raises comes out of the test client as it is.
    """
    counted.clear()
    with transaction.atomic():
        records.plan(records.incident(anomaly_id=EVENT))
        client = Client(raise_request_exception=True)
        client.force_login(User.objects.create_superuser("fuzz"))
        answer = send(client)
        transaction.set_rollback(True)
    hold(answer.status_code < 500 or answer.status_code == 503, f"status {answer.status_code}")
    if "json" in answer.get("Content-Type", ""):
        all_safe(json.loads(answer.content), LONGEST_TEXT)
