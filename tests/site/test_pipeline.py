"""Messages are wake-ups: published after the commit, and a broken broker is no error."""

from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from kubewise_site import pipeline
from kubewise_site.celery import app


def test_nothing_is_published_before_the_commit(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        pipeline.advance(1)
    assert len(callbacks) == 1


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_down_the_caller_succeeds(tmp_path: Path) -> None:
    app.conf.broker_url = f"redis+socket://{tmp_path}/nobody.sock"
    pipeline.advance(1)
    pipeline.act(1)
    pipeline.verify(1)
    pipeline.reconcile(1)


def test_every_task_has_a_queue_and_a_name_that_is_registered() -> None:
    app.loader.import_default_modules()
    assert set(pipeline.QUEUES) <= set(app.tasks)
    ours = {name for name in app.tasks if name.startswith(("detection.", "remediation."))}
    assert ours == set(pipeline.QUEUES)


def test_messages_carry_ids_as_json_and_leave_no_result() -> None:
    assert app.conf.task_serializer == "json"
    assert app.conf.task_ignore_result
    assert not app.conf.task_acks_late
