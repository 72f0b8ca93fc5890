"""KubeWise in this process on a real cluster: each step of the pipeline by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from detection.domain.causes import Cause
from detection.models import Cluster, Incident
from detection.pipeline.detect import detect
from remediation.approval import approvals, commands
from remediation.clients import Clients
from remediation.execution.act import act
from remediation.models import Attempt, Plan
from remediation.results import Approved, Ending
from remediation.verification.verify import verify
from tests.contract.target import eventually
from tests.remediation import steps


@dataclass(frozen=True)
class KubeWise:
    """The watched cluster's records and the accounts that it is watched with."""

    cluster: Cluster
    clients: Clients

    def reading_only(self) -> KubeWise:
        """The read account where the act account should be: a mistake that people make."""
        return replace(self, clients=Clients(self.clients.reader, self.clients.reader))

    def finds(self, cause: Cause, namespace: str, name: str = "web") -> Incident:
        """Pass after pass, until there is an incident of this cause on this owner."""
        rows = Incident.objects.select_related("cluster")
        mine = rows.filter(owner_namespace=namespace, owner_name=name)

        def look() -> Incident | None:
            detect(self.cluster, self.clients.reader, _now())
            return mine.filter(cause=cause).first()

        try:
            return eventually(look, f"{cause} on {name}")
        except AssertionError as error:
            raise AssertionError(
                f"{error}; found: {list(mine.values('cause', 'summary'))}"
            ) from None

    def plans(self, incident: Incident) -> Incident:
        """Analyze and decide."""
        return steps.planned(incident, self.clients, _now())

    def acts(self, incident: Incident) -> Attempt:
        return steps.acted(incident, self.clients, _now())

    def acts_while(
        self, incident: Incident, moment: str, happens: Callable[[], Any]
    ) -> tuple[Ending, Attempt]:
        """Act, and at `moment` (see remediation/execution/act.py) let something else happen."""

        def checkpoint(name: str) -> None:
            if name == moment:
                happens()

        ending = act(incident.pk, self.clients, _now(), checkpoint)
        return ending, incident.attempts.select_related("incident").latest("pk")

    def verifies(self, attempt: Attempt, later: timedelta = timedelta()) -> Attempt:
        """Look until there is an outcome; `later` for one look after every deadline is past."""
        if later:
            Attempt.objects.filter(pk=attempt.pk).update(verify_due_at=attempt.created_at)
            verify(attempt.pk, self.clients, _now() + later, steps.QUICK)
            attempt.refresh_from_db()
            return attempt
        return steps.verified(attempt, self.clients)

    def approved(self, incident: Incident, user: Any) -> Plan:
        """A person approves the first candidate of the plan that is shown."""
        plan = incident.plans.get(superseded_at__isnull=True)
        answer = approvals.approve(plan.pk, 0, user, "looks right", plan.digest, _now())
        assert isinstance(answer, Approved), answer
        return plan

    def told(self, incident: Incident, text: str, user: Any) -> None:
        """A person's own command, which is taken."""
        answer = commands.request_command(incident.pk, text, user, "", _now())
        assert isinstance(answer, Approved), answer


def reasons(incident: Incident) -> str:
    """Everything on record about the incident, one line each."""
    rows = incident.transitions.order_by("pk")
    return "\n".join(f"{row.kind} {row.before}→{row.after}: {row.reason}" for row in rows)


def _now() -> datetime:
    return datetime.now(UTC)
