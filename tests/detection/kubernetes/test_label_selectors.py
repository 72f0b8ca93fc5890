"""Label selectors hold to the rules of Kubernetes, against a second reading of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.failures.scheduling.node_affinity import matches_selector
from detection.kubernetes.label_selectors import holds, selector_of, selects
from detection.snapshot.selectors import selecting_in
from simulator.apimachinery.label_selectors import label_match
from tests.detection.builders import snapshot_from

KEYS, VALUES = st.sampled_from(["app", "tier", "zone"]), st.sampled_from(["a", "b", "c"])
LABELS = st.dictionaries(KEYS, VALUES)
WITH_VALUES = st.builds(
    lambda key, operator, values: {"key": key, "operator": operator, "values": values},
    KEYS, st.sampled_from(["In", "NotIn"]), st.lists(VALUES, min_size=1, max_size=3, unique=True),
)  # fmt: skip
WITHOUT = st.builds(
    lambda key, operator: {"key": key, "operator": operator},
    KEYS, st.sampled_from(["Exists", "DoesNotExist"]),
)  # fmt: skip
SELECTORS = st.fixed_dictionaries(
    {},
    optional={
        "matchLabels": LABELS,
        "matchExpressions": st.lists(st.one_of(WITH_VALUES, WITHOUT), max_size=4),
    },
)
TEXTS = {"In": "{key} in ({values})", "NotIn": "{key} notin ({values})", "Exists": "{key}",
         "DoesNotExist": "!{key}"}  # fmt: skip


def text_of(selector: dict[str, Any]) -> str:
    """The same selector as `kubectl -l` takes it."""
    plain = [f"{key}={value}" for key, value in selector.get("matchLabels", {}).items()]
    for one in selector.get("matchExpressions", ()):
        values = ",".join(one.get("values", ()))
        plain.append(TEXTS[one["operator"]].format(key=one["key"], values=values))
    return ",".join(plain)


@given(SELECTORS, LABELS)
def test_it_selects_what_the_same_selector_as_text_selects(
    selector: dict[str, Any], labels: dict[str, str]
) -> None:
    match = label_match(text_of(selector))
    wanted = match is None or match({"metadata": {"labels": labels}})
    assert selects(selector_of(selector), labels) == wanted


@given(LABELS)
def test_an_empty_selector_selects_all_and_none_nothing(labels: dict[str, str]) -> None:
    assert selects(selector_of({}), labels)
    assert selects(selector_of({"matchLabels": None, "matchExpressions": None}), labels)
    assert not selects(selector_of(None), labels)


@pytest.mark.parametrize(
    ("operator", "there", "other", "absent"),
    [
        ("In", True, False, False),
        ("NotIn", False, True, True),
        ("Exists", True, True, False),
        ("DoesNotExist", False, False, True),
        ("Like", False, False, False),
    ],
)
def test_each_operator(operator: str, there: bool, other: bool, absent: bool) -> None:
    found = [holds(operator, value, ("a", "b")) for value in ("a", "c", None)]
    assert found == [there, other, absent]


@given(SELECTORS, LABELS)
def test_budgets_of_a_snapshot_select_by_their_expressions_too(
    selector: dict[str, Any], labels: dict[str, str]
) -> None:
    snapshot = snapshot_from(
        [
            {"kind": "Pod", "metadata": {"name": "p", "namespace": "n", "labels": labels}},
            {
                "kind": "PodDisruptionBudget",
                "metadata": {"name": "b", "namespace": "n"},
                "spec": {"selector": selector},
            },
        ]
    )
    (pod,) = snapshot.pods
    assert bool(selecting_in(snapshot).pdbs_of(pod)) == selects(selector_of(selector), labels)


def _pod_and_node(one: dict[str, Any], labels: dict[str, str]) -> Any:
    """A pod that requires `one` of its node, and a node with these labels."""
    terms = {"nodeSelectorTerms": [{"matchExpressions": [one]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    snapshot = snapshot_from(
        [
            {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"affinity": affinity}},
            {"kind": "Node", "metadata": {"name": "n", "labels": labels}},
        ]
    )
    return snapshot.pods[0], snapshot.nodes[0]


@given(st.one_of(WITH_VALUES, WITHOUT), LABELS)
def test_a_node_affinity_reads_the_operators_as_a_label_selector_does(
    one: dict[str, Any], labels: dict[str, str]
) -> None:
    wanted = selects(selector_of({"matchExpressions": [one]}), labels)
    assert matches_selector(*_pod_and_node(one, labels)) == wanted


@given(st.sampled_from(["Gt", "Lt"]), st.integers(-9, 9), st.integers(-9, 9))
def test_a_node_affinity_compares_numbers(operator: str, bound: int, value: int) -> None:
    one = {"key": "cores", "operator": operator, "values": [str(bound)]}
    wanted = value > bound if operator == "Gt" else value < bound
    assert matches_selector(*_pod_and_node(one, {"cores": str(value)})) == wanted
    assert not matches_selector(*_pod_and_node(one, {}))
    assert not matches_selector(*_pod_and_node(one, {"cores": "many"}))
