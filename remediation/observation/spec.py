"""A digest of an owner's spec, by which a change behind our back is seen."""

from __future__ import annotations

import structlog

from detection.kubernetes.client import KubernetesError, NotFound
from detection.models import Incident
from remediation.clients import Clients
from remediation.cluster.writer import RESOURCES, ObjectChanged, Session, read
from remediation.digests import spec_hash
from remediation.observation.observe import owner_of

log = structlog.get_logger(__name__)


def spec_hash_of(incident: Incident, clients: Clients) -> str:
    """Of the owner as etcd has it; '' for what has no spec, or can't be read."""
    if not incident.owner_uid or incident.owner_kind not in RESOURCES:
        return ""
    try:
        return spec_hash(read(Session(clients.reader), owner_of(incident)))
    except (NotFound, ObjectChanged):
        return ""
    except KubernetesError as error:
        log.warning("the owner can't be read", incident=incident.pk, error=str(error))
        return ""
