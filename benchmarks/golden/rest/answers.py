"""What the REST API answers: every GET to every role, mistakes, and writes in a fixed order."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps
from django.core.cache import caches
from django.core.management import call_command
from django.test import Client

from benchmarks.golden import broker
from benchmarks.golden.documents import write
from benchmarks.golden.rest import calls, records
from benchmarks.golden.rest.calls import V1, RestCall
from benchmarks.golden.still import Still, same_uuid

HEADERS = ("Content-Type", "Location", "WWW-Authenticate", "Retry-After", "Allow", "Vary",
           "Cache-Control", "X-Frame-Options", "X-Content-Type-Options", "Idempotency-Replayed",
           "Content-Disposition", "Referrer-Policy", "Cross-Origin-Opener-Policy")  # fmt: skip
SCOPES = {"viewer": ("read",), "approver": ("approve",), "operator": ("approve", "operate"),
          "admin": ("approve", "operate"), "root": ("approve", "operate")}  # fmt: skip
READERS = ("anonymous", "viewer", "operator", "admin")


def record(into: Path, clock: Still) -> None:
    """Expects an empty, migrated database."""
    clock.restart()
    records.fill()
    clients = {"anonymous": Client(raise_request_exception=False), **dict(_clients())}
    write(into, "rest/setting-up", _answers(clients, calls.setting_up()))
    schema = yaml.safe_load(written_schema())
    write(into, "rest/schema", schema)
    gets = list(_gets(schema))
    for role in READERS:
        answers = _answers(clients, [RestCall(role, "GET", path) for path in gets])
        write(into, f"rest/get-as-{role}", answers)
    write(into, "rest/pages", _pages(clients["admin"]))
    write(into, "rest/mistakes", _answers(clients, calls.mistakes()))
    write(into, "rest/not-allowed", _answers(clients, _forbidden(schema)))
    clock.advance(60)
    write(into, "rest/writes", _answers(clients, calls.writes(_plans())))
    write(
        into, "rest/published", [broker.message_record(*one) for one in broker.take(broker.use())]
    )
    write(into, "rest/get-after-the-writes",
          _answers(clients, [RestCall("root", "GET", path) for path in gets]))  # fmt: skip


def written_schema() -> str:
    """docs/openapi.yaml, as `manage.py spectacular` makes it."""
    out = io.StringIO()
    call_command("spectacular", stdout=out, fail_on_warn=True, validate=True)
    return out.getvalue()


def _clients() -> Iterator[tuple[str, Client]]:
    for role, scopes in SCOPES.items():
        out = io.StringIO()
        call_command("create_token", role, scopes=list(scopes), name=f"token of {role}",
                     stdout=out, stderr=io.StringIO())  # fmt: skip
        headers = {"Authorization": f"Bearer {out.getvalue().strip()}"}
        yield role, Client(raise_request_exception=False, headers=headers)


def _gets(schema: Any) -> Iterator[str]:
    """Every GET of the schema with every id that there is, and what stands beside the schema."""
    for path, operations in schema["paths"].items():
        if "get" in operations:
            yield from _with_ids(path)
    yield from calls.BESIDE
    yield from calls.filters()


def _with_ids(path: str) -> Iterator[str]:
    if "{" not in path:
        yield path
        return
    start, _, rest = path.partition("{")
    name, _, end = rest.partition("}")
    for value in _ids(start, name):
        yield f"{start}{value}{end}"


def _ids(start: str, name: str) -> list[Any]:
    model, field = {
        "anomaly_id": ("detection.Incident", "anomaly_id"),
        "name": ("detection.MetricQuery", "name"),
        "version": ("detection.ModelVersion", "version"),
    }.get(name) or {
        "policies": ("remediation.Policy", "pk"),
        "maintenance-windows": ("remediation.MaintenanceWindow", "pk"),
        "silences": ("remediation.Silence", "pk"),
    }[start.rstrip("/").rpartition("/")[2]]
    rows = apps.get_model(model)._default_manager.order_by("pk")
    return list(rows.values_list(field, flat=True))


def _plans() -> list[tuple[str, str, int, str]]:
    """(status, anomaly id, plan, digest) of every plan."""
    rows = apps.get_model("remediation", "Plan")._default_manager.order_by("pk")
    return [(p.incident.status, str(p.incident.anomaly_id), p.pk, p.digest) for p in rows]


def _forbidden(schema: Any) -> Iterator[RestCall]:
    """Every write, of nothing that exists, by every role."""
    for role in ("anonymous", *SCOPES):
        for path, operations in schema["paths"].items():
            place = path.replace("{anomaly_id}", same_uuid("nothing")).replace("{id}", "999")
            place = place.replace("{name}", "nothing").replace("{version}", "nothing")
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                if method.lower() not in operations or method != "POST" or "{" in path:
                    yield RestCall(role, method, place, {})


def _pages(client: Client) -> list[Any]:
    """Three pages of two events, and what changed since the first."""
    found, path = [], f"{V1}/remediation/events?limit=2"
    for _ in range(3):
        answer = client.get(path)
        found.append(_shown(answer))
        path = answer.json()["next"]
    since = found[0]["body"]["cursor"].partition(".")[0]
    for after in (since, "3", "0"):
        found.append(_shown(client.get(f"{V1}/remediation/events?after={after}&limit=3")))
    return found


def _answers(clients: dict[str, Client], asked: Any) -> dict[str, Any]:
    """By what was asked. The counters of writes begin anew at each: nobody waits."""
    found: dict[str, Any] = {}
    for number, call in enumerate(asked):
        for cache in caches.all():
            cache.clear()
        sent = call.sent()
        answer = clients[call.role].generic(
            call.method, call.path, sent, content_type=call.content_type, headers=call.headers
        )
        name = f"{call.role}: {call.method} {call.path[:150]}"
        name = name if call.method == "GET" else f"{number:03} {name} {sent[:80]}"
        found[name if name not in found else f"{name} ({number})"] = _shown(answer)
    return found


def _shown(answer: Any) -> dict[str, Any]:
    headers = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
    told = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return {"status": answer.status_code, "headers": headers, "body": _body(answer, told)}


def _body(answer: Any, told: bytes) -> Any:
    kind = answer.headers.get("Content-Type", "")
    with suppress(ValueError):
        return json.loads(told)
    lines = told.decode(errors="replace").splitlines()
    return lines if "html" not in kind else f"{len(lines) > 0} page"
