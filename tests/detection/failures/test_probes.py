"""Probes: what they kill, and what they never let be ready."""

from __future__ import annotations

from typing import Any

from detection.domain.causes import Cause
from tests.detection.builders import crash, incidents, snapshot_of

Entry = dict[str, Any]
PROBE = {"tcpSocket": {"port": 1}, "periodSeconds": 10, "failureThreshold": 3}


def causes(*entries: Entry) -> list[Cause]:
    return [item.cause for item in incidents(snapshot_of(*entries))]


def looping(probed: bool, **state: Any) -> Entry:
    container = {"name": "app"} | ({"livenessProbe": PROBE} if probed else {})
    pods = [{"age": "12m", "containers": crash(**state)}]
    return {"deployment": "a", "replicas": 1, "age": "12m", "containers": [container], "pods": pods}


def test_a_signal_when_the_probe_gives_up_is_the_probes() -> None:
    assert causes(looping(True, exit=137, ran="35s")) == [Cause.LIVENESS_MISCONFIG]


def test_the_same_end_without_a_probe_is_a_crash() -> None:
    assert causes(looping(False, exit=137, ran="35s")) == [Cause.CRASH_NO_HISTORY]


def test_an_end_of_its_own_is_a_crash_although_there_is_a_probe() -> None:
    assert causes(looping(True, exit=1, ran="35s")) == [Cause.CRASH_NO_HISTORY]


def test_out_of_memory_is_never_the_probes() -> None:
    found = causes(looping(True, exit=137, ran="35s", reason="OOMKilled"))
    assert found == [Cause.OOM_LIMIT_LOW]


def test_all_replicas_that_lost_their_readiness_are_no_wrong_probe() -> None:
    container = {"name": "app", "readinessProbe": PROBE}
    pods = [{"count": 2, "state": "unready", "age": "5d", "since": "20m"}]
    entry = {"deployment": "a", "age": "5d", "containers": [container], "pods": pods}
    assert causes(entry) == [Cause.UNCLASSIFIED]
