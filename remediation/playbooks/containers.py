"""Playbooks of containers that crash, hang, are killed, or are held back."""

from __future__ import annotations

from detection.domain.causes import Cause, Severity
from detection.domain.facts import ContainerFacts, MemoryFacts, ProbeFacts, ThrottlingFacts
from detection.domain.findings import Finding
from remediation.playbooks.base import (
    ASKED,
    BY_HAND,
    ESCALATE,
    LIKELY,
    RESTARTS,
    ROLLBACK,
    SURE,
    Offer,
    Playbook,
    Situation,
    Verdict,
    proven,
    revision_borne,
)
from remediation.playbooks.wording import (
    RESTARTED_ALREADY,
    container_text,
    end_text,
    kubectl_target,
    logs_advice,
    look_advice,
    owner_text,
    quoted_text,
    release_advice,
    revision_text,
    seen_text,
)

PLAYBOOKS: dict[Cause, Playbook] = {}
REVISED = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
NEAR_THE_LIMIT_RATIO = 0.9


def _bad_release(finding: Finding) -> str:
    first = f"The newest revision of {owner_text(finding)} crashes: {container_text(finding)}"
    return f"{first} {end_text(finding)}.{revision_text(finding)}"


PLAYBOOKS[Cause.BAD_RELEASE] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"scale"}),
    futile=RESTARTS | {"adjust_resources"},
    diagnosis=_bad_release,
    confidence=SURE,
    advice=release_advice,
)


def _bad_command(finding: Finding) -> str:
    what = f"The command of {container_text(finding)} of {owner_text(finding)} can't be started"
    reason, code = quoted_text(finding.facts.reason), finding.facts.of(ContainerFacts).exit_code
    said = f"{reason}, exit code {code}" if code is not None else reason
    return f"{what}: {said}.{revision_text(finding)}"


PLAYBOOKS[Cause.BAD_COMMAND] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"adjust_resources", "scale"}),
    diagnosis=_bad_command,
    confidence=SURE,
    advice=release_advice,
)


def _no_history(finding: Finding) -> str:
    seen = finding.owner.kind in REVISED
    never = "no revision of it ever ran well" if seen else "an earlier revision is not seen"
    first = f"{owner_text(finding)} crashes and {never}"
    return f"{first}: {container_text(finding)} {end_text(finding)}."


PLAYBOOKS[Cause.CRASH_NO_HISTORY] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"rollback", "scale"}),
    diagnosis=_no_history,
    confidence=SURE,
    advice=logs_advice,
)


def _stable_revision(finding: Finding) -> str:
    first = f"{owner_text(finding)} crashes in a revision that ran well for long"
    what = f"{container_text(finding)} {end_text(finding)}"
    return f"{first}: {what}. Something beside its own release changed."


def _stable_revision_advice(finding: Finding) -> list[str]:
    return [
        "Look for what changed around the onset: Secrets, ConfigMaps, dependencies, data, nodes.",
        *logs_advice(finding),
    ]


PLAYBOOKS[Cause.CRASH_STABLE_REVISION] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"rollback", "scale"}),
    futile=frozenset({"restart"}),
    diagnosis=_stable_revision,
    confidence=LIKELY,
    advice=_stable_revision_advice,
)


def _bare_pod(finding: Finding) -> str:
    name = f"Pod {finding.owner.name} in {finding.owner.namespace}"
    if _is_static(finding):
        return f"{name} is a static pod and fails. {quoted_text(finding.summary)}"
    return (
        f"{name} fails and has no controller that could make it anew. "
        f"{quoted_text(finding.summary)}"
    )


def _is_static(finding: Finding) -> bool:
    """The kubelet itself runs it from a file: its name ends with the node's."""
    return any(finding.owner.name.endswith(f"-{node}") for node in finding.facts.nodes)


def _bare_pod_advice(finding: Finding) -> list[str]:
    if _is_static(finding):
        node = finding.facts.nodes[0]
        return [
            f"It is a static pod of node {node}: the kubelet there runs it from a file. Look at "
            "that manifest and at its log on the node.",
            *look_advice(finding),
        ]
    return ["Put it under a controller, a Deployment for example.", *look_advice(finding)]


PLAYBOOKS[Cause.BARE_POD_FAILING] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"restart_pod", "drain_node"}),
    diagnosis=_bare_pod,
    confidence=SURE,
    advice=_bare_pod_advice,
)


def _out_of_memory(situation: Situation) -> Verdict:
    """Act where metrics saw it near the limit and nothing was raised within a day."""
    if proven(situation):
        return Verdict.ACT
    known = situation.finding.facts.of(MemoryFacts)
    if not known.memory_limit:
        return Verdict.SUGGEST
    if situation.vertical_scaler or known.raised_at:
        return Verdict.ASK
    near = (known.working_set_ratio or 0.0) >= NEAR_THE_LIMIT_RATIO
    return Verdict.ACT if near and not known.node_memory_pressure else Verdict.ASK


def _may_raise_memory(situation: Situation) -> bool:
    """Once a day at most, and never beside a VerticalPodAutoscaler."""
    known = situation.finding.facts.of(MemoryFacts)
    named = bool(known.memory_limit and known.container)
    return named and not situation.vertical_scaler and not known.raised_at


def _limit_low(finding: Finding) -> str:
    limit = finding.facts.of(MemoryFacts).memory_limit
    at = f" of {quoted_text(limit)}" if limit else ""
    what = f"{container_text(finding)} of {owner_text(finding)}"
    said = f"The kernel kills {what} at its memory limit{at}."
    return said + revision_text(finding) if finding.revision and finding.revision.borne else said


def _limit_low_advice(finding: Finding) -> list[str]:
    return [
        "Raise the memory limit of this container, or find what uses the memory.",
        RESTARTED_ALREADY,
    ]


PLAYBOOKS[Cause.OOM_LIMIT_LOW] = Playbook(
    mode=_out_of_memory,
    offers=(ROLLBACK, Offer("adjust_resources", _may_raise_memory), ESCALATE),
    bad=frozenset({"scale"}),
    futile=RESTARTS,
    diagnosis=_limit_low,
    confidence=LIKELY,
    advice=_limit_low_advice,
)


def _restart_begins(situation: Situation) -> bool:
    """A StatefulSet's rolling update waits for a member that is not ready: it would never begin."""
    return situation.finding.owner.kind != "StatefulSet" or not situation.unready


def _leak(finding: Finding) -> str:
    raised = finding.facts.of(MemoryFacts).raised_at
    why = (
        f"its limit was raised at {raised} and it is killed again"
        if raised
        else "its memory climbs on a line after each start"
    )
    return f"{container_text(finding)} of {owner_text(finding)} leaks memory: {why}."


def _leak_advice(finding: Finding) -> list[str]:
    return [
        "Find what grows (a heap profile, a cache without bound); more memory only delays it.",
        f"Until then a restart buys time: kubectl rollout restart {kubectl_target(finding)}",
    ]


PLAYBOOKS[Cause.OOM_LEAK] = Playbook(
    mode=ASKED,
    offers=(ESCALATE, Offer("restart", _restart_begins)),
    bad=frozenset({"adjust_resources", "scale"}),
    diagnosis=_leak,
    confidence=LIKELY,
    advice=_leak_advice,
)


def _suffers(situation: Situation) -> Verdict:
    """Ask beside a symptom: pods that are not ready, or metrics that suffer; alone it is info."""
    finding = situation.finding
    suffers = finding.facts.of(ThrottlingFacts).symptom or finding.severity != Severity.INFO
    return Verdict.ASK if suffers else Verdict.IGNORE


def _may_raise_cpu(situation: Situation) -> bool:
    limit = situation.finding.facts.of(ThrottlingFacts).cpu_limit
    return bool(limit) and not situation.vertical_scaler


def _throttled_advice(finding: Finding) -> list[str]:
    return [
        "Raise or remove the CPU limit of this container, or add replicas; a restart does not help."
    ]


PLAYBOOKS[Cause.CPU_THROTTLED] = Playbook(
    mode=_suffers,
    offers=(Offer("adjust_resources", _may_raise_cpu), ESCALATE),
    bad=RESTARTS,
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_throttled_advice,
)


def _liveness(finding: Finding) -> str:
    return (
        f"The kubelet kills {container_text(finding)} of {owner_text(finding)} because its probe "
        f"does not pass, not because it crashes.{revision_text(finding)}"
    )


CHECKS = {
    "httpGet": '{"port":PORT,"path":"PATH"}',
    "tcpSocket": '{"port":PORT}',
    "grpc": '{"port":PORT}',
    "exec": '{"command":["PROGRAM"]}',
}
COMPARE = {
    "httpGet": "Compare the probe's port, path and patience with what the container does.",
    "tcpSocket": "Compare the probe's port and patience with what the container listens on.",
    "grpc": "Does the container serve gRPC health checks on that port, and in time?",
    "exec": "Run the probe's command in the container, and compare its time with the time-out.",
}


def _probe_advice(finding: Finding) -> list[str]:
    known = finding.facts.of(ProbeFacts)
    place = "initContainers" if known.init or known.sidecar else "containers"
    check = known.check if known.check in CHECKS else "httpGet"
    patch = (
        f'{{"spec":{{"template":{{"spec":{{"{place}":[{{"name":"{known.container or "app"}",'
        f'"{known.probe or "liveness"}Probe":{{"{check}":{CHECKS[check]}}}}}]}}}}}}}}'
    )
    slow = (
        "Where its log still starts up at the end of a run, it needs more time, not another port: "
        "a startupProbe, or a longer initialDelaySeconds."
    )
    return [
        COMPARE[check],
        *([slow] if finding.cause == Cause.LIVENESS_MISCONFIG else []),
        f"kubectl patch {kubectl_target(finding)} -p '{patch}'",
    ]


PLAYBOOKS[Cause.LIVENESS_MISCONFIG] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"adjust_resources"}),
    futile=RESTARTS,
    diagnosis=_liveness,
    confidence=LIKELY,
    advice=_probe_advice,
)


def _readiness(finding: Finding) -> str:
    return (
        f"{container_text(finding)} of {owner_text(finding)} runs without a restart, and its "
        f"readiness probe never passed.{revision_text(finding)}"
    )


PLAYBOOKS[Cause.READINESS_MISCONFIG] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"scale"}),
    futile=RESTARTS,
    diagnosis=_readiness,
    confidence=LIKELY,
    advice=_probe_advice,
)


def _one_of_several(situation: Situation) -> Verdict:
    several = situation.replicas >= 2 and situation.finding.owner.kind == "Deployment"
    return Verdict.ACT if several else Verdict.ASK


def _hung(finding: Finding) -> str:
    pod = next((ref.name for ref in finding.related if ref.kind == "Pod"), "One pod")
    return (
        f"{quoted_text(pod)} of {owner_text(finding)} is not ready any more, while its siblings "
        f"of the same revision are, and neither its node nor its image is to blame: it is wedged."
    )


def _hung_advice(finding: Finding) -> list[str]:
    return ["Keep a copy of its log before it goes, to find why it hung.", *look_advice(finding)]


PLAYBOOKS[Cause.HUNG_REPLICA] = Playbook(
    mode=_one_of_several,
    offers=(Offer("restart_pod", lambda s: s.pod is not None), ESCALATE),
    bad=frozenset({"restart", "scale", "drain_node", "rollback"}),
    diagnosis=_hung,
    confidence=LIKELY,
    advice=_hung_advice,
)
