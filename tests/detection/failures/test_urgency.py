"""When a failure opens: by proof, by cost, by its share of bad time; never later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.findings import Finding, key_of
from detection.domain.sights import Sight
from detection.failures import Context, find_all
from detection.failures.dwell import Dwell, dwell_names
from detection.failures.urgency import with_urgency
from detection.snapshot import Snapshot
from tests.detection.builders import NODES, NOW, crash, objects, snapshot_from, snapshot_of

DWELL = Dwell()


def wedged(ready: int, hung: int, since: str = "90s") -> Snapshot:
    """A Deployment that was rolled out long ago; some of its pods lost their readiness."""
    pods = [*([{"count": ready}] if ready else [])]
    pods += [{"state": "unready", "age": "9d", "since": since} for _ in range(hung)]
    return snapshot_of({"deployment": "a", "replicas": ready + hung, "pods": pods})


def found(snapshot: Snapshot, context: Context | None = None) -> list[Finding]:
    about = context or Context(snapshot.at)
    return list(with_urgency(find_all(snapshot, about), snapshot, about))


def after(finding: Finding) -> float:
    """Seconds from its onset until it opens."""
    return (finding.opens_at - finding.onset).total_seconds()


def of(cause: Cause, findings: list[Finding]) -> Finding:
    return next(one for one in findings if one.cause == cause)


def missing_image() -> Snapshot:
    state = {"app": {"waiting": "ErrImagePull", "message": "manifest unknown"}}
    pod = {"age": "20s", "containers": state}
    return snapshot_of({"deployment": "cart", "ns": "shop", "revisions": [{"pods": [pod]}]})


def sighted(snapshot: Snapshot, finding: Finding, since: datetime, *spans: Any) -> Context:
    return Context(snapshot.at, sights={key_of(finding.owner): Sight(since, spans)})


@pytest.mark.parametrize(("seconds", "opens"), [(0, False), (9, False), (10, True), (15, True)])
def test_what_cannot_mend_itself_opens_at_the_second_sight(seconds: int, opens: bool) -> None:
    snapshot = missing_image()
    first = of(Cause.IMAGE_NOT_FOUND, found(snapshot))
    context = sighted(snapshot, first, NOW - timedelta(seconds=seconds))
    again = of(Cause.IMAGE_NOT_FOUND, found(snapshot, context))
    assert (again.opens_at <= NOW) is opens


def test_the_first_sight_opens_nothing() -> None:
    assert of(Cause.IMAGE_NOT_FOUND, found(missing_image())).opens_at > NOW


def test_no_time_becomes_longer() -> None:
    snapshot = snapshot_of(
        {"deployment": "a", "revisions": [{"pods": [{"age": "1h", "containers": crash()}]}]},
        {"node": "n9", "ready": {"status": "False", "reason": "KubeletNotReady", "age": "90s"}},
    )
    before = find_all(snapshot, Context(NOW))
    for old, new in zip(before, found(snapshot), strict=True):
        assert new.opens_at <= old.opens_at


def test_what_came_and_went_counts_by_its_share_of_bad_time() -> None:
    snapshot = missing_image()
    first = of(Cause.IMAGE_NOT_FOUND, found(snapshot))
    at, whole = NOW.timestamp(), after(first)
    half = [(at - 2 * whole, at - 1.4 * whole), (at - 0.5 * whole, at)]
    context = sighted(snapshot, first, NOW, *half)
    assert of(Cause.IMAGE_NOT_FOUND, found(snapshot, context)).opens_at <= NOW
    little = sighted(snapshot, first, NOW, (at - 0.3 * whole, at))
    assert of(Cause.IMAGE_NOT_FOUND, found(snapshot, little)).opens_at > NOW


@pytest.mark.parametrize(
    ("ready", "hung", "seconds"),
    [(0, 1, 60), (1, 1, 60), (0, 3, 60), (1, 2, 60), (2, 1, 120), (9, 1, 120)],
)
def test_lost_replicas_open_by_what_is_left(ready: int, hung: int, seconds: float) -> None:
    assert {after(one) for one in found(wedged(ready, hung))} == {seconds}


def test_the_factor_reaches_it() -> None:
    snapshot = wedged(0, 1)
    about = Context(NOW, DWELL.scaled(0.1))
    assert {after(one) for one in found(snapshot, about)} == {6}


def test_a_pod_that_starts_has_its_time() -> None:
    young = {"state": "unready", "age": "80s"}
    quick = [after(one) for one in found(snapshot_of({"deployment": "a", "pods": [young]}))]
    assert all(seconds > 120 for seconds in quick)


def revision(image: str, age: str, *pods: dict[str, Any]) -> dict[str, Any]:
    probed = {"name": "app", "readinessProbe": {"httpGet": {"path": "/", "port": 80}}}
    return {"image": image, "age": age, "containers": [probed], "pods": list(pods)}


def rolling(age: str, old: dict[str, Any], replicas: int = 3) -> Snapshot:
    """A Deployment amid a rollout whose one new pod runs and is not ready."""
    revisions = [
        revision("a:1", "9d", old),
        revision("a:2", age, {"state": "unready", "age": age}),
    ]
    return snapshot_of({"deployment": "a", "replicas": replicas, "revisions": revisions})


OLD = {"count": 3, "age": "9d"}
SLOW = {"count": 3, "age": "9d", "since": "777420s"}  # ready after three minutes


@pytest.mark.parametrize(
    ("age", "old", "opens"),
    [("110s", OLD, False), ("130s", OLD, True), ("130s", SLOW, False), ("370s", SLOW, True)],
)
def test_a_new_pod_that_is_late_makes_no_progress(
    age: str, old: dict[str, Any], opens: bool
) -> None:
    snapshot = rolling(age, old)
    assert any(one.opens_at <= NOW for one in found(snapshot)) is opens


@pytest.mark.parametrize(("age", "opens"), [("130s", False), ("610s", True)])
def test_a_probe_that_allows_a_slow_start_is_waited_for(age: str, opens: bool) -> None:
    new = revision("a:2", age, {"state": "unready", "age": age})
    new["containers"][0]["startupProbe"] = {"periodSeconds": 10, "failureThreshold": 60}
    revisions = [revision("a:1", "9d", OLD), new]
    snapshot = snapshot_of({"deployment": "a", "replicas": 3, "revisions": revisions})
    assert any(one.opens_at <= NOW for one in found(snapshot)) is opens


def test_a_rollout_that_is_late_costs_by_what_is_left() -> None:
    one_of_two = rolling("130s", {"count": 1, "age": "9d"}, replicas=2)
    assert soonest(one_of_two) == 60


def half_updated(kind: str, **spec: Any) -> Snapshot:
    """An old pod has lost its readiness, and the first new one is ready."""
    lost = {"state": "unready", "age": "9d", "since": "90s"}
    revisions = [
        revision("a:1", "9d", {"count": 2, "age": "9d"}, lost),
        revision("a:2", "1h", {"age": "1h"}),
    ]
    entry: dict[str, Any] = {kind: "a", "replicas": 4, "revisions": revisions}
    raw = [*objects(NODES), *objects([entry])]
    for item in raw:
        if item["kind"] in ("StatefulSet", "Deployment"):
            item["spec"] |= spec
    return snapshot_from(raw)


def soonest(snapshot: Snapshot) -> float:
    return min(after(one) for one in found(snapshot))


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [
        ({"type": "OnDelete"}, 120),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 3}}, 120),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}, 300),
    ],
)
def test_an_update_that_waits_for_a_person_is_no_progress(
    strategy: dict[str, Any], seconds: float
) -> None:
    assert soonest(half_updated("statefulset", updateStrategy=strategy)) == seconds


@pytest.mark.parametrize(("paused", "seconds"), [(True, 120), (False, 300)])
def test_a_paused_deployment_makes_no_progress(paused: bool, seconds: float) -> None:
    assert soonest(half_updated("deployment", paused=paused)) == seconds


@pytest.mark.parametrize(("serves", "seconds"), [(True, 60), (False, 300)])
def test_a_node_counts_by_what_is_on_it(serves: bool, seconds: float) -> None:
    lost = {
        "node": "n9",
        "ready": {"status": "Unknown", "reason": "NodeStatusUnknown", "age": "30s"},
    }
    kind = "deployment" if serves else "daemonset"
    on_it = {kind: "a", "replicas": 1, "pods": [{"node": "n9"}]}
    node = of(Cause.NODE_NOT_READY, found(snapshot_of(lost, on_it)))
    assert after(node) == seconds


def test_every_row_of_the_table_says_why() -> None:
    assert all(len(DWELL.why(name)) > 15 for name in dwell_names())
