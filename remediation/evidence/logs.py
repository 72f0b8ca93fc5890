"""The last lines of the failing container's log: of its former run and of the current one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import Connection, KubernetesError
from detection.kubernetes.objects import core as o
from remediation.cluster import writer
from remediation.cluster.writer import Session
from remediation.evidence.objects import failing_pods, statuses
from remediation.evidence.pack import LOG, PREVIOUS_LOG, Item, Scene

CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
KEPT_CHARACTERS = 16_000


def log_items(scene: Scene, connection: Connection | None) -> Iterator[Item]:
    """What can't be read is left out. What both runs wrote is told once."""
    pods = failing_pods(scene)
    if connection is None or not pods or not pods[0].spec.node_name:
        return
    session, pod, former = Session(connection), pods[0], ""
    for source, previous in ((PREVIOUS_LOG, True), (LOG, False)):
        text = _read(session, pod.ref, _container(scene, pod), previous)
        if text and text != former:
            yield Item(source, text)
        former = text or former


def _container(scene: Scene, pod: o.Pod) -> str:
    """The one that the finding names, else the first that does not run well."""
    if named := scene.finding.facts.log_container:
        return named
    return next((status.name for status in statuses(pod) if not status.ready), "")


def _read(session: Session, pod: ObjectRef, container: str, previous: bool) -> str:
    try:
        text = writer.logs(session, pod, container, previous)
    except KubernetesError:
        return ""
    return CONTROL.sub("", text)[-KEPT_CHARACTERS:].strip()
