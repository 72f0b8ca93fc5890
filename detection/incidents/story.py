"""What a new finding may be an after-effect of: earlier incidents, and what normally happens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.db import transaction

from detection.domain.causes import CAUSES, Cause, Precedence, Severity
from detection.domain.findings import Finding
from detection.domain.statuses import TERMINAL, Status
from detection.incidents import states
from detection.incidents.after_effects import (
    LONGEST_SECONDS,
    AfterEffect,
    Reach,
    Sign,
    Span,
    rows_for,
    signs_of,
)
from detection.incidents.happenings import Happening, Kind, Name, name_of
from detection.incidents.refresh import ACTOR
from detection.incidents.steadiness import is_metric
from detection.models import Cluster, Incident, Transition

# A symptom's first sample may be older than what the objects say of its cause.
EARLY = timedelta(seconds=120)
SYMPTOM = "symptom"
LONGEST_NAME = 60


@dataclass(frozen=True)
class Earlier:
    """Something that may have after-effects. `ended` None: it goes on."""

    cause: str
    text: str
    began: datetime
    ended: datetime | None
    owners: frozenset[Name]
    related: frozenset[Name] = frozenset()
    nodes: frozenset[str] = frozenset()
    namespace: str = ""
    uid: str = ""
    revision: int | None = None
    incident: Incident | None = None


@dataclass(frozen=True)
class Explanation:
    """Why a finding opens nothing, and until when."""

    earlier: Earlier
    row: AfterEffect
    until: datetime | None

    @property
    def text(self) -> str:
        limit = f", until {self.until:%H:%M:%S}" if self.until else ""
        return f"can come from it{limit}: {self.row.reason}"


def of_incident(incident: Incident) -> Earlier:
    """It ends with its signal, or when it was closed. Information disturbs nobody else."""
    related = frozenset((r["kind"], r["namespace"], r["name"]) for r in incident.related)
    pods = frozenset(name for name in related if name[0] == "Pod")
    own = (incident.owner_kind, incident.owner_namespace, incident.owner_name)
    alone = Earlier(
        cause=incident.cause,
        text=f"incident {incident.anomaly_id}: {incident.summary}",
        began=incident.onset,
        ended=incident.gone_since or incident.closed_at,
        owners=pods | {own},
        uid=incident.owner_uid,
        revision=(incident.revision or {}).get("current"),
        incident=incident,
    )
    if incident.severity == Severity.INFO:
        return alone
    return replace(
        alone, related=related, nodes=_nodes_of(incident), namespace=incident.owner_namespace
    )


def _nodes_of(incident: Incident) -> frozenset[str]:
    """The nodes that it is about; a workload's are those of its pods, which is another matter."""
    if CAUSES[Cause(incident.cause)].precedence != Precedence.NODE:
        return frozenset()
    own = {incident.owner_name} if incident.owner_kind == "Node" else set()
    return frozenset({*own, *incident.known.nodes})


def of_happening(one: Happening) -> Earlier:
    nodes = frozenset({one.node} if one.node else ())
    return Earlier(one.kind, one.text, one.at, one.at, one.owners, nodes=nodes)


def _is_owner(earlier: Earlier, finding: Finding) -> bool:
    known = earlier.uid and finding.owner.uid and finding.owner.kind != "Pod"
    return name_of(finding.owner) in earlier.owners and (
        not known or earlier.uid == finding.owner.uid
    )


def _is_on_node(earlier: Earlier, finding: Finding) -> bool:
    nodes = set(finding.facts.nodes)
    return bool(nodes) and nodes <= earlier.nodes


def _is_neighbour(earlier: Earlier, finding: Finding) -> bool:
    return bool(earlier.namespace) and earlier.namespace == finding.owner.namespace


REACHES: Mapping[Reach, Callable[[Earlier, Finding], bool]] = {
    Reach.OWNER: _is_owner,
    Reach.RELATED: lambda earlier, finding: name_of(finding.owner) in earlier.related,
    Reach.NODE: _is_on_node,
    Reach.UNPLACED: lambda earlier, finding: finding.facts.unplaced > 0,
    Reach.NAMESPACE: _is_neighbour,
    Reach.CLUSTER: lambda earlier, finding: True,
}


def _until(earlier: Earlier, row: AfterEffect) -> datetime | None:
    """None: as long as it goes on."""
    if earlier.ended is None and row.span == Span.WHOLE:
        return None
    return (earlier.ended or earlier.began) + timedelta(
        seconds=row.seconds * min(1.0, settings.DWELL_FACTOR)
    )


def _is_in_time(earlier: Earlier, row: AfterEffect, finding: Finding, now: datetime) -> bool:
    if row.span == Span.AFTER and (earlier.ended is None or finding.onset > earlier.ended):
        return False
    until = _until(earlier, row)
    return until is None or now <= until


def _is_of_another_revision(earlier: Earlier, finding: Finding) -> bool:
    current = finding.revision.current if finding.revision else None
    return None not in (current, earlier.revision) and current != earlier.revision


def explained(earlier: Earlier, sign: Sign, finding: Finding, now: datetime) -> Explanation | None:
    """How this cause can have produced that sign of the finding by now; None: it cannot."""
    if finding.onset < earlier.began - EARLY or _is_of_another_revision(earlier, finding):
        return None
    for row in rows_for(earlier.cause, sign.cause):
        there = row.is_about(sign, finding) and REACHES[row.reach](earlier, finding)
        if there and _is_in_time(earlier, row, finding, now):
            return Explanation(earlier, row, _until(earlier, row))
    return None


class Story:
    """All that came before the findings of one pass. Incidents first: they have a timeline."""

    def __init__(
        self,
        cluster: Cluster,
        open_now: Iterable[Incident],
        happened: Sequence[Happening],
        now: datetime,
    ) -> None:
        self._cluster, self._open, self._now = cluster, list(open_now), now
        self._happened = happened

    @cached_property
    def _earlier(self) -> dict[str, list[Earlier]]:
        """By cause, the newest first. Most findings are a symptom of few causes, or of none."""
        since = self._now - timedelta(seconds=LONGEST_SECONDS)
        over = Incident.objects.filter(cluster=self._cluster, status__in=TERMINAL)
        over = over.filter(closed_at__gte=since, open_key__isnull=True)
        known = (one for one in (*self._open, *over) if one.cause in CAUSES)
        incidents = sorted(known, key=lambda one: one.onset, reverse=True)
        found: defaultdict[str, list[Earlier]] = defaultdict(list)
        for earlier in (*map(of_incident, incidents), *map(of_happening, self._happened)):
            found[earlier.cause].append(earlier)
        return found

    def before(self, finding: Finding) -> Explanation | None:
        """What explains every sign of a finding that has no incident of its own."""
        found = [self._first(sign, finding) for sign in signs_of(finding)]
        return found[0] if all(found) else None

    def _first(self, sign: Sign, finding: Finding) -> Explanation | None:
        for cause, group in self._earlier.items():
            for earlier in group if rows_for(cause, sign.cause) else ():
                why = explained(earlier, sign, finding, self._now)
                if why is not None and not self._is_superseded(earlier, finding):
                    return why
        return None

    def _is_superseded(self, earlier: Earlier, finding: Finding) -> bool:
        """Whether the owner was rolled out after it ended, and the finding began later still."""
        if earlier.incident is None or earlier.ended is None:
            return False
        return any(
            one.kind == Kind.ROLLED_OUT
            and name_of(finding.owner) in one.owners
            and earlier.ended < one.at <= finding.onset
            for one in self._happened
        )

    def onset_of(self, finding: Finding) -> datetime:
        """When a new incident began: by the objects' own times, unless these are refuted.

        A failure that was past its dwell before the owner's last incident was seen to end would
        have been seen then. So it began anew, by now: its times are of what is over.
        """
        if is_metric(finding.cause):
            return finding.onset  # its run of samples has no gap
        kind, namespace, name = name_of(finding.owner)
        of_owner = Incident.objects.filter(cluster=self._cluster, status=Status.RESOLVED,
            owner_kind=kind, owner_namespace=namespace, owner_name=name)  # fmt: skip
        last = of_owner.order_by("-closed_at").values_list("gone_since", "closed_at").first()
        ended = last and (last[0] or last[1])
        return self._now if ended and finding.opens_at <= ended else finding.onset

    def echo(self, incident: Incident, finding: Finding) -> Explanation | None:
        """How metrics alone still tell of the failure that the incident is about.

        An echo is no sight of the failure: it keeps nothing open.
        """
        if not is_metric(finding.cause) or is_metric(incident.cause):
            return None
        cause = of_incident(incident)
        cause = replace(cause, ended=cause.ended or self._now)
        found = [explained(cause, sign, finding, self._now) for sign in signs_of(finding)]
        return found[0] if all(found) else None

    @cached_property
    def _told(self) -> set[tuple[int, str, str]]:
        earlier = (one for group in self._earlier.values() for one in group)
        pks = [one.incident.pk for one in earlier if one.incident]
        rows = Transition.objects.filter(incident__in=pks, kind=SYMPTOM)
        return set(rows.values_list("incident_id", "before", "after"))

    def tell(self, why: Explanation, finding: Finding) -> bool:
        """Put the symptom on its cause's timeline, once; False where it stands there already."""
        incident, about = why.earlier.incident, str(finding.owner)[:LONGEST_NAME]
        if incident is None or (incident.pk, about, finding.cause.value) in self._told:
            return False
        with transaction.atomic():
            Incident.objects.select_for_update().get(pk=incident.pk)
            noted = incident.transitions.filter(kind=SYMPTOM, before=about, after=finding.cause)
            if noted.exists():
                return False
            reason = f"{finding.summary}; {why.text}"
            states.note_event(incident, SYMPTOM, actor=ACTOR, reason=reason, now=self._now,
                before=about, after=finding.cause)  # fmt: skip
        return True
