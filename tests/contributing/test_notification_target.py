"""The row "a notification target": an address in NOTIFY_URLS is all that a message needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from kubewise_site.core.config.reading import read_settings
from remediation.models import Delivery
from remediation.notifications import notify
from tests.kubewise_site import records

pytestmark = pytest.mark.django_db
Message = tuple[str, dict[str, Any]]
"""The path that it was posted to, and what it says."""


@contextmanager
def receiver() -> Iterator[tuple[int, list[Message]]]:
    """The port of a server that keeps what is posted to it."""
    got: list[Message] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *given: Any) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port, got
        server.shutdown()
        thread.join()


def test_an_address_alone_gets_the_message(settings: Any) -> None:
    incident = records.incident(status="Analyzing")
    with receiver() as (port, got):
        entry = f"json://127.0.0.1:{port}/one,json://127.0.0.1:{port}/two"
        settings.NOTIFY_URLS = read_settings({"NOTIFY_URLS": entry})["NOTIFY_URLS"]
        assert notify(incident.pk, records.NOW) == [Delivery.State.OPENED]
    assert [path for path, _ in got] == ["/one", "/two"]
    assert {said["title"] for _, said in got} == {f"[KubeWise #{incident.pk}] Deployment shop/cart"}
    assert Delivery.objects.get().result == Delivery.Result.SENT


def test_without_an_address_nobody_is_told(settings: Any) -> None:
    settings.NOTIFY_URLS = read_settings({})["NOTIFY_URLS"]
    assert notify(records.incident().pk, records.NOW) == []
    assert not Delivery.objects.exists()
