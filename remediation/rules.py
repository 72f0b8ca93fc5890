"""Diagnosis without any model: one rule a cause, made of what the finding proves.

Texts from the cluster (images, names, messages) are quoted into sentences and never interpreted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding
from remediation.advice import advice
from remediation.diagnosis import Diagnosis
from remediation.rules_around import AROUND_RULES
from remediation.rules_placing import PLACING_RULES
from remediation.rules_running import RUNNING_RULES
from remediation.sentences import (
    container_text,
    end_text,
    owner_text,
    quoted_text,
    revision_text,
)

Rule = Callable[[Finding], str]
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


def _seen(finding: Finding) -> str:
    return quoted_text(finding.summary)


def _bad_release(finding: Finding) -> str:
    first = f"The newest revision of {owner_text(finding)} crashes: {container_text(finding)}"
    return f"{first} {end_text(finding)}.{revision_text(finding)}"


def _no_history(finding: Finding) -> str:
    first = f"{owner_text(finding)} crashes and no revision of it ever ran well"
    return f"{first}: {container_text(finding)} {end_text(finding)}."


def _command(finding: Finding) -> str:
    what = f"The command of {container_text(finding)} of {owner_text(finding)} can't be started"
    reason, code = finding.facts.get("reason"), finding.facts.get("exit_code")
    said = f"{quoted_text(reason)}, exit code {code}" if code is not None else quoted_text(reason)
    return f"{what}: {said}.{revision_text(finding)}"


def _init(finding: Finding) -> str:
    what = f"Init {container_text(finding)} of {owner_text(finding)}"
    return f"{what} {end_text(finding)}.{revision_text(finding)}"


def _registry(finding: Finding) -> str:
    return f"The registry does not answer. {quoted_text(finding.summary)}"


def _stable(finding: Finding) -> str:
    first = f"{owner_text(finding)} crashes in a revision that ran well for long"
    what = f"{container_text(finding)} {end_text(finding)}"
    return f"{first}: {what}. Something beside its own release changed."


def _image(finding: Finding) -> str:
    image = finding.facts.get("image")
    named = f"the image {quoted_text(image)}" if image else "the image"
    what = f"The registry does not have {named} that {owner_text(finding)} asks for."
    return what + revision_text(finding)


def _unauthorized(finding: Finding) -> str:
    image = finding.facts.get("image")
    named = f" for {quoted_text(image)}" if image else ""
    return (
        f"The registry refuses the credentials{named}: they are missing, wrong or expired "
        f"({owner_text(finding)})."
    )


def _memory(finding: Finding) -> str:
    limit = finding.facts.get("memory_limit")
    at = f" of {quoted_text(limit)}" if limit else ""
    what = f"{container_text(finding)} of {owner_text(finding)}"
    said = f"The kernel kills {what} at its memory limit{at}."
    return said + revision_text(finding) if finding.revision and finding.revision.borne else said


def _hung(finding: Finding) -> str:
    pod = next((ref.name for ref in finding.related if ref.kind == "Pod"), "One pod")
    return (
        f"{quoted_text(pod)} of {owner_text(finding)} is not ready any more, while its siblings "
        f"of the same revision are, and neither its node nor its image is to blame: it is wedged."
    )


def _capacity(finding: Finding) -> str:
    return f"No node has room. {quoted_text(finding.summary).rstrip('.')}.{revision_text(finding)}"


def _stalled(finding: Finding) -> str:
    what = f"The rollout of {owner_text(finding)} passed its progress deadline."
    return what + revision_text(finding)


def _zero(finding: Finding) -> str:
    count = finding.facts.get("recorded_replicas")
    had = f" It had {count} before." if count else ""
    return f"{owner_text(finding)} is scaled to 0, though it is still called.{had}"


def _job(finding: Finding) -> str:
    reason = finding.facts.get("reason")
    why = f": {quoted_text(reason)}" if reason else ""
    return f"{owner_text(finding)} gave up{why}. {quoted_text(finding.summary)}"


def _node(finding: Finding) -> str:
    return (
        f"Node {finding.owner.name} does not report as ready: "
        f"its kubelet, its network or the machine is down. {quoted_text(finding.summary)}"
    )


def _bare(finding: Finding) -> str:
    return (
        f"Pod {finding.owner.name} in {finding.owner.namespace} fails and has no controller that "
        f"could make it anew. {quoted_text(finding.summary)}"
    )


RULES: Mapping[Cause, tuple[Rule, float]] = {
    **AROUND_RULES,
    **PLACING_RULES,
    **RUNNING_RULES,
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
