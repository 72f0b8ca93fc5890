"""Messages are wake-ups: published after the commit, and a broken broker is no error."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import chain
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from detection.models import Heartbeat
from kubewise_site import celery, pipeline
from kubewise_site.celery import app
from kubewise_site.up.programs import programs
from kubewise_site.up.watched import Watched


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


def test_nothing_else_waits_where_a_model_is_asked(tmp_path: Path) -> None:
    """A question may take LLM_TIMEOUT_SECONDS, and analyses and decisions go on meanwhile."""
    asking = pipeline.QUEUES[pipeline.CONSULT]
    waiting = {task for task, queue in pipeline.QUEUES.items() if queue == asking}
    assert waiting == {pipeline.CONSULT, pipeline.SUGGEST_QUERIES}
    table = programs(Watched("none"), tmp_path, None, 8000, ())
    commands = [one.command for one in table if "-Q" in one.command]
    served = [command[command.index("-Q") + 1].split(",") for command in commands]
    assert [queues for queues in served if asking in queues] == [[asking]]


def test_each_step_of_a_chain_has_its_own_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(pipeline, "chain", lambda *steps: made.extend(steps) or chain(*steps))
    monkeypatch.setattr(pipeline, "_after_commit", lambda *_: None)
    pipeline.advance(1)
    queues = [(step.task, step.options["queue"]) for step in made]
    tasks = (pipeline.ANALYZE, pipeline.CONSULT, pipeline.DECIDE, pipeline.ACT)
    assert queues == list(zip(tasks, ("analyze", "consult", "analyze", "act"), strict=True))


def test_messages_carry_ids_as_json_and_leave_no_result() -> None:
    assert app.conf.task_serializer == "json"
    assert app.conf.task_ignore_result
    assert not app.conf.task_acks_late


def _task(**request: object) -> SimpleNamespace:
    return SimpleNamespace(request={"delivery_info": {"routing_key": "sweep"}} | request)


def _begin(task: SimpleNamespace) -> None:
    """`request` of Celery is a mapping by `get` and an object by its attributes."""
    known = task.request
    task.request = SimpleNamespace(get=known.get, delivery_info=known["delivery_info"])
    celery.note_how_long_it_waited(task)


def test_a_message_tells_how_long_it_waited(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celery, "_last_signs", {})
    headers: dict[str, float] = {}
    celery.note_when_published(headers=headers)
    headers[celery.PUBLISHED] -= 2
    _begin(_task(**headers))
    assert 2_000 <= Heartbeat.objects.get(name="queue/sweep").detail["wait_ms"] < 60_000


@pytest.mark.parametrize("published", [None, "yesterday", 1e12])
def test_a_message_with_a_strange_time_tells_no_nonsense(
    db: None, monkeypatch: pytest.MonkeyPatch, published: object
) -> None:
    monkeypatch.setattr(celery, "_last_signs", {})
    _begin(_task(**{celery.PUBLISHED: published}))
    told = [row.detail["wait_ms"] for row in Heartbeat.objects.all()]
    assert told in ([], [0.0])
