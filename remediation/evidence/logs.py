"""The last lines of the failing container's log: of its former run and of the current one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from detection.findings import Finding, ObjectRef
from detection.kubernetes import Connection, KubernetesError
from remediation import cluster
from remediation.cluster import Session
from remediation.evidence.items import LOG, PREVIOUS_LOG, Item

CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
KEPT_CHARACTERS = 16_000


def log_items(finding: Finding, connection: Connection | None) -> Iterator[Item]:
    """What can't be read is left out. What both runs wrote is told once."""
    pod, container = _pod(finding), str(finding.facts.get("log_container") or "")
    if connection is None or pod is None or not container:
        return
    session, former = Session(connection), ""
    for source, previous in ((PREVIOUS_LOG, True), (LOG, False)):
        text = _read(session, pod, container, previous)
        if text and text != former:
            yield Item(source, text)
        former = text or former


def _read(session: Session, pod: ObjectRef, container: str, previous: bool) -> str:
    try:
        text = cluster.logs(session, pod, container, previous)
    except KubernetesError:
        return ""
    return CONTROL.sub("", text)[-KEPT_CHARACTERS:].strip()


def _pod(finding: Finding) -> ObjectRef | None:
    found = finding.facts.get("pod")
    if not isinstance(found, dict):
        return None
    return ObjectRef("Pod", str(found["namespace"]), str(found["name"]), str(found["uid"]))
