"""Advice: what only people can do, as text with `kubectl` lines. Never executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from remediation.advice_around import ADVICE_AROUND
from remediation.advice_placing import ADVICE_PLACING
from remediation.advice_running import ADVICE_RUNNING

Lines = Callable[[Finding], list[str]]


def advice(finding: Finding) -> list[str]:
    """What to look at and what to change, best first."""
    return ADVICE.get(finding.cause, _look)(finding)


def _target(finding: Finding) -> str:
    owner = finding.owner
    where = f" -n {owner.namespace}" if owner.namespace else ""
    return f"{owner.kind.lower()}/{owner.name}{where}"


def _look(finding: Finding) -> list[str]:
    if not finding.owner.uid:
        return ["Look at what the related objects have in common."]
    return [f"Look at the object and its events: kubectl describe {_target(finding)}"]


def _logs(finding: Finding) -> list[str]:
    previous = f"kubectl logs {_target(finding)} --previous --tail=50"
    return [f"Read the last lines before the end: {previous}"]


def _release(finding: Finding) -> list[str]:
    return [
        f"Compare the revisions: kubectl rollout history {_target(finding)}",
        *_logs(finding),
        "A restart does not help: the kubelet restarts it already.",
    ]


def _stable(finding: Finding) -> list[str]:
    return [
        "Look for what changed around the onset: Secrets, ConfigMaps, dependencies, data, nodes.",
        *_logs(finding),
    ]


def _image(finding: Finding) -> list[str]:
    return ["Correct the tag, or push the image; another tag is never guessed.", *_look(finding)]


def _credentials(finding: Finding) -> list[str]:
    return [
        "Renew the Secret that imagePullSecrets names; it is never written by KubeWise.",
        "Don't restart or drain: pods that run now could not pull their image again.",
    ]


def _registry(finding: Finding) -> list[str]:
    return [
        "Wait for the registry, or its rate limit, to recover.",
        "Don't restart or drain: pods that run now could not pull their image again.",
    ]


def _memory(finding: Finding) -> list[str]:
    return [
        "Raise the memory limit of this container, or find what uses the memory.",
        "A restart does not help: the kubelet restarts it already.",
    ]


def _hung(finding: Finding) -> list[str]:
    return ["Keep a copy of its log before it goes, to find why it hung.", *_look(finding)]


def _capacity(finding: Finding) -> list[str]:
    return [
        "Compare the requests with what nodes have: kubectl describe nodes | grep -A8 Allocated",
        "Add nodes, or lower the requests.",
    ]


def _zero(finding: Finding) -> list[str]:
    note = "kubectl annotate {} kubewise.io/intentionally-scaled-down=true"
    return [f"If it is meant to be so, say it: {note.format(_target(finding))}"]


def _job(finding: Finding) -> list[str]:
    rerun = 'Where it may safely run again, say so with kubewise.io/idempotent: "true".'
    return [f"Read its log: kubectl logs {_target(finding)} --tail=50", rerun]


def _node(finding: Finding) -> list[str]:
    return [
        f"Look at the node: kubectl describe node {finding.owner.name}",
        "Its taints keep new pods away already. Don't delete the Node, and don't force-delete "
        "StatefulSet pods on it.",
    ]


def _bare(finding: Finding) -> list[str]:
    return ["Put it under a controller, a Deployment for example.", *_look(finding)]


ADVICE: Mapping[Cause, Lines] = {
    **ADVICE_AROUND,
    **ADVICE_PLACING,
    **ADVICE_RUNNING,
    Cause.BAD_RELEASE: _release,
    Cause.CRASH_NO_HISTORY: _logs,
    Cause.CRASH_STABLE_REVISION: _stable,
    Cause.BAD_COMMAND: _release,
    Cause.INIT_CRASH: _release,
    Cause.IMAGE_NOT_FOUND: _image,
    Cause.REGISTRY_DOWN: _registry,
    Cause.PULL_UNAUTHORIZED: _credentials,
    Cause.OOM_LIMIT_LOW: _memory,
    Cause.HUNG_REPLICA: _hung,
    Cause.INSUFFICIENT_CAPACITY: _capacity,
    Cause.SCALED_TO_ZERO: _zero,
    Cause.JOB_FAILED: _job,
    Cause.NODE_NOT_READY: _node,
    Cause.BARE_POD_FAILING: _bare,
}
