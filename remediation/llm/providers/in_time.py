"""One question within its time, whatever comes back.

Time-outs of HTTP libraries bound a silence: headers that drip, byte by byte, go on for hours. So a
request runs in a thread of its own, which touches no database. When its time is over, its
connections are hung up, which ends the thread. Only looking up a name and connecting end by their
own time-outs. How many threads may be ending at a time is bounded.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.prompt_texts import Prompt
from remediation.llm.protocol import Provider, Reply
from remediation.llm.providers.lines import Lines, ask_on

log = structlog.get_logger(__name__)
MOST_THREADS = 8
_left: list[threading.Thread] = []
Answers = queue.SimpleQueue[Reply | LlmFailure]


class Patience:
    """The time that a question has in all: connecting, headers, body and further tries."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self.begin()

    def begin(self) -> None:
        self._end = self._clock() + self._seconds

    def left(self) -> float:
        return max(self._end - self._clock(), 0.0)


class InTime:
    """`inner` asks; what it raises is a failure with a name, as what comes too late is."""

    def __init__(self, inner: Provider, patience: Patience) -> None:
        self.name, self.model = inner.name, inner.model
        self._inner, self._patience = inner, patience

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        _left[:] = [one for one in _left if one.is_alive()]
        if len(_left) >= MOST_THREADS:
            return _late(f"{MOST_THREADS} earlier requests have not ended yet")
        answers, lines = Answers(), Lines()
        question = (self._inner, instruction, data, schema, answers, lines)
        thread = threading.Thread(target=_ask, args=question, daemon=True, name="model")
        thread.start()
        try:
            return answers.get(timeout=self._patience.left())
        except BaseException as error:  # a worker's own time limit too
            _left.append(thread)
            lines.end()
            if isinstance(error, queue.Empty):
                return _late("no whole answer came in time")
            raise

    def close(self) -> None:
        self._inner.close()


def _ask(
    inner: Provider,
    instruction: Prompt,
    data: Mapping[str, Any],
    schema: Mapping[str, Any],
    answers: Answers,
    lines: Lines,
) -> None:
    ask_on(lines)
    try:
        answers.put(inner.ask(instruction, data, schema))
    except Exception as error:
        log.warning("a model's answer could not be read", error=type(error).__name__)
        message = f"its answer could not be read: {type(error).__name__}"
        answers.put(LlmFailure(FailureKind.NOT_THE_API, message))
    finally:
        lines.close()


def _late(message: str) -> LlmFailure:
    return LlmFailure(FailureKind.TIME_OUT, message)
