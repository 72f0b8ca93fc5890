"""The scheduler's message in its parts: what nothing here knows is quoted."""

from __future__ import annotations

import pytest

from detection.domain.causes import Cause
from detection.domain.facts import SchedulingFacts
from detection.failures.scheduling.clauses import clauses_of, deciding_clauses
from tests.detection.builders import incidents, snapshot_of

CONTROL_PLANE = "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }"


def test_each_part_has_its_count_and_those_about_most_nodes_come_first() -> None:
    found = clauses_of(f"0/6 nodes are available: {CONTROL_PLANE}, 5 Insufficient cpu.")
    assert [(one.nodes, one.text) for one in found] == [
        (5, "Insufficient cpu"),
        (1, CONTROL_PLANE[2:]),
    ]


def test_a_sentence_without_counts_is_one_part() -> None:
    assert [one.nodes for one in clauses_of("no nodes available to schedule pods")] == [0]
    assert clauses_of("") == []


def test_a_control_planes_taint_counts_only_where_nothing_else_is_said() -> None:
    alone = f"0/1 nodes are available: {CONTROL_PLANE}."
    assert [one.of_control_plane for one in deciding_clauses(alone)] == [True]
    both = f"0/3 nodes are available: {CONTROL_PLANE}, 2 node(s) exceed max volume count."
    assert [one.text for one in deciding_clauses(both)] == ["node(s) exceed max volume count"]


@pytest.mark.parametrize(
    "words",
    ["cannot allocate all claims", "node(s) exceed max volume count", "plugin said so-and-so"],
)
def test_words_that_nothing_here_knows_are_quoted_and_bent_to_no_cause(words: str) -> None:
    message = f"0/6 nodes are available: {CONTROL_PLANE}, 5 {words}."
    pods = [{}, {"state": "unschedulable", "age": "20m", "message": message}]
    (found,) = incidents(snapshot_of({"deployment": "a", "pods": pods}))
    assert found.cause == Cause.UNSCHEDULABLE
    assert found.facts.of(SchedulingFacts).said == words
    assert words in found.summary


def test_a_count_of_thousands_of_digits_is_no_count_and_no_error() -> None:
    found = clauses_of(f"0/3 nodes are available: {'9' * 20_000} Insufficient cpu, 2 tainted.")
    assert all(one.nodes <= 999_999_999 for one in found)
