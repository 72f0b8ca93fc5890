"""Which logs are read where there are more than a pass reads."""

from __future__ import annotations

from typing import Any

from detection.snapshot import Snapshot
from detection.snapshot.logs import LOGS_IN_A_PASS, with_logs
from tests.detection.builders import snapshot_from


class Recorder:
    """Answers each log with a line, and remembers whose it was."""

    def __init__(self) -> None:
        self.namespaces: list[str] = []

    def within(self, seconds: float) -> Recorder:
        return self

    def get(self, path: str, params: dict[str, str], accept: str = "") -> bytes:
        self.namespaces.append(path.split("/")[4])
        return b"a line"


def _pod(namespace: str, number: int) -> dict[str, Any]:
    name = f"p-{number}"
    status = {"name": "app", "ready": False, "restartCount": 0,
              "state": {"running": {"startedAt": "2026-03-01T00:00:00Z"}}}  # fmt: skip
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": f"{namespace}-{name}"},
        "spec": {"nodeName": "n", "containers": [{"name": "app", "image": "i"}]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }


def _crowded() -> Snapshot:
    crowd = [_pod("crowd", number) for number in range(2 * LOGS_IN_A_PASS)]
    return snapshot_from([*crowd, _pod("shop", 0)])


def test_the_logs_of_what_an_incident_touches_are_read_before_a_crowd_s() -> None:
    recorder = Recorder()
    found = with_logs(recorder, _crowded(), first={"shop"})  # type: ignore[arg-type]
    assert len(recorder.namespaces) == LOGS_IN_A_PASS
    assert ("shop", "p-0", "app") in found.logs


def test_without_a_wish_the_crowd_would_have_taken_all_places() -> None:
    recorder = Recorder()
    found = with_logs(recorder, _crowded())  # type: ignore[arg-type]
    assert ("shop", "p-0", "app") not in found.logs
