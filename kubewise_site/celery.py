"""The Celery application: queues, limits, and no result backend."""

import os
import time
from typing import Any

from celery import Celery
from celery.signals import (
    after_task_publish,
    beat_init,
    before_task_publish,
    heartbeat_sent,
    setup_logging,
    task_failure,
    task_prerun,
)

from kubewise_site import pipeline
from kubewise_site.core.foreign_text import safe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")

app = Celery("kubewise")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_routes={task: {"queue": queue} for task, queue in pipeline.QUEUES.items()},
    task_default_queue="sweep",
    task_serializer="json",
    accept_content=["json"],
    result_accept_content=["json"],
    result_serializer="json",
    event_serializer="json",
    task_ignore_result=True,
    # Early acknowledgement: the sweep is the one recovery, so nothing runs twice by the broker.
    task_acks_late=False,
    task_publish_retry=False,
    task_soft_time_limit=240,
    task_time_limit=300,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_max_tasks_per_child=2000,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=3,
    # A broker that is away costs a caller half a second, not six: the sweep publishes later.
    broker_transport_options={
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.2,
    },
    enable_utc=True,
    timezone="UTC",
)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Connected so that Celery leaves the logging of settings.py alone."""


SIGN_OF_LIFE_SECONDS = 10.0
LONGEST_ERROR = 500
PUBLISHED = "kubewise_published"
_last_signs: dict[str, float] = {}


@heartbeat_sent.connect
def worker_is_alive(sender: Any, **_: Any) -> None:
    """Every two seconds in a worker's main process; the row is written less often."""
    queues = sorted(app.amqp.queues.consume_from)
    _sign_of_life(f"worker/{sender.eventer.hostname}", queues=queues)


@beat_init.connect
def beat_has_started(**_: Any) -> None:
    after_task_publish.connect(beat_is_alive, weak=False)


def beat_is_alive(**_: Any) -> None:
    _sign_of_life("beat")


@before_task_publish.connect
def note_when_published(headers: Any = None, **_: Any) -> None:
    if isinstance(headers, dict):
        headers[PUBLISHED] = time.time()


@task_prerun.connect
def note_how_long_it_waited(task: Any, **_: Any) -> None:
    """Clocks of two hosts may differ by more than a message waits."""
    published = task.request.get(PUBLISHED)
    queue = (task.request.delivery_info or {}).get("routing_key")
    if queue and isinstance(published, float):
        wait_ms = round(max(time.time() - published, 0.0) * 1000, 1)
        _sign_of_life(f"queue/{queue}", wait_ms=wait_ms)


@task_failure.connect
def note_what_failed(sender: Any, exception: Any = None, **_: Any) -> None:
    """A task that raised is a fault of ours: health and dashboard show it for an hour."""
    from detection.runtime.heartbeats import sign_of_life  # the apps are loaded by now

    error = f"{type(exception).__name__}: {exception}"[:LONGEST_ERROR]
    sign_of_life(f"task/{sender.name.rpartition('.')[2]}", ok=False, error=safe(error))


def _sign_of_life(name: str, **detail: Any) -> None:
    if time.monotonic() - _last_signs.get(name, -SIGN_OF_LIFE_SECONDS) < SIGN_OF_LIFE_SECONDS:
        return
    _last_signs[name] = time.monotonic()
    from detection.runtime.heartbeats import sign_of_life  # the apps are loaded by now

    sign_of_life(name, **detail)
