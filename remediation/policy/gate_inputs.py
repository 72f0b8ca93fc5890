"""What the gates depend on beside the incident and its cluster, as one digest for each owner.

A decision keeps the digest that it was made on. Where today's is another, its reasons may be those
of yesterday: the incident is decided again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from detection.domain.statuses import WAITING
from detection.models import Cluster, Incident
from detection.runtime.leases import is_free
from detection.runtime.source_visibility import blind_sources
from remediation.controls import policies
from remediation.controls.acceptances import accepted
from remediation.controls.mode_and_stop import standing
from remediation.controls.storm_brake import storm_brake
from remediation.digests import digest_of
from remediation.models import Attempt, MaintenanceWindow, Policy, Silence
from remediation.policy import reconsideration
from remediation.policy.verdicts import Verdict

KEY = "inputs"
MOST_DUE = 100
DIGESTED = ("owner_namespace", "owner_name", "taken")


@dataclass(frozen=True)
class GateInputs:
    """Read once for any number of incidents of a cluster."""

    common: tuple[str, ...]
    rules: Sequence[Policy]
    windows: Sequence[MaintenanceWindow]
    silences: Sequence[Silence]

    def digest(self, namespace: str, name: str, accepted: bool = False) -> str:
        """Of what counts for this owner, and whether its failure is accepted."""
        rule = policies.policy_text(policies.policy_among(self.rules, namespace))
        pauses = [policies.covering_among(rows, namespace, name)
                  for rows in (self.windows, self.silences)]  # fmt: skip
        found = (list(self.common), rule, pauses)
        return digest_of(*found, "accepted") if accepted else digest_of(*found)


def gate_inputs(cluster: Cluster, now: datetime) -> GateInputs:
    found = standing(cluster)
    braked = "braked" if storm_brake(cluster, now) else ""
    common = (found.mode, str(found.auto_since), found.stop_sentence if found.stopped else "",
              braked, *sorted(blind_sources(cluster, now)))  # fmt: skip
    return GateInputs(
        common=common,
        rules=list(Policy.objects.filter(cluster=cluster)),
        windows=policies.in_force(MaintenanceWindow, cluster, now),
        silences=policies.in_force(Silence, cluster, now),
    )


def reconsider_changed(cluster: Cluster, now: datetime) -> int:
    """Make waiting incidents due whose gates now depend on something else; how many.

    Each is marked once; at most MOST_DUE are due at a time, so that a change of the mode during a
    storm does not flood the queue.
    """
    waiting = Incident.objects.filter(_decided(now), cluster=cluster)
    room = MOST_DUE - waiting.filter(decide_again_at__lte=now).count()
    inputs, stale = gate_inputs(cluster, now), []
    rows = waiting.exclude(decide_again_at__lte=now).order_by("pk").annotate(taken=accepted(now))
    for pk, known, *about in rows.values_list("pk", f"decision__{KEY}", *DIGESTED):
        if known != inputs.digest(*about):
            stale.append(pk)
    chosen = Incident.objects.filter(_decided(now), pk__in=stale[: max(room, 0)])
    return chosen.update(decide_again_at=now, decided_again=0)


def _decided(now: datetime) -> Q:
    """Waiting by a decision that nothing followed: no approval, no attempt by this plan."""
    tried = Attempt.objects.filter(incident=OuterRef("pk"), plan__superseded_at__isnull=True)
    return Q(
        is_free(now),
        ~Q(pk__in=reconsideration.approved(now)),
        ~Exists(tried.exclude(state=Attempt.State.REFUSED)),
        ~Q(decision__verdict=Verdict.ACT),
        status__in=WAITING,
        closed_at__isnull=True,
        decision__isnull=False,
        analyzed_version=F("version"),
    )
