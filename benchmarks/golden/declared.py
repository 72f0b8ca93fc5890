"""What the product declares: settings, commands, migrations, tasks and the schedule."""

from __future__ import annotations

import io
import os
import runpy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command, get_commands, load_command_class
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from benchmarks.golden import product
from benchmarks.golden.documents import write

FULL = {
    "PROMETHEUS_URL": "https://prometheus.example:9090/",
    "PROMETHEUS_TOKEN": "token-of-prometheus",
    "PROMETHEUS_HEADERS": "X-Scope-OrgID=team-a,X-Other=b",
    "PROMETHEUS_SCRAPE_INTERVAL_SECONDS": "20",
    "WORKER_SLEEP_INTERVAL_SECONDS": "25",
    "AUTOENCODER_THRESHOLD": "0.5",
    "LLM_PROVIDER": "OpenAI",
    "OPENAI_API_KEY": "key-of-openai",
    "OPENAI_BASE_URL": "https://models.example/v1/",
    "GEMINI_API_KEY": "key-of-gemini",
    "DEFAULT_REMEDIATION_MODE": "auto",
    "AUTO_REMEDIATE_CRITICAL": "1",
    "DRY_RUN": "true",
    "PROTECTED_NAMESPACES": "payments, platform",
    "BLACKLISTED_COMMANDS": "drain_node,delete_pod",
    "SAFE_CRITICAL_COMMANDS": "delete_pod",
    "NOTIFY_URLS": "json://user:secret@hooks.example",
    "KUBEWISE_URL": "https://kubewise.example/",
    "KUBE_CONTEXT": "production",
    "CLUSTER_NAME": "eu-1",
    "CELERY_BROKER_URL": "rediss://user:secret@broker.example:6380/3",
    "DATABASE_URL": "postgres://user:secret@db.example:5432/kubewise",
    "SECRET_KEY": "a long random text of 0123456789",
    "ALLOWED_HOSTS": "kubewise.example",
    "CSRF_TRUSTED_ORIGINS": "https://kubewise.example",
    "METRICS_NETWORKS": "10.0.0.0/8",
    "DEBUG": "True",
    "LOG_LEVEL": "critical",
    "LOG_FORMAT": "json",
}
WRONG = {
    "LLM_PROVIDER": "other", "DWELL_FACTOR": "0", "DRY_RUN": "maybe", "SECRET_KEY_FILE": "/missing",
    "BLACKLISTED_COMMANDS": "no_such_action", "PROTECTED_NAMESPACES": "team-*",
    "DATABASE_URL": "oracle://db.example", "PROMETHEUS_PORT": "0", "METRICS_NETWORKS": "here",
    "KUBEWISE_URL": "ftp://kubewise.example", "PROMETHEUS_HEADERS": "no header",
    "PROMETHEUS_CA": "/missing", "STORM_INCIDENTS": "0", "LOG_LEVEL": "LOUD",
}  # fmt: skip
SECRET = ("SECRET", "KEY", "TOKEN", "PASSWORD", "NOTIFY_URLS", "HEADERS", "DATABASE_URL", "BROKER")
WIDTH = "100"


def record(into: Path, folder: Path) -> None:
    write(into, "settings/table", [product.setting(one) for one in product.SETTINGS])
    write(into, "settings/env.example", (product.HOME / ".env.example").read_text())
    write(into, "settings/of-an-empty-environment", _settings({}, folder))
    write(into, "settings/of-a-full-environment", _settings(FULL, folder))
    write(into, "settings/refused", {f"{n}={v}": _refusal(n, v, folder) for n, v in WRONG.items()})
    write(into, "commands", dict(_commands()))
    write(into, "migrations/names", _migrations())
    write(into, "migrations/missing", _said("makemigrations", check_changes=True, dry_run=True))
    for app, names in _migrations().items():
        for name in names:
            write(into, f"migrations/{app}.{name}", _said("sqlmigrate", app, name))
    write(into, "tasks", _tasks())


@contextmanager
def _environment(given: Mapping[str, str], folder: Path) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    names = {one.name for one in product.SETTINGS}
    os.environ |= {name: value for name, value in before.items() if name not in names}
    os.environ |= {"KUBEWISE_ENV_FILE": os.devnull, "KUBEWISE_DATA_DIR": str(folder / "data")}
    os.environ |= given
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def _settings(given: Mapping[str, str], folder: Path) -> dict[str, Any]:
    (folder / "data").mkdir(exist_ok=True)
    with _environment(given, folder):
        found = runpy.run_module(product.SETTINGS_MODULE)
    names = sorted(name for name in found if name.isupper() and name != "VALUES")
    values = {name: _hidden(name, found[name]) for name in names}
    return values | {"VALUES": {n: _hidden(n, v) for n, v in found["VALUES"].items()}}


def _hidden(name: str, value: Any) -> Any:
    """A secret as whether there is one; what is nested likewise."""
    if isinstance(value, Mapping):
        return {str(key): _hidden(str(key), item) for key, item in value.items()}
    secret = any(part in name for part in SECRET) and "PREFIX" not in name and value
    return "(set)" if secret and isinstance(value, str | tuple) else _without_modules(value)


def _without_modules(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_hidden("", item) for item in value]
    return product.without_module(value) if isinstance(value, str) else value


def _refusal(name: str, value: str, folder: Path) -> str:
    try:
        _settings({name: value}, folder)
    except SystemExit as end:
        return str(end.code)
    return "accepted"


def _commands() -> Iterator[tuple[str, list[str]]]:
    before, os.environ["COLUMNS"] = os.environ.get("COLUMNS", WIDTH), WIDTH
    ours = {apps.get_app_config(label).name for label in product.APPS}
    for name, app in sorted(get_commands().items()):
        if app in ours:
            parser = load_command_class(app, name).create_parser("manage.py", name)
            yield name, parser.format_help().splitlines()
    os.environ["COLUMNS"] = before


def _migrations() -> dict[str, list[str]]:
    known = MigrationLoader(connection).disk_migrations
    return {app: sorted(n for label, n in known if label == app) for app in product.APPS}


def _said(*words: str, **options: Any) -> str:
    """What a command prints, and its exit code where it is not 0."""
    out, code = io.StringIO(), ""
    try:
        call_command(*words, stdout=out, no_color=True, **options)
    except SystemExit as end:
        code = f"exit code {end.code}\n"
    return out.getvalue() + code


def _tasks() -> dict[str, Any]:
    app = product.celery_app()
    ours = {name: app.tasks[name] for name in sorted(app.tasks) if not name.startswith("celery.")}
    limits = ("soft_time_limit", "time_limit", "acks_late", "ignore_result", "max_retries",
              "rate_limit", "serializer", "expires", "track_started")  # fmt: skip
    changed = {name: value for name, value in app.conf.changes.items() if name != "beat_schedule"}
    return {
        "tasks": {n: {key: getattr(t, key) for key in limits} for n, t in ours.items()},
        "routes": {name: app.amqp.router.route({}, name)["queue"].name for name in ours},
        "configuration": {n: v for n, v in changed.items() if "url" not in n},
        "schedule": list(_schedule()),
    }


def _schedule() -> Iterator[dict[str, Any]]:
    names = ("name", "task", "args", "kwargs", "queue", "expire_seconds", "enabled", "description",
             "one_off", "priority", "exchange", "routing_key", "headers")  # fmt: skip
    for row in apps.get_model("django_celery_beat", "PeriodicTask").objects.order_by("name"):
        yield {name: getattr(row, name) for name in names} | {"interval": str(row.interval)}
