"""What is wanted of a run: the table of the issue, as far as the outside can see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ONE_WRONG_IN = 60
MOST_ANOMALIES = 1
SECONDS = {
    "first abnormal state → being watched": 20,
    "end of the dwell time → incident": 20,
    "injected → incident, urgent": 90,
    "well → resolved": 150,
}
MOST_MESSAGES_A_FAULT = 2


def broken(run: Mapping[str, Any]) -> list[str]:
    """A sentence for each figure of the run that is not as wanted."""
    return [*_counts(run), *_times(run), *_noise(run)]


def _counts(run: Mapping[str, Any]) -> Iterator[str]:
    wrong = run["false"] + run["late"] + run["duplicates"]
    most = run["faults_injected"] // ONE_WRONG_IN
    if wrong > most:
        yield f"{wrong} false, late or duplicate incidents; at most {most}"
    if run["false_anomalies"] > MOST_ANOMALIES:
        yield f"{run['false_anomalies']} false anomalies; at most {MOST_ANOMALIES}"
    if run["missed"]:
        yield f"{run['missed']} faults that showed for 90 s were not found; none may be missed"


def _times(run: Mapping[str, Any]) -> Iterator[str]:
    for name, most in SECONDS.items():
        spread = run["latency_seconds"][name]
        if spread is None:
            yield f"{name}: the product does not say"
        elif spread["p95"] is not None and spread["p95"] > most:
            yield f"{name}: p95 {spread['p95']:.0f} s; at most {most}"
        if spread and spread.get("never"):
            yield f"{name}: {spread['never']} never"


def _noise(run: Mapping[str, Any]) -> Iterator[str]:
    ratio = run["messages_a_fault"]
    if ratio is not None and ratio > MOST_MESSAGES_A_FAULT:
        yield f"{ratio} messages a fault; at most {MOST_MESSAGES_A_FAULT}"
    if not run["faults_injected"] and run["messages"]:
        yield f"{run['messages']} messages although there was no fault"
    if run["auto_suspended_seconds"]:
        yield f"AUTO was suspended for {run['auto_suspended_seconds']:.0f} s"
