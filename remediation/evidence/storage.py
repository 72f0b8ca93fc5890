"""The pack of an incident: made from the fresh snapshot and the records, and kept."""

from __future__ import annotations

from datetime import datetime

from detection.domain.findings import Finding
from detection.kubernetes.client import Connection
from detection.metrics import history
from detection.metrics.queries import active_queries
from detection.models import Incident
from detection.pipeline.observe import Observation
from remediation.evidence.collect import collect_evidence
from remediation.evidence.pack import Pack, Scene
from remediation.evidence.past_incidents import earlier_items
from remediation.models import EvidencePack

TICKS = 12


def evidence_of(
    incident: Incident,
    finding: Finding,
    observation: Observation,
    connection: Connection,
    now: datetime,
) -> Pack:
    """Bounded and redacted; nothing that fails to be read ends the analysis."""
    scene = Scene(
        finding,
        observation.snapshot,
        now,
        frames=history.sampled(incident.cluster_id, now, TICKS),
        queries=active_queries(),
        others=observation.opened,
    )
    return collect_evidence(scene, connection, earlier_items(incident))


def store_pack(incident: Incident, pack: Pack, now: datetime) -> EvidencePack:
    """Call it inside atomic()."""
    return EvidencePack.objects.create(
        incident=incident,
        incident_version=incident.version,
        at=now,
        hash=pack.hash,
        items=list(pack.items),
        objects_named=list(pack.objects),
        left_out=pack.left_out,
    )


def kept(incident: Incident) -> EvidencePack | None:
    """The newest pack."""
    return EvidencePack.objects.filter(incident=incident).first()
