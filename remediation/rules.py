"""Diagnosis without any model: one rule a cause, made of what the finding proves.

Texts from the cluster (images, names, messages) are quoted into sentences and never interpreted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from detection.causes import Cause, Severity
from detection.findings import Finding
from remediation.advice import advice
from remediation.diagnosis import Diagnosis

Rule = Callable[[Finding], str]
LONGEST_QUOTE = 300
SURE, LIKELY, OPEN = 0.95, 0.8, 0.4


def diagnose(finding: Finding) -> Diagnosis:
    """The rules' diagnosis of a finding; causes without a rule say what was seen."""
    rule, confidence = RULES.get(finding.cause, (_seen, OPEN))
    return Diagnosis(
        root_cause=rule(finding),
        impact=impact(finding),
        severity=finding.severity.value,
        confidence=confidence if _decisive(finding) else min(confidence, LIKELY),
        recommendations=tuple(advice(finding)),
    )


def impact(finding: Finding) -> str:
    ready, desired = finding.facts.get("ready"), finding.facts.get("desired")
    if ready is not None and desired is not None:
        return f"{ready} of {desired} replicas are ready."
    return {
        Severity.CRITICAL: "Nothing of it serves now.",
        Severity.WARNING: "It serves, but less than it should.",
        Severity.INFO: "Nothing is known to be affected.",
    }[finding.severity]


def _decisive(finding: Finding) -> bool:
    return any(item.decisive for item in finding.evidence) or not finding.evidence


def _owner(finding: Finding) -> str:
    owner = finding.owner
    where = f" in {owner.namespace}" if owner.namespace else ""
    return f"{owner.kind} {owner.name}{where}"


def _quoted(value: Any) -> str:
    return " ".join(str(value).split())[:LONGEST_QUOTE]


def _container(finding: Finding) -> str:
    name, image = finding.facts.get("container"), finding.facts.get("image")
    words = [f"container {_quoted(name)}" if name else "", f"({_quoted(image)})" if image else ""]
    return " ".join(word for word in words if word) or "a container"


def _end(finding: Finding) -> str:
    facts = finding.facts
    code, reason = facts.get("exit_code"), facts.get("reason")
    if code is None and not reason:
        return "ends soon after each start"
    said = f" ({_quoted(reason)})" if reason else ""
    return f"ends with exit code {code}{said}" if code is not None else f"ends: {_quoted(reason)}"


def _revision(finding: Finding) -> str:
    """What the newest revision changed, and which earlier one ran well."""
    revision = finding.revision
    if revision is None or revision.current is None:
        return ""
    changed = f" (changed: {_quoted(', '.join(revision.changed))})" if revision.changed else ""
    text = f" Revision {revision.current} brought it{changed}." if revision.borne else ""
    if revision.proven:
        text += f" Revision {revision.proven} is proven healthy by {revision.proof}."
    elif revision.older:
        text += f" Nothing proves that revision {revision.older} was healthy."
    return text


def _seen(finding: Finding) -> str:
    return _quoted(finding.summary)


def _bad_release(finding: Finding) -> str:
    first = f"The newest revision of {_owner(finding)} crashes: {_container(finding)}"
    return f"{first} {_end(finding)}.{_revision(finding)}"


def _no_history(finding: Finding) -> str:
    first = f"{_owner(finding)} crashes and no revision of it ever ran well: {_container(finding)}"
    return f"{first} {_end(finding)}."


def _command(finding: Finding) -> str:
    what = f"The command of {_container(finding)} of {_owner(finding)} can't be started"
    reason, code = finding.facts.get("reason"), finding.facts.get("exit_code")
    said = f"{_quoted(reason)}, exit code {code}" if code is not None else _quoted(reason)
    return f"{what}: {said}.{_revision(finding)}"


def _init(finding: Finding) -> str:
    return f"Init {_container(finding)} of {_owner(finding)} {_end(finding)}.{_revision(finding)}"


def _registry(finding: Finding) -> str:
    return f"The registry does not answer. {_quoted(finding.summary)}"


def _stable(finding: Finding) -> str:
    first = f"{_owner(finding)} crashes in a revision that ran well for long"
    what = f"{_container(finding)} {_end(finding)}"
    return f"{first}: {what}. Something beside its own release changed."


def _image(finding: Finding) -> str:
    image = finding.facts.get("image")
    named = f"the image {_quoted(image)}" if image else "the image"
    return (
        f"The registry does not have {named} that {_owner(finding)} asks for.{_revision(finding)}"
    )


def _unauthorized(finding: Finding) -> str:
    image = finding.facts.get("image")
    named = f" for {_quoted(image)}" if image else ""
    return (
        f"The registry refuses the credentials{named}: they are missing, wrong or expired "
        f"({_owner(finding)})."
    )


def _memory(finding: Finding) -> str:
    limit = finding.facts.get("memory_limit")
    at = f" of {_quoted(limit)}" if limit else ""
    said = f"The kernel kills {_container(finding)} of {_owner(finding)} at its memory limit{at}."
    return said + _revision(finding) if finding.revision and finding.revision.borne else said


def _hung(finding: Finding) -> str:
    pod = next((ref.name for ref in finding.related if ref.kind == "Pod"), "One pod")
    return (
        f"{_quoted(pod)} of {_owner(finding)} is not ready any more, while its siblings of the "
        f"same revision are, and neither its node nor its image is to blame: it is wedged."
    )


def _capacity(finding: Finding) -> str:
    return f"No node has room. {_quoted(finding.summary).rstrip('.')}.{_revision(finding)}"


def _stalled(finding: Finding) -> str:
    return f"The rollout of {_owner(finding)} passed its progress deadline.{_revision(finding)}"


def _zero(finding: Finding) -> str:
    count = finding.facts.get("recorded_replicas")
    had = f" It had {count} before." if count else ""
    return f"{_owner(finding)} is scaled to 0, though it is still called.{had}"


def _job(finding: Finding) -> str:
    reason = finding.facts.get("reason")
    why = f": {_quoted(reason)}" if reason else ""
    return f"{_owner(finding)} gave up{why}. {_quoted(finding.summary)}"


def _node(finding: Finding) -> str:
    return (
        f"Node {finding.owner.name} does not report as ready: "
        f"its kubelet, its network or the machine is down. {_quoted(finding.summary)}"
    )


def _bare(finding: Finding) -> str:
    return (
        f"Pod {finding.owner.name} in {finding.owner.namespace} fails and has no controller that "
        f"could make it anew. {_quoted(finding.summary)}"
    )


RULES: Mapping[Cause, tuple[Rule, float]] = {
    Cause.BAD_RELEASE: (_bad_release, SURE),
    Cause.CRASH_NO_HISTORY: (_no_history, SURE),
    Cause.CRASH_STABLE_REVISION: (_stable, LIKELY),
    Cause.BAD_COMMAND: (_command, SURE),
    Cause.INIT_CRASH: (_init, SURE),
    Cause.IMAGE_NOT_FOUND: (_image, SURE),
    Cause.REGISTRY_DOWN: (_registry, LIKELY),
    Cause.PULL_UNAUTHORIZED: (_unauthorized, LIKELY),
    Cause.OOM_LIMIT_LOW: (_memory, LIKELY),
    Cause.HUNG_REPLICA: (_hung, LIKELY),
    Cause.BARE_POD_FAILING: (_bare, SURE),
    Cause.INSUFFICIENT_CAPACITY: (_capacity, SURE),
    Cause.ROLLOUT_STALLED: (_stalled, LIKELY),
    Cause.SCALED_TO_ZERO: (_zero, LIKELY),
    Cause.JOB_FAILED: (_job, SURE),
    Cause.NODE_NOT_READY: (_node, LIKELY),
}
