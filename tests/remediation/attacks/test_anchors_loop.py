"""What the systems of this field get wrong, by the number of the anchors: points 1 and 11 to 18.

On a cluster over HTTP, a model's server, and processes that race.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import benchmarks
from detection.domain.causes import Severity
from detection.domain.findings import ObjectRef
from detection.domain.statuses import Status
from detection.metrics.queries import seeds
from detection.models import Cluster, Incident
from kubewise_site.core.config.reading import BASE_DIR
from remediation.approval import approvals
from remediation.clients import Clients
from remediation.cluster import rbac
from remediation.cluster.writer import RESOURCES
from remediation.execution.act import act
from remediation.llm.questions.assess import assess
from remediation.models import Approval, Attempt, Plan
from remediation.playbooks import PLAYBOOKS
from remediation.policy.decide import decide
from remediation.policy.verdicts import Verdict
from remediation.results import Approved, Ending, Refused, Rejected, Stale
from tests.detection.builders import incidents, snapshot_of
from tests.remediation.attacks.race import BY_HOUR
from tests.remediation.attacks.test_races import race, report
from tests.remediation.cases import acting_case, candidate, with_target
from tests.remediation.llm.gemini_server import (
    CANDIDATES,
    DIAGNOSIS,
    GOOD,
    answered,
    asked_of,
    gemini,
)
from tests.remediation.steps import acted, fresh, planned, real_writes

State = Attempt.State
Make = Callable[..., Incident]
PLANTED = (
    "DB_PASSWORD=hunter2-planted",
    "postgres://shop:hunter2-planted@db:5432/shop",
    "Authorization: Bearer hunter2-planted.eyJ0",
    "--api-key hunter2-planted",
    '{"client_secret": "hunter2-planted"}',
)
PATCHES = {"resource": "deployments.apps", "verbs": ("patch",)}


@pytest.fixture
def waiting(cluster: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    """MANUAL: a proven rollback waits for an approval."""
    return planned(incident_of("image_not_found"), clients, now)


@pytest.fixture
def decided(auto: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    return planned(incident_of("image_not_found"), clients, now)


@pytest.mark.django_db
def test_01_a_write_that_the_server_drops_is_a_refusal_and_no_success(
    decided: Incident, clients: Clients, simulator: Any, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """As `resources: {cpu: {request: …}}` is: the server answers 200 and changes nothing."""

    def answer(session: Any, ref: ObjectRef, seen: Any, change: Any, dry_run: bool) -> Any:
        return dict(seen)

    dropped = [{"op": "add", "path": "/spec/nonsense", "value": {"cpu": "1"}}]
    entry = type(planned_candidate(decided).entry)
    monkeypatch.setattr(entry, "change", lambda *given: dropped)
    monkeypatch.setattr("remediation.cluster.writer.patch", answer)
    attempt = acted(decided, clients, now)
    assert (attempt.state, attempt.outcome) == (State.REFUSED, "")
    assert "nothing would change" in attempt.error
    assert real_writes(simulator) == []


def planned_candidate(incident: Incident) -> Any:
    from remediation.planning.plans import candidates_of

    return candidates_of(incident.plans.get())[0]


@pytest.mark.django_db
def test_11_an_approval_is_a_persons_expires_and_is_of_the_plan_that_they_saw(
    waiting: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any
) -> None:
    plan = waiting.plans.get()
    missing, wrong = (approvals.approve(plan.pk, 0, ada, "", it, now) for it in ("", "0" * 64))
    assert isinstance(missing, Refused)
    assert isinstance(wrong, Stale)
    plan = planned(fresh(waiting), clients, now).plans.latest("pk")
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    row = Approval.objects.get()
    assert (row.user, row.digest, row.expires_at) == (ada, plan.digest, now + timedelta(minutes=15))
    assert act(waiting.pk, clients, now + timedelta(minutes=15)) == Ending.NOTHING
    assert not Attempt.objects.exists()
    assert simulator.writes == []


@pytest.mark.django_db
def test_11_an_approval_skips_neither_the_gates_nor_the_dry_run(
    waiting: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any
) -> None:
    plan = waiting.plans.get()
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    simulator.api.switches.add(mode="refuse", code=403, **PATCHES)
    attempt = acted(waiting, clients, now)
    assert attempt.state == State.REFUSED
    assert [write.dry_run for write in simulator.writes if write.resource.startswith("dep")] == [
        True
    ]
    assert real_writes(simulator) == []


@pytest.mark.django_db
def test_11_what_is_approved_is_what_runs_or_nothing_does(
    waiting: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any
) -> None:
    """The plan's spec hash is of another spec: as if the object changed after the approval."""
    plan = waiting.plans.get()
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    Plan.objects.filter(pk=plan.pk).update(digest="f" * 64)
    act(waiting.pk, clients, now)
    assert real_writes(simulator) == []
    assert not Attempt.objects.filter(state__in=(State.APPLIED, State.SENDING)).exists()


@pytest.mark.parametrize("line", PLANTED)
def test_12_no_secret_of_a_log_leaves_for_the_model(line: str) -> None:
    logs = [{"id": "e1", "source": "logs", "text": f"boot {line} failed"}]
    with gemini(answered({**GOOD, "evidence": ["e1"]})) as (client, server):
        assess(client, logs, {**DIAGNOSIS, "root_cause": line}, CANDIDATES)
        _, document = asked_of(server.requests[0])
        sent = server.requests[0].body
    assert "hunter2" not in str(document)
    assert "hunter2" not in str(sent)


def test_13_what_ended_long_ago_is_not_what_is_wrong_now() -> None:
    """The gauge of the last termination stays 1 for ever; a finished Job's pod is never ready."""
    killed = {"exit": 137, "reason": "OOMKilled", "restarts": 40, "ran": "2d"}

    def pod(ended: str, running: str) -> Any:
        state = {"app": {**killed, "ended": ended, "running": running}}
        pods = [{"state": "ready", "name": "veteran-0", "containers": state}]
        entry = {"deployment": "veteran", "replicas": 1, "age": "100d", "pods": pods}
        return [one for one in incidents(snapshot_of(entry)) if one.severity != Severity.INFO]

    assert pod("9d", "9d") == []
    path = Path(benchmarks.__file__).parent / "scenarios" / "c02-finished-jobs.yaml"
    done = yaml.safe_load(path.read_text())["objects"]
    assert [one for one in incidents(snapshot_of(*done)) if one.severity != Severity.INFO] == []


def test_13_no_query_reads_a_last_termination_alone_or_a_condition_without_its_value() -> None:
    for query in seeds():
        if "last_terminated_reason" in query.query:
            assert "increase(" in query.query, f"{query.name} would be 1 for ever"
            assert "== 1" in query.query
        if "_status_condition" in query.query:
            assert "== 1" in query.query or query.threshold == 0, query.name


def test_14_no_role_has_a_star_and_no_secret_can_be_read_or_written() -> None:
    for name in ("read.yaml", "act.yaml", "act-nodes.yaml"):
        text = Path(BASE_DIR / "deploy/k8s" / name).read_text()
        assert "*" not in text.replace("# ", "")
        assert "secrets" not in text
    assert "Secret" not in RESOURCES
    assert rbac.enabled()


def test_16_what_is_resolved_already_is_not_acted_on() -> None:
    for approved in (False, True):
        gone = acting_case(signal_gone=True, approved=approved)
        assert decide(gone).verdict == Verdict.IGNORE


def test_17_no_condition_alone_drains_a_node() -> None:
    for cause, playbook in PLAYBOOKS.items():
        assert "drain_node" not in [offer.family for offer in playbook.offers], cause
    node = ObjectRef("Node", "", "node-1", "uid-1")
    case = with_target(
        acting_case("drain_node", candidates=(candidate("drain_node", target=node),)), ref=node
    )
    assert decide(case).verdict == Verdict.ASK, "never without a person"


@pytest.mark.django_db
def test_15_a_rejected_proposal_is_not_applied_all_the_same(
    waiting: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any
) -> None:
    plan = waiting.plans.get()
    assert isinstance(approvals.reject(plan.pk, ada, "not now", now), Rejected)
    assert not isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    assert act(waiting.pk, clients, now) == Ending.NOTHING
    assert (fresh(waiting).status, simulator.writes) == (Status.DISMISSED, [])


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["decision", "approval", "execution"])
def test_15_the_lists_of_what_may_be_done_are_read_at_every_step(
    waiting: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any, settings: Any,
    moment: str,
) -> None:  # fmt: skip
    plan = waiting.plans.get()
    listed = ["rollback_deployment"]
    if moment == "execution":
        assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    settings.BLACKLISTED_COMMANDS = listed
    if moment == "approval":
        assert not isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    if moment == "decision":
        found = decide(
            replace(
                acting_case(), limits=replace(acting_case().limits, blacklist=frozenset(listed))
            )
        )
        assert found.verdict not in (Verdict.ACT, Verdict.ASK)
    act(waiting.pk, clients, now)
    assert real_writes(simulator) == []
    assert not Attempt.objects.filter(state=State.APPLIED).exists()


@pytest.mark.django_db
def test_16_a_repair_by_somebody_else_before_the_write_leaves_nothing_to_do(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    simulator.clear("image_not_found")
    simulator.settle(10)
    act(decided.pk, clients, now + timedelta(seconds=30))
    assert real_writes(simulator) == []


@pytest.mark.timeout(300)
def test_18_ten_workers_do_not_have_ten_budgets(tmp_path: Path) -> None:
    """Processes that share nothing but the database."""
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/race.sqlite3"}
    answers = race(environment, *["claim-by-hour"] * 3)
    assert sum(map(len, answers)) == BY_HOUR == len(report(environment)["attempts"])
