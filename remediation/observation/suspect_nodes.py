"""What else was wrong on a DaemonSet pod's node since the onset, though it may be gone by now.

Evicting a neighbour's pod takes its symptom off the node, and says nothing about the node.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from detection.domain.causes import CAUSES, Cause, Precedence, Severity
from detection.domain.facts import DaemonSetFacts, Facts
from detection.domain.families import facts_of
from detection.domain.findings import Finding
from detection.models import Incident

METRICS = {cause.value for cause in Cause if CAUSES[cause].precedence == Precedence.METRIC}
REMEMBERED, LONGEST = timedelta(hours=1), timedelta(days=1)


def with_suspect_nodes(finding: Finding, incident: Incident, now: datetime) -> Finding:
    """F35 judged by all that was seen on its nodes since the onset, an hour to a day back.

    `node_suspect` stays for the incident's life, and another owner's incident on the same node,
    open or closed, makes it one. Other causes are as they were.
    """
    if finding.cause != Cause.DS_ONE_NODE or _is_suspect(finding.facts):
        return finding
    if not (_is_suspect(incident.facts_as(DaemonSetFacts)) or _others(finding, incident, now)):
        return finding
    return replace(finding, facts=finding.facts | DaemonSetFacts(node_suspect=True))


def _is_suspect(facts: Facts) -> bool:
    return facts.of(DaemonSetFacts).node_suspect


def _others(finding: Finding, incident: Incident, now: datetime) -> bool:
    """Whether another owner's failure was seen on one of its nodes."""
    nodes = {*finding.facts.nodes, finding.facts.of(DaemonSetFacts).node} - {""}
    began = min(finding.onset, incident.onset, now - REMEMBERED)
    since = max(began, now - LONGEST)
    rows = Incident.objects.filter(cluster=incident.cluster_id, last_seen__gte=since)
    rows = rows.exclude(pk=incident.pk).exclude(owner_uid=incident.owner_uid)
    rows = rows.exclude(severity=Severity.INFO)
    fields = rows.values_list("cause", "owner_kind", "owner_name", "facts")
    return any(_is_there(nodes, *row) for row in fields.iterator(chunk_size=500))


def _is_there(nodes: set[str], cause: str, kind: str, name: str, stored: dict[str, Any]) -> bool:
    if cause in METRICS:
        return False
    known = {*facts_of(cause, stored).nodes, *([name] if kind == "Node" else [])}
    return bool(nodes & known)
