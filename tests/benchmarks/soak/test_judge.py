"""Planted incidents and faults: what the judge of `make soak-day` makes of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.soak.bars import broken
from benchmarks.soak.judge import Judged, Kind, judge, percentile
from benchmarks.soak.records import Told
from benchmarks.soak.report import Costs, figures, slope, table
from benchmarks.soak.truth import Owner, Span

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
WEB, CART = ("Deployment", "shop", "web"), ("Deployment", "shop", "cart")
NODE = ("Node", "", "node-1")
POD = ("Pod", "shop", "web-1")


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def aliases(one: Owner) -> set[Owner]:
    return {WEB if one == POD else one}


def span(owner: Owner = WEB, began: float = 10, well: float = 20, **more: Any) -> Span:
    """A fault that shows from its first moment until it is well."""
    made = Span(1, "crash_loop", "BAD_RELEASE", owner, at(began), {owner}, **more)
    made.first_bad, made.last_bad, made.taken_back = at(began), at(well), at(well)
    made.bad_seconds = (well - began) * 60
    return made


def told(owner: Owner = WEB, opened: float = 11, number: int = 1, **more: Any) -> Told:
    cause = more.pop("cause", "BAD_RELEASE")
    return Told(number, owner, cause, "warning", at(opened), at(opened), **more)


def kinds(judged: Judged) -> list[Kind]:
    return [one.kind for one in judged.verdicts]


def test_the_first_incident_of_a_fault_finds_it_and_the_second_is_a_duplicate() -> None:
    judged = judge([told(), told(POD, 12, 2)], [span()], aliases)
    assert kinds(judged) == [Kind.FOUND, Kind.DUPLICATE]
    assert judged.missed == []


def test_what_is_part_of_another_incident_is_no_duplicate() -> None:
    judged = judge([told(), told(POD, 12, 2, is_part=True)], [span()], aliases)
    assert kinds(judged) == [Kind.FOUND, Kind.PART]


def test_what_the_product_takes_for_a_part_finds_the_fault_of_its_own_owner() -> None:
    judged = judge([told(is_part=True)], [span()], aliases)
    assert (kinds(judged), judged.missed) == ([Kind.FOUND], [])


def test_an_incident_about_an_object_without_a_fault_is_false_whatever_it_is_called() -> None:
    judged = judge([told(CART), told(CART, 12, 2, cause="UNCLASSIFIED")], [span()], aliases)
    assert kinds(judged) == [Kind.FALSE, Kind.FALSE]
    assert judged.missed == [judged.spans[0]]


def test_an_incident_before_the_fault_is_false_and_finds_nothing() -> None:
    judged = judge([told(opened=9)], [span()], aliases)
    assert (kinds(judged), judged.found) == ([Kind.FALSE], {})


def test_an_incident_after_all_is_well_is_late_for_half_an_hour_and_then_false() -> None:
    judged = judge([told(opened=21), told(opened=51, number=2)], [span()], aliases)
    assert kinds(judged) == [Kind.LATE, Kind.FALSE]
    assert len(judged.missed) == 1


def test_anomalies_are_counted_apart_and_find_nothing() -> None:
    rows = [told(CART, cause="METRIC_ANOMALY"), told(number=2, cause="METRIC_ANOMALY")]
    judged = judge(rows, [span()], aliases)
    assert kinds(judged) == [Kind.ANOMALY, Kind.PART]
    assert len(judged.missed) == 1


def test_the_incident_on_the_faults_own_owner_found_it_though_a_victims_came_first() -> None:
    fault = span(NODE)
    fault.affected = {NODE, WEB}
    judged = judge([told(WEB, 11), told(NODE, 12, 2)], [fault], aliases)
    assert kinds(judged) == [Kind.DUPLICATE, Kind.FOUND]
    assert judged.found[1].number == 2


def test_a_victims_incident_finds_the_fault_where_there_is_no_other() -> None:
    fault = span(NODE)
    fault.affected = {NODE, WEB}
    assert kinds(judge([told(WEB)], [fault], aliases)) == [Kind.FOUND]


def test_of_two_faults_an_incident_belongs_to_its_own_owners() -> None:
    node, web = span(NODE, 12, 30), span()
    node.affected, node.number = {NODE, WEB}, 2
    judged = judge([told(opened=13)], [web, node], aliases)
    assert list(judged.found) == [1]


def test_a_fault_that_showed_for_less_than_ninety_seconds_need_not_be_found() -> None:
    assert judge([], [span(well=11)], aliases).missed == []


def test_a_fault_that_lasts_is_on_until_it_is_taken_back() -> None:
    leak = span(well=12, lasting=True)
    leak.taken_back = at(40)
    assert kinds(judge([told(opened=39)], [leak], aliases)) == [Kind.FOUND]


def test_what_is_said_of_the_namespace_or_the_cluster_concerns_its_faults() -> None:
    rows = [told(("Namespace", "", "shop")), told(("Namespace", "", "data"), number=2)]
    assert kinds(judge(rows, [span()], aliases)) == [Kind.FOUND, Kind.FALSE]


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [([], 0.95, None), ([3], 0.5, 3), (list(range(1, 101)), 0.95, 95), ([1, 2, 3, 4], 0.5, 2)],
)
def test_percentiles_are_values_that_were_measured(
    values: list[float], share: float, wanted: float | None
) -> None:
    assert percentile(values, share) == wanted


def test_the_report_counts_by_cause_and_measures_from_the_first_abnormal_state() -> None:
    found = told(decided=at(11.5), closed=at(22), changes=Counter(cause=2))
    found.attempts = [("rollback_deployment", "verified", "resolved")]
    judged = judge([found, told(CART, number=2)], [span()], aliases)
    run = figures(judged, Costs(), 30.0, {WEB: {at(10): (at(10.5), at(10.9))}}, 3)
    assert (run["found"], run["missed"], run["false_by_cause"]) == (1, 0, {"BAD_RELEASE": 1})
    latency = run["latency_seconds"]
    assert latency["first abnormal state → incident"]["p50"] == 60
    assert latency["first abnormal state → being watched"] == {
        "number": 1, "p50": 30, "p95": 30, "most": 30, "never": 0,
    }  # fmt: skip
    assert latency["end of the dwell time → incident"]["p95"] == 6
    assert latency["incident → decided"]["p95"] == 30
    assert latency["well → resolved"]["p95"] == 120
    assert run["flips"] == {"cause": 2, "severity": 0, "onset": 0}
    assert run["attempts"] == {"rollback_deployment: resolved": 1}
    assert run["messages_a_fault"] == 3
    assert "| missed | 0 |" in table(run)


def test_a_product_without_being_watched_has_a_dash_and_one_that_did_not_watch_has_never() -> None:
    judged = judge([told()], [span()], aliases)
    without = figures(judged, Costs(), 0, None, 0)["latency_seconds"]
    assert without["first abnormal state → being watched"] is None
    never = figures(judged, Costs(), 0, {}, 0)["latency_seconds"]
    assert never["first abnormal state → being watched"]["never"] == 1


def test_the_slope_is_that_of_the_line_through_the_points() -> None:
    assert slope([(0, 10), (1, 12), (2, 14)]) == 2
    assert slope([(0, 10), (1, 12)]) is None


def run_of(told_rows: list[Told], spans: list[Span], watched: Any = None, messages: int = 0) -> Any:
    return figures(judge(told_rows, spans, aliases), Costs(), 0, watched, messages)


def test_a_run_in_which_all_is_as_wanted_breaks_no_bar() -> None:
    watched = {WEB: {at(10): (at(10.2), at(10.9))}}
    assert broken(run_of([told(closed=at(21))], [span()], watched, 2)) == []
    assert broken(run_of([], [], {})) == []


def test_each_figure_that_is_not_as_wanted_is_named() -> None:
    slow, missed = span(half_lost=True), span(CART, 40, 50)
    missed.number = 2
    wrong = [told(CART, number=2), told(POD, 25, 3), told(POD, 16, 4)]
    odd = [told(CART, 12, number, cause="METRIC_ANOMALY") for number in (5, 6)]
    rows = [told(opened=15, closed=at(30)), *wrong, *odd]
    run = run_of(rows, [slow, missed], {}, 9) | {"auto_suspended_seconds": 60.0}
    assert broken(run) == [
        "3 false, late or duplicate incidents; at most 0",
        "2 false anomalies; at most 1",
        "1 faults that showed for 90 s were not found; none may be missed",
        "first abnormal state → being watched: 2 never",
        "injected → incident, urgent: p95 300 s; at most 90",
        "well → resolved: p95 600 s; at most 150",
        "4.5 messages a fault; at most 2",
        "AUTO was suspended for 60 s",
    ]


def test_without_a_fault_every_message_is_one_too_many() -> None:
    said = broken(run_of([], [], None, 1))
    assert "1 messages although there was no fault" in said
    assert "first abnormal state → being watched: the product does not say" in said
