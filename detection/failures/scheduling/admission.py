"""Why pods are not admitted: a quota, a rule, or a webhook that does not answer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import AdmissionFacts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.domain.quantities import amount_of
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, changed_evidence, full_name, observed
from detection.failures.registry import failure
from detection.failures.rollback_evidence import Judgement, judge_newest_revision, not_borne
from detection.failures.scheduling.pending_pods import raised_requests
from detection.failures.scheduling.pod_creation import RefusedOwner, refusals
from detection.failures.shared_cause import on_thing
from detection.kubernetes.label_selectors import has_labels
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.extensions import ServiceReference, WebhookConfiguration
from detection.kubernetes.objects.network_storage_scaling import Service
from detection.snapshot import Snapshot
from detection.snapshot.logs import changed_at
from detection.snapshot.pod_templates import template_changes

WEBHOOK = re.compile(
    r"(?:failed|failure|error|unable)\s+(?:to\s+)?call(?:ing)?\s+(?:admission\s+)?webhook"
    r"\s+[\"'“]?([\w.-]+)", re.IGNORECASE
)  # fmt: skip
QUOTA = re.compile(
    r"exceeded quota:?\s*[\"']?([\w.-]+)|exceeds? (?:the )?quota\b|quota (?:has been )?exceeded"
    r"|insufficient quota", re.IGNORECASE
)  # fmt: skip
FORBIDDEN = re.compile(
    r"forbidden|denied|violat|not allowed|not permitted|unable to validate|disallowed"
    r"|service ?account\b.{0,80}not found|invalid value|is invalid|must specify|policy"
    r"|maximum .{0,40}(?:usage|limit)|minimum .{0,40}usage|no priorityclass|admission",
    re.IGNORECASE,
)  # fmt: skip
UNTRUSTED = re.compile(r"\bx509\b|certificate", re.IGNORECASE)
SILENT = re.compile(
    r"refused|timed? ?out|deadline|no endpoints|no route|unreachable|EOF|reset", re.IGNORECASE
)
OWN_BACKEND = "RefusesItsOwnBackend"
ENDING = re.compile(r"being terminated|namespaceterminating|is being deleted", re.IGNORECASE)


def cause_of_refusal(snapshot: Snapshot, refused: RefusedOwner) -> Cause | None:
    """None where it is no refusal: a time-out, a name that exists, a namespace that ends."""
    text = refused.message
    if WEBHOOK.search(text):
        return Cause.WEBHOOK_DOWN
    if QUOTA.search(text):
        return Cause.QUOTA_EXCEEDED
    if ENDING.search(text):
        return None
    return Cause.ADMISSION_FORBIDDEN if FORBIDDEN.search(text) else None


def _of_cause(snapshot: Snapshot, cause: Cause) -> list[RefusedOwner]:
    return [r for r in refusals(snapshot) if cause_of_refusal(snapshot, r) == cause]


@failure(Cause.ADMISSION_FORBIDDEN)
def admission_forbidden(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F30."""
    for refused in _of_cause(snapshot, Cause.ADMISSION_FORBIDDEN):
        judged = _judged(snapshot, context, refused)
        yield _on_owner(snapshot, context, refused, Cause.ADMISSION_FORBIDDEN, judged, True)


def _judged(snapshot: Snapshot, context: Context, refused: RefusedOwner) -> Judgement:
    return judge_newest_revision(snapshot, refused.owner, context, (), refused.since, refused.keys)


def _on_owner(
    snapshot: Snapshot,
    context: Context,
    refused: RefusedOwner,
    cause: Cause,
    judged: Judgement,
    brought: bool,
) -> Finding:
    """`brought`: the newest revision changed what is refused."""
    changed = (
        judged.newest is not None
        and judged.target is not None
        and bool(template_changes(judged.target.template, judged.newest.template))
    )
    revision = judged.revision if brought and changed else not_borne(judged.revision)
    what = "exceed the quota" if cause == Cause.QUOTA_EXCEEDED else "are not admitted"
    return about_pods(
        snapshot,
        cause,
        refused.owner,
        [],
        f"{full_name(refused.owner)}: its pods {what}",
        refused.since,
        _opens(context, refused.since),
        [
            observed(refused.by.kind.lower() + "s", f"{refused.by.name}: {refused.message}", True),
            *changed_evidence(revision),
        ],
        revision,
        AdmissionFacts(
            reason="FailedCreate", message=refused.message[:300], quota=quota_of(refused)
        ),
    )


def _opens(context: Context, since: datetime) -> datetime:
    return since + timedelta(seconds=context.dwell.quota_seconds)


def quota_of(refused: RefusedOwner) -> str:
    match = QUOTA.search(refused.message)
    return (match[1] or "") if match else ""


@failure(Cause.QUOTA_EXCEEDED)
def quota_exceeded(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F29: on the quota where several owners fail on it, else on the owner."""
    groups: defaultdict[tuple[str, str], list[RefusedOwner]] = defaultdict(list)
    for refused in _of_cause(snapshot, Cause.QUOTA_EXCEEDED):
        namespace = refused.owner.namespace
        groups[namespace, quota_of(refused) or _full_quota(snapshot, namespace)].append(refused)
    for (namespace, name), group in groups.items():
        if len(group) > 1 and name:
            yield _on_quota(snapshot, context, namespace, name, group)
            continue
        for refused in group:
            judged = _judged(snapshot, context, refused)
            raised = raised_requests(judged)
            yield _on_owner(snapshot, context, refused, Cause.QUOTA_EXCEEDED, judged, raised)


def _full_quota(snapshot: Snapshot, namespace: str) -> str:
    """The one quota of the namespace that is used up, for messages that name none."""
    full = [
        quota.metadata.name
        for quota in snapshot.resourcequotas
        if quota.metadata.namespace == namespace and _is_full(quota)
    ]
    return full[0] if len(full) == 1 else ""


def _is_full(quota: o.ResourceQuota) -> bool:
    return any(
        amount_of(quota.status.used.get(name)) >= amount_of(hard)
        for name, hard in quota.status.hard.items()
    )


def _on_quota(
    snapshot: Snapshot, context: Context, namespace: str, name: str, group: Sequence[RefusedOwner]
) -> Finding:
    quota = snapshot.find("ResourceQuota", namespace, name)
    ref = quota.ref if quota is not None else ObjectRef("ResourceQuota", namespace, name)
    return on_thing(
        snapshot,
        Cause.QUOTA_EXCEEDED,
        ref,
        [refused.owner for refused in group],
        f"ResourceQuota {namespace}/{name} is used up: {_get_no_pods(len(group))}",
        min(refused.since for refused in group),
        context.dwell.quota_seconds,
        [observed("events", f"{r.by.name}: {r.message}", decisive=True) for r in group[:5]],
        facts=AdmissionFacts(reason="FailedCreate", quota=name, shared_by=len(group)),
    )


@failure(Cause.WEBHOOK_DOWN)
def webhook_down(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F31: on the configuration that holds the webhook; its backend and the victims are related."""
    groups: defaultdict[str, list[RefusedOwner]] = defaultdict(list)
    for refused in _of_cause(snapshot, Cause.WEBHOOK_DOWN):
        match = WEBHOOK.search(refused.message)
        groups[match[1].rstrip(".") if match else ""].append(refused)
    by_thing: defaultdict[str, list[tuple[str, list[RefusedOwner]]]] = defaultdict(list)
    for name, group in groups.items():
        by_thing[key_of(configuration_of(snapshot, name)[0])].append((name, group))
    for named_groups in by_thing.values():
        every = [one for _, group in named_groups for one in group]
        yield _on_webhook(snapshot, context, named_groups[0][0], every)
    yield from _will_refuse(snapshot, context, set(by_thing))


def _will_refuse(snapshot: Snapshot, context: Context, told: set[str]) -> Iterator[Finding]:
    """Nothing was refused yet, but the next pod anywhere will be: its Service is not there."""
    if "kubernetes/services" in snapshot.blind:
        return
    every: tuple[WebhookConfiguration, ...] = (
        *snapshot.validatingwebhooks,
        *snapshot.mutatingwebhooks,
    )
    for item in every:
        for one in item.webhooks:
            service = one.client_config.service
            if key_of(item.ref) in told or service is None or not one.refuses_all_pods:
                continue
            if snapshot.find("Service", service.namespace, service.name) is None:
                yield _without_service(context, item, one.name, service)
                break


def _without_service(
    context: Context, item: WebhookConfiguration, webhook: str, service: ServiceReference
) -> Finding:
    onset = changed_at(item) or context.now
    name = f"{service.namespace}/{service.name}"
    return Finding(
        cause=Cause.WEBHOOK_DOWN,
        owner=item.ref,
        severity=Severity.WARNING,
        summary=f"The admission webhook {webhook} is called for every new pod, and its Service "
        f"{name} does not exist: the next pod is refused",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.quota_seconds),
        evidence=(observed("services", f"there is no Service {name}", decisive=True),),
        related=(ObjectRef("Service", service.namespace, service.name),),
        facts=AdmissionFacts(
            reason="WillRefuse", webhook=webhook, message=f"service {name} not found"
        ),
    )


def configuration_of(snapshot: Snapshot, webhook: str) -> tuple[ObjectRef, tuple[ObjectRef, ...]]:
    """The configuration that holds the webhook, and its backend: the Service and its workload."""
    found: tuple[WebhookConfiguration, ...] = (
        *snapshot.validatingwebhooks,
        *snapshot.mutatingwebhooks,
    )
    for item in found:
        for one in item.webhooks:
            if one.name == webhook:
                service = one.client_config.service
                backend = backend_of(snapshot, service.namespace, service.name) if service else ()
                return item.ref, backend
    return ObjectRef("ValidatingWebhookConfiguration", "", webhook), ()


def backend_of(snapshot: Snapshot, namespace: str, name: str) -> tuple[ObjectRef, ...]:
    """A Service and the owners of the pods that it selects, or would."""
    service = snapshot.find("Service", namespace, name)
    if service is None:
        return (ObjectRef("Service", namespace, name),)
    selector = service.spec.selector if isinstance(service, Service) else {}
    pods = [
        pod
        for pod in snapshot.pods
        if pod.metadata.namespace == namespace
        and selector
        and all(pod.metadata.labels.get(key) == value for key, value in selector.items())
    ]
    owners = {key_of(ref): ref for ref in map(snapshot.top_owner, pods)}
    if not owners:
        owners = _without_pods(snapshot, namespace, selector)
    return (service.ref, *owners.values())


def _without_pods(
    snapshot: Snapshot, namespace: str, selector: dict[str, str]
) -> dict[str, ObjectRef]:
    """Workloads scaled to nothing, whose pods the Service would select."""
    return {
        key_of(item.ref): item.ref
        for item in snapshot.workloads
        if item.metadata.namespace == namespace
        and selector
        and has_labels(item.spec.selector.match_labels, selector)
    }


def _on_webhook(
    snapshot: Snapshot, context: Context, webhook: str, group: Sequence[RefusedOwner]
) -> Finding:
    thing, backend = configuration_of(snapshot, webhook)
    workloads = [ref for ref in backend if ref.kind != "Service"]
    return on_thing(
        snapshot,
        Cause.WEBHOOK_DOWN,
        thing,
        [*(refused.owner for refused in group), *workloads],
        f"The admission webhook {webhook} {_how_it_fails(group)}: {_get_no_pods(len(group))}",
        min(refused.since for refused in group),
        context.dwell.quota_seconds,
        [observed("events", f"{r.by.name}: {r.message}", decisive=True) for r in group[:5]],
        related=backend,
        facts=AdmissionFacts(
            reason=OWN_BACKEND if _blocks_itself(group, workloads) else "FailedCreate",
            message=group[0].message[:300],
            webhook=webhook,
            backend=tuple(key_of(ref) for ref in workloads),
        ),
    )


def _how_it_fails(group: Sequence[RefusedOwner]) -> str:
    """A certificate that does not match is no silence: its pods may be well."""
    if any(UNTRUSTED.search(refused.message) for refused in group):
        return "can't be called, because its certificate is not trusted"
    if all(SILENT.search(refused.message) for refused in group):
        return "does not answer"
    return "can't be called"


def _blocks_itself(group: Sequence[RefusedOwner], workloads: Sequence[ObjectRef]) -> bool:
    """Its own backend's pods are among those that it refuses."""
    backend = {key_of(ref) for ref in workloads}
    return any(key_of(refused.owner) in backend for refused in group)


def _get_no_pods(owners: int) -> str:
    return counted(owners, "owner gets no pods", "owners get no pods")
