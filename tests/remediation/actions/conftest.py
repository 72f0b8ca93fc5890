"""One action at a time against the simulated API server, below the gates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import Connection, NotFound, connect
from remediation.cluster import writer
from remediation.cluster.writer import Session
from remediation.execution import dry_run_and_write
from remediation.planning.candidates import Candidate
from remediation.planning.command_line import checked_command
from simulator import Simulator, world

ATTEMPT = "7"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Bench:
    """Rehearses and carries out commands on objects as they are; counts what really changed."""

    simulator: Any
    writer: Connection
    root: Connection
    made: list[str] = field(default_factory=list)

    def ref(self, kind: str, namespace: str, name: str) -> ObjectRef:
        found = writer.read(Session(self.root), ObjectRef(kind, namespace, name, ""))
        return ObjectRef(kind, namespace, name, found["metadata"]["uid"])

    def get(self, ref: ObjectRef) -> dict[str, Any]:
        return writer.read(Session(self.root), ref)

    def change(self, ref: ObjectRef, body: dict[str, Any]) -> None:
        """Another person's write."""
        path = writer.path_of(ref)
        self.root.request("PATCH", path, {"fieldManager": "kubectl"}, body, MERGE)

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(self.root.request("POST", path, None, body))
        self.made.append(f"{path}/{made['metadata']['name']}")
        return made

    def rehearse(
        self, action: str, owner: ObjectRef, target: ObjectRef | None = None, /, **given: Any
    ) -> tuple[Candidate, dry_run_and_write.Rehearsal]:
        self.simulator.reset_counters()
        command = checked_command(action, given)
        candidate = Candidate(action, target or owner, command.parameters)
        session = Session(self.writer)
        return candidate, dry_run_and_write.rehearse(
            session, candidate, owner, datetime.now(UTC), ATTEMPT
        )

    def does(
        self,
        action: str,
        owner: ObjectRef,
        target: ObjectRef | None = None,
        /,
        meanwhile: Callable[[], None] | None = None,
        may_go: Callable[[], str] = lambda: "",
        **given: Any,
    ) -> dict[str, Any]:
        candidate, rehearsal = self.rehearse(action, owner, target, **given)
        session = Session(self.writer, may_go)
        seen = dry_run_and_write.compare(session, owner, rehearsal)
        if meanwhile:
            meanwhile()
        stamp, attempt = datetime.now(UTC), ATTEMPT if action == "rerun_job" else uuid4().hex[:8]
        return dry_run_and_write.carry_out(
            session, candidate, owner, seen, rehearsal, stamp, attempt
        )

    @property
    def changed(self) -> list[str]:
        """`verb resource` of every real write of the act account that the server took."""
        return [
            f"{write.verb} {write.resource}"
            for write in self.simulator.writes
            if not write.dry_run and write.code < 300 and write.user == "act"
        ]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Any]:
    """One cluster for the tests of a module: each takes away what would hinder the others."""
    made = Simulator()
    world.build(made)
    with made:
        yield made


@pytest.fixture
def bench(simulator: Any, tmp_path: Path) -> Iterator[Bench]:
    def account(user: str) -> Connection:
        return connect(kubeconfig=str(simulator.kubeconfig(tmp_path / f"{user}.yaml", user)))

    made = Bench(simulator, account("act"), account("admin"))
    yield made
    for path in made.made:
        with suppress(NotFound):
            made.root.request("DELETE", path, None, {"gracePeriodSeconds": 0})
