"""HorizontalPodAutoscalers: at their maximum, or without metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import AutoscalerFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.domain.quantities import amount_of
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed, severity_of, words_of
from detection.failures.registry import failure
from detection.failures.scheduling.admission import backend_of
from detection.failures.shared_cause import on_thing
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.network_storage_scaling import (
    HorizontalPodAutoscaler,
    MetricTarget,
)
from detection.snapshot import Snapshot
from detection.snapshot.pod_templates import (
    Template,
    container_names,
    normalized,
    quantity_of,
    spec_of,
)

IN_CONTAINER = re.compile(r"missing request for \S{1,60} in container ([\w.-]{1,253})")
NOT_FOUND = re.compile(r"not found|could not find", re.IGNORECASE)
RESOURCE_METRICS = "v1beta1.metrics.k8s.io"
# The API that serves the metrics did not, whatever the containers ask for.
AWAY = re.compile(
    r"no metrics (?:returned|known)|could not find the requested resource|unable to fetch"
    r"|unable to handle the request|unable to get metrics|service unavailable|connection refused"
    r"|no known available metric|timed? ?out|deadline exceeded|did not receive metrics"
)
OTHER_METRICS = {
    "External": "v1beta1.external.metrics.k8s.io",
    "Object": "v1beta1.custom.metrics.k8s.io",
    "Pods": "v1beta1.custom.metrics.k8s.io",
}
Scaler = HorizontalPodAutoscaler


def scaled_owner(snapshot: Snapshot, scaler: Scaler) -> ObjectRef:
    """What it scales, with its UID where we read that kind."""
    ref, namespace = scaler.spec.scale_target_ref, scaler.metadata.namespace
    found = snapshot.find(ref.kind, namespace, ref.name)
    return found.ref if found is not None else ObjectRef(ref.kind, namespace, ref.name)


def is_keda(scaler: Scaler) -> bool:
    """Made by KEDA, which would put a changed maximum back."""
    above = scaler.controller
    return above is not None and above.kind == "ScaledObject"


@failure(Cause.HPA_MAXED)
def hpa_maxed(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F38: it wants more replicas than it may have, for long."""
    for scaler in snapshot.hpas:
        limited = o.condition(scaler.status.conditions, "ScalingLimited")
        if limited is None or limited.status != "True" or limited.reason != "TooManyReplicas":
            continue
        target = scaled_owner(snapshot, scaler)
        if not (target.kind and target.name):
            continue
        if scaler.status.current_replicas >= scaler.spec.max_replicas and is_above(scaler):
            yield _maxed(snapshot, context, scaler, target, limited)


def is_above(scaler: Scaler) -> bool:
    """Whether a metric is above its target; True where the status doesn't tell: the condition
    itself says that it wants more."""
    wanted = {m.resource.name: m.resource.target for m in scaler.spec.metrics if m.resource}
    seen = {
        m.resource.name: m.resource.current for m in scaler.status.current_metrics if m.resource
    }
    ratios = [_ratio(wanted[name], seen[name]) for name in wanted.keys() & seen.keys()]
    known = [ratio for ratio in ratios if ratio is not None]
    others = any(metric.resource is None for metric in scaler.spec.metrics)
    return others or not known or max(known) > 1.0


def _ratio(target: MetricTarget, current: MetricTarget) -> float | None:
    if target.average_utilization and current.average_utilization is not None:
        return current.average_utilization / target.average_utilization
    wanted, seen = amount_of(target.average_value), amount_of(current.average_value)
    return float(seen / wanted) if wanted and seen else None


def _maxed(
    snapshot: Snapshot,
    context: Context,
    scaler: Scaler,
    target: ObjectRef,
    limited: o.Condition,
) -> Finding:
    onset = limited.last_transition_time or scaler.metadata.creation_timestamp or context.now
    most = scaler.spec.max_replicas
    return Finding(
        cause=Cause.HPA_MAXED,
        owner=target,
        severity=severity_of(snapshot, target),
        summary=f"{full_name(target)}: its autoscaler needs more than {counted(most, 'replica')}",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.scaler_maxed_seconds),
        evidence=(
            observed("horizontalpodautoscalers", f"{scaler.metadata.name}: ScalingLimited=True/"
                f"{limited.reason}: {limited.message}", decisive=True),
            *(observed("horizontalpodautoscalers", line) for line in _metric_lines(scaler)),
        ),
        related=(scaler.ref,),
        facts=AutoscalerFacts(
            hpa=scaler.metadata.name, hpa_uid=scaler.metadata.uid, max_replicas=most,
            keda=is_keda(scaler), reason=limited.reason),
    )  # fmt: skip


def _metric_lines(scaler: Scaler) -> list[str]:
    wanted = {m.resource.name: m.resource.target for m in scaler.spec.metrics if m.resource}
    return [
        f"{m.resource.name}: {m.resource.current.average_utilization} % of "
        f"{wanted[m.resource.name].average_utilization} % asked for"
        for m in scaler.status.current_metrics
        if m.resource and m.resource.name in wanted
        and m.resource.current.average_utilization is not None
    ]  # fmt: skip


@failure(Cause.SCALER_TARGET_MISSING)
def target_missing(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F70: the autoscaler says itself that it cannot get what it is to scale."""
    for scaler in snapshot.hpas:
        able = o.condition(scaler.status.conditions, "AbleToScale")
        if able is None or able.status != "False" or able.reason != "FailedGetScale":
            continue
        target = scaled_owner(snapshot, scaler)
        gone = not target.uid and NOT_FOUND.search(able.message)
        name = f"{target.kind} {target.namespace}/{target.name}"
        onset = _since(scaler, able, context)
        yield Finding(
            cause=Cause.SCALER_TARGET_MISSING,
            owner=scaler.ref,
            severity=Severity.WARNING,
            summary=f"{full_name(scaler.ref)} scales nothing: "
            + (f"{name} does not exist" if gone else f"it can't read the scale of {name}"),
            onset=onset,
            opens_at=onset + timedelta(seconds=context.dwell.scaler_blind_seconds),
            evidence=(_condition_text(scaler, able),),
            facts=AutoscalerFacts(hpa=scaler.metadata.name, reason=able.reason),
        )


@failure(Cause.HPA_NO_METRICS)
def hpa_no_metrics(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F39: on the target whose requests are missing, else on the API that serves the metrics."""
    away: dict[str, list[tuple[Scaler, o.Condition]]] = {}
    for scaler in snapshot.hpas:
        active = o.condition(scaler.status.conditions, "ScalingActive")
        if active is None or active.status != "False" or not active.reason.startswith("FailedGet"):
            continue
        target = scaled_owner(snapshot, scaler)
        if not (target.kind and target.name):
            continue
        if without_request(snapshot, scaler, target, active):
            yield _no_request(snapshot, context, scaler, target, active)
        else:
            away.setdefault(_api_of(scaler, active), []).append((scaler, active))
    for name, found in away.items():
        yield from _no_api(snapshot, context, name, found)


def without_request(
    snapshot: Snapshot, scaler: Scaler, target: ObjectRef, active: o.Condition
) -> str:
    """The container that asks for none of the resource that is measured; '' for none."""
    template, said = _template(snapshot, target), active.message.lower()
    if "missing request" not in said and AWAY.search(said):
        return ""
    if named := IN_CONTAINER.search(active.message):
        return named[1]
    for metric in scaler.spec.metrics:
        one = metric.resource
        measured = one is not None and one.target.average_utilization is not None
        if one and measured and (lacking := _lacking(template, one.name)):
            return lacking
    if "missing request" in said:
        return next(iter(container_names(template)), "?")
    return ""


def _template(snapshot: Snapshot, target: ObjectRef) -> Template:
    item = snapshot.get(target)
    if isinstance(item, o.Deployment | o.StatefulSet | o.ReplicaSet):
        return normalized(bytes(item.spec.template))
    return {}


def _lacking(template: Template, resource: str) -> str:
    """The first regular container without a request; a limit stands for one."""
    containers = spec_of(template).get("containers") or []
    for name in [str(c.get("name")) for c in containers if isinstance(c, dict)]:
        asked = [quantity_of(template, name, kind, resource) for kind in ("requests", "limits")]
        if not any(asked):
            return name
    return ""


def _resource_of(scaler: Scaler, template: Template, container: str) -> str:
    """The first resource of its metrics that the container asks for none of; '' for none."""
    measured = [m.resource.name for m in scaler.spec.metrics
                if m.resource and m.resource.target.average_utilization is not None]  # fmt: skip
    lacking = (name for name in measured if _lacking(template, name) == container)
    return next(lacking, "")


def _no_request(
    snapshot: Snapshot,
    context: Context,
    scaler: Scaler,
    target: ObjectRef,
    active: o.Condition,
) -> Finding:
    container = without_request(snapshot, scaler, target, active)
    resource = _resource_of(scaler, _template(snapshot, target), container)
    onset = _since(scaler, active, context)
    return Finding(
        cause=Cause.HPA_NO_METRICS,
        owner=target,
        severity=severity_of(snapshot, target),
        summary=f"{full_name(target)}: its autoscaler needs a request that {container}"
        " doesn't make",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.scaler_blind_seconds),
        evidence=(_said(scaler, active),),
        related=(scaler.ref,),
        facts=AutoscalerFacts(
            hpa=scaler.metadata.name, container=container, missing_requests=True,
            missing=resource, injected=_is_injected(snapshot, target, container),
            reason=active.reason),
    )  # fmt: skip


def _condition_text(scaler: Scaler, found: o.Condition) -> Evidence:
    text = f"{scaler.metadata.name}: {found.type}={found.status}/{found.reason}: {found.message}"
    return observed("horizontalpodautoscalers", text, decisive=True)


def _is_injected(snapshot: Snapshot, target: ObjectRef, container: str) -> bool:
    """Its pods have the container, and the template does not."""
    template = _template(snapshot, target)
    pods = snapshot.pods_below(target)
    runs = any(one.name == container for pod in pods for one in pod.spec.containers)
    return bool(template) and runs and container not in container_names(template)


def _said(scaler: Scaler, active: o.Condition) -> Evidence:
    return _condition_text(scaler, active)


def _since(scaler: Scaler, active: o.Condition, context: Context) -> datetime:
    return active.last_transition_time or scaler.metadata.creation_timestamp or context.now


def _api_of(scaler: Scaler, active: o.Condition) -> str:
    for kind, name in OTHER_METRICS.items():
        if kind in active.reason:
            return name
    return RESOURCE_METRICS


def _unavailable(name: str, found: o.Condition) -> Evidence:
    text = f"{name}: Available={found.status}/{found.reason}: {found.message}"
    return observed("apiservices", text, decisive=True)


def _serves(snapshot: Snapshot, scaler: Scaler) -> bool:
    return bool(snapshot.ready_of(scaled_owner(snapshot, scaler))[0])


def _unavailable_lines(name: str, available: o.Condition | None, works: bool) -> list[Evidence]:
    return [] if works or available is None else [_unavailable(name, available)]


def _words_of_backend(snapshot: Snapshot, workloads: Sequence[ObjectRef]) -> list[Evidence]:
    """The deciding lines of those who should serve the metrics and are not ready."""
    return words_of(snapshot, [pod for ref in workloads for pod in snapshot.pods_below(ref)])


def _no_api(
    snapshot: Snapshot,
    context: Context,
    name: str,
    found: Sequence[tuple[Scaler, o.Condition]],
) -> Iterator[Finding]:
    """One scaler whose target has no ready pod gets no metrics because of that alone."""
    service = next((s for s in snapshot.apiservices if s.metadata.name == name), None)
    available = o.condition(service.status.conditions, "Available") if service else None
    works = available is not None and available.status == "True"
    hit = [item for item in found if not works or _serves(snapshot, item[0])]
    if not hit:
        return
    ref = service.ref if service else ObjectRef("APIService", "", name)
    backing = service.spec.service if service else None
    backend = backend_of(snapshot, backing.namespace, backing.name) if backing else ()
    workloads = [] if works else [one for one in backend if one.kind != "Service"]
    more = _unavailable_lines(name, available, works)
    yield on_thing(
        snapshot,
        Cause.HPA_NO_METRICS,
        ref,
        workloads,
        f"{name} serves no metrics: {counted(len(hit), 'autoscaler')} can't scale",
        min(_since(scaler, active, context) for scaler, active in hit),
        context.dwell.scaler_blind_seconds,
        [
            *more,
            *_words_of_backend(snapshot, workloads),
            *(_said(scaler, active) for scaler, active in hit[:5]),
        ],
        related=[*(scaled_owner(snapshot, s) for s, _ in hit), *(s.ref for s, _ in hit), *backend],
        facts=AutoscalerFacts(
            missing_requests=False, backend=tuple(key_of(one) for one in workloads),
            reason=hit[0][1].reason),
    )  # fmt: skip
