"""What a model is shown of an incident: numbered observations, logs among them. All bounded."""

from __future__ import annotations

from typing import Any

from detection.findings import Finding, ObjectRef
from detection.kubernetes import Connection, KubernetesError
from remediation import cluster
from remediation.cluster import Session

LONGEST_LOG = 4000
PREVIOUS_FIRST = (True, False)


def evidence_of(finding: Finding, connection: Connection) -> list[dict[str, Any]]:
    """Items with `id`, `source` and `text`. What can't be read is left out."""
    texts = [(item.source, item.text) for item in finding.evidence]
    if finding.revision and finding.revision.changed:
        texts.append(("revisions", "; ".join(finding.revision.changed)))
    if log := _last_log(finding, connection):
        texts.append(("log", log))
    return [
        {"id": f"e{number}", "source": source, "text": text, "decisive": number == 1}
        for number, (source, text) in enumerate(texts, start=1)
    ]


def _last_log(finding: Finding, connection: Connection) -> str:
    """The end of the failing container's log: of its former run where there was one."""
    pod, container = _pod(finding), str(finding.facts.get("log_container") or "")
    if pod is None or not container:
        return ""
    for previous in PREVIOUS_FIRST:
        try:
            text = cluster.logs(Session(connection), pod, container, previous)
        except KubernetesError:
            continue
        if text.strip():
            return text[-LONGEST_LOG:]
    return ""


def _pod(finding: Finding) -> ObjectRef | None:
    found = finding.facts.get("pod")
    if not isinstance(found, dict):
        return None
    return ObjectRef("Pod", str(found["namespace"]), str(found["name"]), str(found["uid"]))
