"""Parts of sentences about a finding. Texts from the cluster are quoted, never interpreted."""

from __future__ import annotations

from typing import Any

from detection.domain.findings import Finding

LONGEST_QUOTE = 300


def owner_text(finding: Finding) -> str:
    owner = finding.owner
    where = f" in {owner.namespace}" if owner.namespace else ""
    return f"{owner.kind} {owner.name}{where}"


def quoted_text(value: Any) -> str:
    return " ".join(str(value).split())[:LONGEST_QUOTE]


def container_text(finding: Finding) -> str:
    name, image = finding.facts.get("container"), finding.facts.get("image")
    words = [
        f"container {quoted_text(name)}" if name else "",
        f"({quoted_text(image)})" if image else "",
    ]
    return " ".join(word for word in words if word) or "a container"


def end_text(finding: Finding) -> str:
    facts = finding.facts
    code, reason = facts.get("exit_code"), facts.get("reason")
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
