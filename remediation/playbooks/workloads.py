"""Playbooks of controllers: rollouts, Jobs, autoscalers, budgets, and what they run with."""

from __future__ import annotations

from detection.domain.causes import Cause
from detection.domain.facts import (
    AutoscalerFacts,
    CronJobFacts,
    DaemonSetFacts,
    DriftFacts,
    JobFacts,
    ScaledDownFacts,
    TerminatingFacts,
    UpdateFacts,
)
from detection.domain.findings import Finding
from detection.domain.units import counted
from remediation.playbooks.base import (
    ASKED,
    BY_HAND,
    ESCALATE,
    LIKELY,
    OPEN,
    RESTARTS,
    ROLLBACK,
    SURE,
    Offer,
    Playbook,
    Situation,
    Verdict,
    has_older,
    revision_borne,
    single_revision_borne,
)
from remediation.playbooks.wording import (
    describe_line,
    edit_line,
    kubectl_target,
    look_advice,
    owner_text,
    quoted_text,
    revision_text,
    seen_text,
    summary_text,
)

PLAYBOOKS: dict[Cause, Playbook] = {}


def _unless_paused(situation: Situation) -> Verdict:
    return Verdict.IGNORE if situation.paused else revision_borne(situation)


def _stalled(finding: Finding) -> str:
    what = f"The rollout of {owner_text(finding)} passed its progress deadline."
    return what + revision_text(finding)


PLAYBOOKS[Cause.ROLLOUT_STALLED] = Playbook(
    mode=_unless_paused,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"scale"}),
    diagnosis=_stalled,
    confidence=LIKELY,
    advice=look_advice,
)

PLAYBOOKS[Cause.UNCLASSIFIED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    diagnosis=summary_text,
    confidence=OPEN,
    advice=look_advice,
)


def _had_replicas(situation: Situation) -> bool:
    return bool(situation.finding.facts.of(ScaledDownFacts).recorded_replicas)


def _asked_where_recorded(situation: Situation) -> Verdict:
    return Verdict.ASK if _had_replicas(situation) else Verdict.SUGGEST


def _zero(finding: Finding) -> str:
    count = finding.facts.of(ScaledDownFacts).recorded_replicas
    had = f" It had {count} before." if count else ""
    return f"{owner_text(finding)} is scaled to 0, though it is still called.{had}"


def _zero_advice(finding: Finding) -> list[str]:
    note = "kubectl annotate {} kubewise.io/intentionally-scaled-down=true"
    return [f"If it is meant to be so, say it: {note.format(kubectl_target(finding))}"]


PLAYBOOKS[Cause.SCALED_TO_ZERO] = Playbook(
    mode=_asked_where_recorded,
    offers=(Offer("restore_replicas", _had_replicas), ESCALATE),
    bad=frozenset({"rollback", "restart"}),
    diagnosis=_zero,
    confidence=LIKELY,
    advice=_zero_advice,
)


def _may_replace_ordinal(situation: Situation) -> bool:
    """After a rollback, or where one was made: its controller does not replace an unready pod."""
    return situation.finding.facts.of(UpdateFacts).left_behind or has_older(situation)


def _stuck_update(situation: Situation) -> Verdict:
    return Verdict.ASK if _may_replace_ordinal(situation) else Verdict.SUGGEST


def _stuck_update_advice(finding: Finding) -> list[str]:
    target = kubectl_target(finding)
    return [
        f"kubectl rollout status {target}; kubectl rollout history {target}",
        "After a rollback the broken pod may have to be evicted once: the controller waits for it.",
    ]


PLAYBOOKS[Cause.STS_STUCK_UPDATE] = Playbook(
    mode=_stuck_update,
    offers=(ROLLBACK, Offer("restart_pod", _may_replace_ordinal), ESCALATE),
    bad=frozenset({"scale", "restart"}),
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_stuck_update_advice,
)


def _may_replace_pod(situation: Situation) -> bool:
    suspect = situation.finding.facts.of(DaemonSetFacts).node_suspect
    return situation.pod is not None and not suspect


def _on_one_node(situation: Situation) -> Verdict:
    """Act where one pod alone fails and nothing is wrong with its node."""
    return Verdict.ACT if _may_replace_pod(situation) else Verdict.SUGGEST


def _one_node_advice(finding: Finding) -> list[str]:
    return [
        f"Look at the node: kubectl describe node {finding.facts.of(DaemonSetFacts).node}",
        "Don't restart the whole DaemonSet: it would go down on every node.",
    ]


PLAYBOOKS[Cause.DS_ONE_NODE] = Playbook(
    mode=_on_one_node,
    offers=(Offer("restart_pod", _may_replace_pod), ESCALATE),
    bad=frozenset({"restart", "drain_node"}),
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_one_node_advice,
)


def _terminating(finding: Finding) -> str:
    held = ", ".join(finding.facts.of(TerminatingFacts).finalizers)
    why = f"finalizers hold it: {quoted_text(held)}" if held else "its node does not end it"
    return f"{quoted_text(finding.summary)}: {why}."


def _terminating_advice(finding: Finding) -> list[str]:
    held = ", ".join(finding.facts.of(TerminatingFacts).finalizers)
    first = (
        f"Which controller is to remove the finalizer {held}? Is it running?"
        if held
        else f"Look at the kubelet and runtime of {', '.join(finding.facts.nodes)}."
    )
    return [first, "Don't force-delete a StatefulSet's pod, or one with a ReadWriteOnce volume."]


PLAYBOOKS[Cause.POD_STUCK_TERMINATING] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"restart_pod", "drain_node", "scale"}),
    diagnosis=_terminating,
    confidence=SURE,
    advice=_terminating_advice,
)


def _idempotent(situation: Situation) -> bool:
    return situation.finding.facts.of(JobFacts).idempotent


def _asked_where_idempotent(situation: Situation) -> Verdict:
    return Verdict.ASK if _idempotent(situation) else Verdict.SUGGEST


def _job(finding: Finding) -> str:
    reason = finding.facts.reason
    why = f": {quoted_text(reason)}" if reason else ""
    return f"{owner_text(finding)} gave up{why}. {quoted_text(finding.summary)}"


def _job_advice(finding: Finding) -> list[str]:
    rerun = 'Where it may safely run again, say so with kubewise.io/idempotent: "true".'
    return [f"Read its log: kubectl logs {kubectl_target(finding)} --tail=50", rerun]


PLAYBOOKS[Cause.JOB_FAILED] = Playbook(
    mode=_asked_where_idempotent,
    offers=(Offer("rerun_job", _idempotent), ESCALATE),
    bad=frozenset({"clean_failed_pods", "rollback"}),
    diagnosis=_job,
    confidence=SURE,
    advice=_job_advice,
)


def _cronjob_advice(finding: Finding) -> list[str]:
    active = finding.facts.of(CronJobFacts).active
    held = [
        f"Does Job {name} hang, or does a sidecar keep it from ending? kubectl describe job "
        f"{name} -n {finding.owner.namespace}"
        for name in active[:1]
    ]
    return [*held, f"kubectl describe {kubectl_target(finding)}"]


PLAYBOOKS[Cause.CRONJOB_STALLED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"rerun_job", "clean_failed_pods"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_cronjob_advice,
)


def _may_raise_most(situation: Situation) -> bool:
    """An autoscaler that KEDA made would be put back."""
    known = situation.finding.facts.of(AutoscalerFacts)
    return bool(known.max_replicas) and not known.keda


def _maxed(finding: Finding) -> str:
    known = finding.facts.of(AutoscalerFacts)
    return (
        f"{owner_text(finding)} needs more than {counted(known.max_replicas or 0, 'replica')}, "
        f"the maximum of its autoscaler {quoted_text(known.hpa)}."
    )


def _maxed_advice(finding: Finding) -> list[str]:
    note = "KEDA owns the autoscaler: raise maxReplicaCount of its ScaledObject."
    owned = finding.facts.of(AutoscalerFacts).keda
    most = note if owned else "Raise its maximum, if nodes have room."
    return [most, "Don't scale the target: the autoscaler puts it back."]


PLAYBOOKS[Cause.HPA_MAXED] = Playbook(
    mode=ASKED,
    offers=(Offer("raise_hpa_max", _may_raise_most), ESCALATE),
    bad=frozenset({"scale", "restart"}),
    diagnosis=_maxed,
    confidence=SURE,
    advice=_maxed_advice,
)


def _without_metrics(situation: Situation) -> Verdict:
    lacks = situation.finding.facts.of(AutoscalerFacts).missing_requests
    return Verdict.ASK if lacks else Verdict.SUGGEST


def _may_ask_for(situation: Situation) -> bool:
    """Known which container asks for none of what; a vertical autoscaler would set it itself."""
    known = situation.finding.facts.of(AutoscalerFacts)
    return bool(known.missing_requests and known.missing) and not situation.vertical_scaler


def _metrics_advice(finding: Finding) -> list[str]:
    known = finding.facts.of(AutoscalerFacts)
    if known.injected:
        return [
            f"Container {quoted_text(known.container)} is not in the template: it is added when "
            "pods are made. Set its request where it is injected (the injector's annotation or "
            "default).",
            describe_line(finding),
        ]
    if known.missing_requests:
        return [
            f"Set a request: kubectl set resources {kubectl_target(finding)} "
            f"-c {finding.facts.container} --requests=cpu=AMOUNT"
        ]
    return [
        f"kubectl describe apiservice {finding.owner.name}; kubectl top nodes",
        "Repair what serves it (metrics-server, or an adapter), which is related.",
    ]


PLAYBOOKS[Cause.HPA_NO_METRICS] = Playbook(
    mode=_without_metrics,
    offers=(Offer("adjust_resources", _may_ask_for), ESCALATE),
    bad=frozenset({"scale", "restart", "raise_hpa_max"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_metrics_advice,
)


def _budget_advice(finding: Finding) -> list[str]:
    return [
        "Run one replica more than the budget asks for, or repair those that are not ready.",
        "Don't delete the budget, and don't drain around it.",
    ]


PLAYBOOKS[Cause.PDB_BLOCKS_DRAIN] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"restart_pod", "drain_node", "scale"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_budget_advice,
)


def _stale_advice(finding: Finding) -> list[str]:
    known = finding.facts.of(DriftFacts)
    what = f"{known.changed_kind} {known.changed}"
    return [f"A restart of the consumer takes {what} in. Mount it as a volume to avoid this."]


PLAYBOOKS[Cause.STALE_SECRET_ENV] = Playbook(
    mode=ASKED,
    offers=(Offer("restart"), ESCALATE),
    bad=frozenset({"rollback", "scale"}),
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_stale_advice,
)


def _environment_advice(finding: Finding) -> list[str]:
    return ["Compare the variables of both revisions; their values are not shown here."]


PLAYBOOKS[Cause.ENV_CHANGED] = Playbook(
    mode=single_revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS | {"scale"},
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_environment_advice,
)


def _target_advice(finding: Finding) -> list[str]:
    return [
        "Was its target renamed or deleted? Correct scaleTargetRef, or delete the autoscaler: "
        f"{edit_line(finding)}",
        describe_line(finding),
    ]


PLAYBOOKS[Cause.SCALER_TARGET_MISSING] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"scale", "raise_hpa_max"},
    diagnosis=seen_text,
    confidence=SURE,
    advice=_target_advice,
)
