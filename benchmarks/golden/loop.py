"""One incident from detection to its end: the messages on a broker in memory, and what they did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.app.trace import build_tracer
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.test.utils import override_settings

from benchmarks.golden import broker, product
from benchmarks.golden.documents import write
from benchmarks.golden.rest.calls import EVENTS
from benchmarks.golden.still import Still

STEPS, STEP_SECONDS = 24, 15.0
HEALTHY_STEPS, HEALTHY_SECONDS, BEGAN_SECONDS_AGO = 6, 240.0, 900.0
VARYING = frozenset({"used_at", "anomaly_id"})  # by the monotonic clock, by chance
LONG = timedelta(days=1)
ENDS = ("Resolved", "Escalated", "Dismissed", "RemediationSuggested")
RECORDS = ("detection.Incident", "detection.Transition", "remediation.Plan", "remediation.Attempt",
           "remediation.Approval", "remediation.AuditEntry", "remediation.EvidencePack",
           "remediation.Delivery", "remediation.Budget", "detection.WorkloadBaseline",
           "detection.SourceState")  # fmt: skip


def record(into: Path, folder: Path, clock: Still, fault: str, mode: str = "AUTO") -> None:
    """Expects an empty, prepared database."""
    clock.restart()
    app = broker.use()
    list(broker.take(app))
    with product.simulator_with_a_past() as simulator, _settings(simulator, folder, mode):
        product.forget_clients()
        _watch(app, simulator, clock)
        simulator.inject(fault, began_seconds_ago=BEGAN_SECONDS_AGO)
        simulator.reset_counters()
        steps = list(_steps(app, simulator, clock))
        rows = {name: _rows(name) for name in RECORDS}
        document = {"messages": steps, "writes": _writes(simulator), "records": rows}
    product.forget_clients()
    write(into, f"loop/{fault}-{mode}", document)


def _watch(app: Any, simulator: Any, clock: Still) -> None:
    """Healthy passes without a gap, so that what comes then began while it was watched."""
    cluster = product.current_cluster()
    modes = apps.get_model("remediation", "Mode")
    modes.objects.create(cluster=cluster, mode=settings.DEFAULT_REMEDIATION_MODE, actor="ada",
                         reason="tested", at=clock.now - LONG)  # fmt: skip
    for _ in range(HEALTHY_STEPS):
        _publish_schedule(app, everything=False)
        list(_drain(app))
        clock.advance(HEALTHY_SECONDS)
        simulator.tick(clock.now)


def _settings(simulator: Any, folder: Path, mode: str) -> Any:
    read = simulator.kubeconfig(folder / "read.yaml", "read")
    act = simulator.kubeconfig(folder / "act.yaml", "act")
    return override_settings(
        KUBE_READ_KUBECONFIG=str(read), KUBE_ACT_KUBECONFIG=str(act), AUTO_WARM_UP_SECONDS=0,
        DEFAULT_REMEDIATION_MODE=mode, AUTO_REMEDIATE_CRITICAL=True, VERIFICATION_DELAY_SECONDS=60,
        NOTIFY_URLS=("json://127.0.0.1:9",),
    )  # fmt: skip


def _steps(app: Any, simulator: Any, clock: Still) -> Iterator[dict[str, Any]]:
    """Beat's messages and all that follows from them, until every incident is at its end."""
    for number in range(STEPS):
        _publish_schedule(app, everything=number == 0)
        messages = list(_drain(app))
        yield {"at": number * STEP_SECONDS, "messages": messages, "approvals": list(_approve())}
        if number > 2 and _ended():
            return
        clock.advance(STEP_SECONDS)
        simulator.tick(clock.now)


def _approve() -> Iterator[Any]:
    """A person says yes to every plan that waits, as the API takes it."""
    person, _ = get_user_model().objects.get_or_create(username="root", is_superuser=True)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    waiting = {"incident__status": "AwaitingApproval", "superseded_at": None, "answered_at": None}
    for plan in apps.get_model("remediation", "Plan")._default_manager.filter(**waiting):
        path = f"{EVENTS}/{plan.incident.anomaly_id}/approve"
        body = {"plan": plan.pk, "digest": plan.digest}
        answer = client.post(path, body, content_type="application/json")
        yield answer.status_code, answer.json().get("message") or answer.json()["detail"]


def _ended() -> bool:
    rows = apps.get_model("detection", "Incident")._default_manager.all()
    return rows.exists() and not rows.exclude(status__in=ENDS).exists()


def _publish_schedule(app: Any, everything: bool) -> None:
    """As beat does: each entry with its queue and the time at which it ends."""
    from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

    scheduler = DatabaseScheduler(app=app, lazy=True)
    rows = apps.get_model("django_celery_beat", "PeriodicTask")._default_manager.order_by("pk")
    for row in rows:
        if everything or row.interval.every <= STEP_SECONDS:
            scheduler.apply_async(ModelEntry(row, app=app), advance=False)


def _drain(app: Any) -> Iterator[dict[str, Any]]:
    for queue, message in broker.take(app):
        yield broker.message_record(queue, message) | _run(app, queue, message)


def _run(app: Any, queue: str, message: Any) -> dict[str, Any]:
    """As a worker does it; what the task publishes next goes to the broker too."""
    args, kwargs, embed = json.loads(message.body)
    name, ident = message.headers["task"], message.headers["id"]
    if name == product.TRAIN:
        return {"ended": "not run: it needs TensorFlow"}
    request = message.headers | embed | {
        "args": args, "kwargs": kwargs, "hostname": "golden", "is_eager": False,
        "delivery_info": {"routing_key": queue}, "redelivered": False,
    }  # fmt: skip
    trace = build_tracer(name, app.tasks[name], app.loader, "golden", app=app)
    failed = trace(ident, args, kwargs, request)[1]
    return {"ended": type(failed.retval).__name__ if failed else "well"}


def _writes(simulator: Any) -> list[dict[str, Any]]:
    names = ("method", "path", "code", "user", "dry_run", "content_type", "body")
    return [{n: getattr(w, n) for n in names if hasattr(w, n)} for w in simulator.writes]


def _rows(name: str) -> list[dict[str, Any]]:
    """Every column of every row."""
    model = apps.get_model(name)
    columns = [field.attname for field in model._meta.concrete_fields]
    rows = model._default_manager.order_by("pk").values(*columns)
    return [{n: _whether(v) if n in VARYING else v for n, v in row.items()} for row in rows]


def _whether(value: Any) -> str | None:
    return value and "(varies)"
