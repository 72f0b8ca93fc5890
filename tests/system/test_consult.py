"""Real workers and a model that never answers: the others are analyzed meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pairs.own import Pair
from tests.remediation.llm.hostile_modes import Drip
from tests.remediation.llm.hostile_server import hostile
from tests.system.product import Product, running, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
TIMEOUT_SECONDS = 100  # far longer than an analysis takes
ASKED = """
from remediation.models.llm import LlmCall
print(LlmCall.objects.count(), LlmCall.objects.filter(outcome=LlmCall.PENDING).count())
"""


def test_while_a_question_hangs_the_others_are_analyzed(tmp_path: Path, pair: Pair) -> None:
    with hostile([Drip(b"", 2 * TIMEOUT_SECONDS)]) as url:
        model = {"GEMINI_API_KEY": "key-of-tests", "GEMINI_API_ENDPOINT": url}
        model |= {"LLM_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS)}
        with running(tmp_path, pair, **model) as product:
            product.inject("image_not_found", target="shop/deployment/cart")
            wait_for("the first question", lambda: calls(product) == [1, 1])
            product.inject("oom", target="shop/deployment/catalog")
            wait_for("the other's analysis", lambda: analysis(product, "catalog"))
            assert calls(product) == [1, 1], "the first question still hangs"


def calls(product: Product) -> list[int]:
    """How many questions were asked, and how many of them wait for an answer."""
    return [int(word) for word in product.shell(ASKED).split()[-2:]]


def analysis(product: Product, name: str) -> dict[str, Any] | None:
    found = [event for event in product.events() if event["owner"]["name"] == name]
    return next((event["ai_analysis"] for event in found), None)
