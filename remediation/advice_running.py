"""Advice on pods that run, and on what controls them. Never executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detection.domain.causes import Cause
from detection.domain.findings import Finding

Lines = Callable[[Finding], list[str]]


def _target(finding: Finding) -> str:
    owner = finding.owner
    where = f" -n {owner.namespace}" if owner.namespace else ""
    return f"{owner.kind.lower()}/{owner.name}{where}"


def _hang(finding: Finding) -> list[str]:
    pod, container = finding.facts.get("pod"), finding.facts.get("container")
    return [
        f"What does it wait for: kubectl logs {pod} -n {finding.owner.namespace} -c {container}",
        "Repair what it waits for; a restart begins the same wait anew.",
    ]


def _leak(finding: Finding) -> list[str]:
    return [
        "Find what grows (a heap profile, a cache without bound); more memory only delays it.",
        f"Until then a restart buys time: kubectl rollout restart {_target(finding)}",
    ]


def _probe(finding: Finding) -> list[str]:
    kind, name = finding.facts.get("probe", "liveness"), finding.facts.get("container", "app")
    patch = (
        f'{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"{name}",'
        f'"{kind}Probe":{{"httpGet":{{"port":PORT,"path":"PATH"}}}}}}]}}}}}}}}'
    )
    return [
        "Compare the probe's port, path and patience with what the container does.",
        f"kubectl patch {_target(finding)} -p '{patch}'",
    ]


def _throttled(finding: Finding) -> list[str]:
    return [
        "Raise or remove the CPU limit of this container, or add replicas; a restart does not help."
    ]


def _terminating(finding: Finding) -> list[str]:
    held = ", ".join(finding.facts.get("finalizers") or ())
    first = (
        f"Which controller is to remove the finalizer {held}? Is it running?"
        if held
        else f"Look at the kubelet and runtime of {', '.join(finding.facts.get('nodes') or ())}."
    )
    return [first, "Don't force-delete a StatefulSet's pod, or one with a ReadWriteOnce volume."]


def _update(finding: Finding) -> list[str]:
    return [
        f"kubectl rollout status {_target(finding)}; kubectl rollout history {_target(finding)}",
        "After a rollback the broken pod may have to be evicted once: the controller waits for it.",
    ]


def _one_node(finding: Finding) -> list[str]:
    return [
        f"Look at the node: kubectl describe node {finding.facts.get('node')}",
        "Don't restart the whole DaemonSet: it would go down on every node.",
    ]


def _cron(finding: Finding) -> list[str]:
    active = finding.facts.get("active") or []
    held = [
        f"Does Job {name} hang, or does a sidecar keep it from ending? kubectl describe job "
        f"{name} -n {finding.owner.namespace}"
        for name in active[:1]
    ]
    return [*held, f"kubectl describe {_target(finding)}"]


def _maxed(finding: Finding) -> list[str]:
    note = "KEDA owns the autoscaler: raise maxReplicaCount of its ScaledObject."
    most = [note] if finding.facts.get("keda") else ["Raise its maximum, if nodes have room."]
    return [*most, "Don't scale the target: the autoscaler puts it back."]


def _metrics(finding: Finding) -> list[str]:
    if finding.facts.get("missing_requests"):
        container = finding.facts.get("container")
        return [
            f"Set a request: kubectl set resources {_target(finding)} -c {container} "
            "--requests=cpu=AMOUNT"
        ]
    return [
        f"kubectl describe apiservice {finding.owner.name}; kubectl top nodes",
        "Repair what serves it (metrics-server, or an adapter), which is related.",
    ]


def _budget(finding: Finding) -> list[str]:
    return [
        "Run one replica more than the budget asks for, or repair those that are not ready.",
        "Don't delete the budget, and don't drain around it.",
    ]


ADVICE_RUNNING: Mapping[Cause, Lines] = {
    Cause.INIT_HANG: _hang,
    Cause.OOM_LEAK: _leak,
    Cause.LIVENESS_MISCONFIG: _probe,
    Cause.READINESS_MISCONFIG: _probe,
    Cause.CPU_THROTTLED: _throttled,
    Cause.POD_STUCK_TERMINATING: _terminating,
    Cause.STS_STUCK_UPDATE: _update,
    Cause.DS_ONE_NODE: _one_node,
    Cause.CRONJOB_STALLED: _cron,
    Cause.HPA_MAXED: _maxed,
    Cause.HPA_NO_METRICS: _metrics,
    Cause.PDB_BLOCKS_DRAIN: _budget,
}
