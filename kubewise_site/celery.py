"""The Celery application: queues, limits, and no result backend."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from kubewise_site import pipeline

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")

app = Celery("kubewise")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_routes={task: {"queue": queue} for task, queue in pipeline.QUEUES.items()},
    task_default_queue="sweep",
    task_serializer="json",
    accept_content=["json"],
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
    broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 10},
    enable_utc=True,
    timezone="UTC",
)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Connected so that Celery leaves the logging of settings.py alone."""
