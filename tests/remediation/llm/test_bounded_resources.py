"""What a hostile model may take: so many threads and sockets, and so much memory."""

from __future__ import annotations

import gc
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from remediation.llm.failures import LlmFailure
from remediation.llm.prompt_texts import prompt
from remediation.llm.protocol import Reply
from remediation.llm.providers import in_time, provider
from remediation.llm.providers.in_time import MOST_THREADS, Patience
from remediation.llm.schema import ASSESSMENT_SCHEMA
from tests.remediation.llm.hostile_modes import ENVELOPES, MODES, http
from tests.remediation.llm.hostile_server import hostile
from tests.remediation.llm.test_hostile_answers import TIMEOUT_SECONDS, point_at

CALLS = 50
CALL_SECONDS = 0.1
GONE_SECONDS = 10.0
MOST_BYTES = 16 * 1024 * 1024
HUNG = ["never a byte", "head, then silence", "dripped headers", "dripped body", "never ends"]
LARGE = ["100 MB", "never ends", "a header of 10 MB", "endless headers", "gzip bomb",
         "endless 100 Continue"]  # fmt: skip


def ask(seconds: float) -> Any:
    patience = Patience(seconds)
    client = provider(patience)
    patience.begin()  # the SDK is imported by now
    return client.ask(prompt("assess"), {"evidence": []}, ASSESSMENT_SCHEMA)


def threads() -> int:
    return sum(one.name == "model" for one in threading.enumerate())


def sockets_to(port: int) -> int:
    """Open sockets of this process whose peer listens there."""
    gc.collect()
    found = [one for one in gc.get_objects() if issubclass(type(one), socket.socket)]
    return sum(_peer_port(one) == port for one in found)


def _peer_port(one: socket.socket) -> int:
    try:
        peer = one.getpeername()
        return int(peer[1]) if isinstance(peer, tuple) else 0  # a socket of a path has no port
    except OSError:
        return 0


def wait_until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + GONE_SECONDS
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)
    return holds()


@pytest.mark.parametrize("mode", HUNG)
@pytest.mark.parametrize("name", ENVELOPES)
def test_fifty_questions_that_hang_leave_no_thread_and_no_socket(
    name: str, mode: str, settings: Any
) -> None:
    assert wait_until(lambda: threads() == 0), "of an earlier test"
    with hostile(MODES[mode](ENVELOPES[name])) as url:
        point_at(settings, name, url)
        port, most = int(url.rpartition(":")[2]), 0
        for _ in range(CALLS):
            assert isinstance(ask(CALL_SECONDS), LlmFailure)
            most = max(most, threads())
        assert most <= MOST_THREADS + 1
        assert sockets_to(port) <= MOST_THREADS + 1
        assert wait_until(lambda: threads() == 0), threading.enumerate()
        assert wait_until(lambda: sockets_to(port) == 0), sockets_to(port)


@pytest.mark.parametrize("mode", LARGE)
@pytest.mark.parametrize("name", ENVELOPES)
def test_a_large_answer_costs_bounded_memory(name: str, mode: str, settings: Any) -> None:
    with hostile(MODES[mode](ENVELOPES[name])) as url:
        point_at(settings, name, url)
        ask(TIMEOUT_SECONDS)  # what is imported and kept is no part of the answer
        gc.collect()
        tracemalloc.start()
        try:
            ask(TIMEOUT_SECONDS)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < MOST_BYTES


class WorkerStopped(BaseException):
    """As Celery's soft time limit is."""


def test_a_worker_that_is_stopped_while_it_asks_leaves_no_connection(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(self: Any, timeout: float) -> Any:
        time.sleep(CALL_SECONDS)
        raise WorkerStopped

    monkeypatch.setattr(in_time, "Answers", type("Answers", (), {"get": stopped, "put": print}))
    with hostile(MODES["never a byte"](ENVELOPES["openai"])) as url:
        point_at(settings, "openai", url)
        settings.LLM_TIMEOUT_SECONDS = 60
        with pytest.raises(WorkerStopped):
            ask(60)
        assert wait_until(lambda: threads() == 0)
        assert sockets_to(int(url.rpartition(":")[2])) == 0


@pytest.mark.parametrize("name", ENVELOPES)
def test_silence_ends_with_its_question_not_with_a_second_time_out(
    name: str, settings: Any
) -> None:
    with hostile(MODES["never a byte"](ENVELOPES[name])) as url:
        point_at(settings, name, url)
        settings.LLM_TIMEOUT_SECONDS = 60
        ask(CALL_SECONDS)
        assert wait_until(lambda: threads() == 0)


def test_questions_one_after_another_are_answered_on_a_connection_that_works(settings: Any) -> None:
    for name, envelope in ENVELOPES.items():
        with hostile([http(envelope())]) as url:
            point_at(settings, name, url)
            for _ in range(3):
                assert isinstance(ask(TIMEOUT_SECONDS), Reply)
