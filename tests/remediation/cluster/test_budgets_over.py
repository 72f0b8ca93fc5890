"""Which PodDisruptionBudgets the writer names for a pod that it evicts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remediation.cluster.writer import Session, budgets_over

LABELS = {"app": "cart", "tier": "front"}


class Server:
    """Answers the list of budgets, and nothing else."""

    def __init__(self, *specs: dict[str, Any]) -> None:
        self.items = [
            {"metadata": {"name": f"budget-{number}"}, "spec": spec}
            for number, spec in enumerate(specs)
        ]

    def get(self, path: str, query: Any = None, **_: Any) -> bytes:
        assert path == "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
        return json.dumps({"items": self.items}).encode()


def over(selector: Any) -> bool:
    """Whether a budget with this selector is one of the pod's."""
    spec = {"maxUnavailable": 0} | ({} if selector is None else {"selector": selector})
    session = Session(Server(spec))  # type: ignore[arg-type]
    return bool(budgets_over(session, "shop", LABELS))


def requires(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "mine"),
    [
        ({"matchLabels": {"app": "cart"}}, True),
        ({"matchLabels": {"app": "stock"}}, False),
        (requires("app", "In", "cart", "stock"), True),
        (requires("app", "In", "stock"), False),
        (requires("app", "NotIn", "stock"), True),
        (requires("tier", "Exists"), True),
        (requires("tier", "DoesNotExist"), False),
        ({"matchLabels": {"app": "cart"}, **requires("tier", "In", "back")}, False),
        ({}, True),
        (None, False),
    ],
)
def test_budgets_are_matched_by_labels_and_by_expressions(selector: Any, mine: bool) -> None:
    assert over(selector) is mine


def test_of_several_those_that_select_the_pod_are_named() -> None:
    session = Session(
        Server(  # type: ignore[arg-type]
            {"selector": requires("app", "In", "cart")},
            {"selector": requires("app", "In", "stock")},
            {"selector": {"matchLabels": {"tier": "front"}}},
        )
    )
    found = [item["metadata"]["name"] for item in budgets_over(session, "shop", LABELS)]
    assert found == ["budget-0", "budget-2"]
