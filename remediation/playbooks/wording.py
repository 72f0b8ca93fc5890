"""Parts of sentences about a finding. Texts from the cluster are quoted, never interpreted."""

from __future__ import annotations

from typing import Any

from detection.domain.facts import ContainerFacts
from detection.domain.findings import Finding

LONGEST_QUOTE = 300
RESTARTED_ALREADY = "A restart does not help: the kubelet restarts it already."


def owner_text(finding: Finding) -> str:
    owner = finding.owner
    where = f" in {owner.namespace}" if owner.namespace else ""
    return f"{owner.kind} {owner.name}{where}"


def quoted_text(value: Any) -> str:
    return " ".join(str(value).split())[:LONGEST_QUOTE]


def summary_text(finding: Finding) -> str:
    return quoted_text(finding.summary)


def seen_text(finding: Finding) -> str:
    """What was seen, and what the newest revision has to do with it."""
    return f"{quoted_text(finding.summary).rstrip('.')}.{revision_text(finding)}"


def container_text(finding: Finding) -> str:
    name, image = finding.facts.container, finding.facts.of(ContainerFacts).image
    words = [
        f"container {quoted_text(name)}" if name else "",
        f"({quoted_text(image)})" if image else "",
    ]
    return " ".join(word for word in words if word) or "a container"


def end_text(finding: Finding) -> str:
    code, reason = finding.facts.of(ContainerFacts).exit_code, finding.facts.reason
    if code is None and not reason:
        return "ends soon after each start"
    said = f" ({quoted_text(reason)})" if reason else ""
    return (
        f"ends with exit code {code}{said}" if code is not None else f"ends: {quoted_text(reason)}"
    )


def revision_text(finding: Finding) -> str:
    """What the newest revision changed, and which earlier one ran well."""
    revision = finding.revision
    if revision is None or revision.current is None:
        return ""
    changed = f" (changed: {quoted_text(', '.join(revision.changed))})" if revision.changed else ""
    text = f" Revision {revision.current} brought it{changed}." if revision.borne else ""
    if revision.proven:
        text += f" Revision {revision.proven} is proven healthy by {revision.proof}."
    elif revision.older:
        text += f" Nothing proves that revision {revision.older} was healthy."
    return text


def namespace_flag(finding: Finding) -> str:
    return f" -n {finding.owner.namespace}" if finding.owner.namespace else ""


def kubectl_target(finding: Finding) -> str:
    return f"{finding.owner.kind.lower()}/{finding.owner.name}{namespace_flag(finding)}"


def edit_line(finding: Finding) -> str:
    return f"kubectl edit {kubectl_target(finding)}"


def describe_line(finding: Finding) -> str:
    owner = finding.owner
    flag = namespace_flag(finding)
    return f"Look at it: kubectl describe {owner.kind.lower()} {owner.name}{flag}"


def logs_advice(finding: Finding) -> list[str]:
    previous = f"kubectl logs {kubectl_target(finding)} --previous --tail=50"
    return [f"Read the last lines before the end: {previous}"]


def look_advice(finding: Finding) -> list[str]:
    if not finding.owner.uid:
        return ["Look at what the related objects have in common."]
    return [f"Look at the object and its events: kubectl describe {kubectl_target(finding)}"]


def release_advice(finding: Finding) -> list[str]:
    return [
        f"Compare the revisions: kubectl rollout history {kubectl_target(finding)}",
        *logs_advice(finding),
        RESTARTED_ALREADY,
    ]
