"""One more try where that can help; each try is a call of its own for the budgets."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from remediation.llm.failures import NEVER_SENT, RETRIED, LlmFailure
from remediation.llm.prompt_texts import Prompt
from remediation.llm.protocol import LlmClient, Reply
from remediation.llm.providers.in_time import Patience

TRIES = 2
PAUSE_SECONDS = 1.0


class Retrying:
    """Asks `inner` again after a rate limit, a server error or a refused connection, in time."""

    def __init__(
        self,
        inner: LlmClient,
        pause: Callable[[float], None] = time.sleep,
        patience: Patience | None = None,
    ) -> None:
        self.name, self._inner, self._pause = inner.name, inner, pause
        self._patience = patience or Patience(math.inf)

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        self._patience.begin()
        answer = self._inner.ask(instruction, data, schema)
        for _ in range(TRIES - 1):
            if isinstance(answer, Reply) or answer.kind not in RETRIED:
                return answer
            if self._patience.left() <= PAUSE_SECONDS:
                return answer
            self._pause(PAUSE_SECONDS)
            again = self._inner.ask(instruction, data, schema)
            if isinstance(again, LlmFailure) and again.kind in NEVER_SENT:
                return answer  # what went wrong says more than that there was no second try
            answer = again
        return answer
