"""How a finding about some pods of one owner is put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from detection.domain.causes import Cause, Severity
from detection.domain.facts import ContainerFacts, Facts, FactsT
from detection.domain.families import family_of
from detection.domain.findings import Evidence, Finding, ObjectRef, Revision, key_of
from detection.failures.rollback_evidence import POD_REVISION
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.last_words import deciding_lines
from detection.snapshot.pod_status import ContainerView, containers
from detection.snapshot.pod_templates import Template, image_of, normalized

MOST_RELATED = 50
MOST_EVIDENCE = 12
LONGEST_TEXT = 500
ContainerT = TypeVar("ContainerT", bound=ContainerFacts)


def severity_of(snapshot: Snapshot, owner: ObjectRef) -> Severity:
    """critical where the owner has no ready replica; a Job has none to lose."""
    if owner.kind in ("Job", "CronJob"):
        return Severity.WARNING
    ready, _ = snapshot.ready_of(owner)
    return Severity.WARNING if ready else Severity.CRITICAL


def worst_of(snapshot: Snapshot, owners: Iterable[ObjectRef]) -> Severity:
    """critical where one of them has no ready replica left."""
    found = [severity_of(snapshot, owner) for owner in owners]
    return max(found, key=lambda one: one.rank, default=Severity.WARNING)


def troubled(snapshot: Snapshot) -> Iterator[tuple[ObjectRef, list[o.Pod]]]:
    """Owners with their active pods that are not ready or were restarted.

    Pods of Jobs that ended, of ReplicaSets that are being taken down, and of a StatefulSet's
    revision that was taken back are nobody's trouble.
    """
    found: dict[str, tuple[ObjectRef, list[o.Pod]]] = {}
    for pod in snapshot.suspects:
        if not _is_over(snapshot, pod):
            owner = snapshot.top_owner(pod)
            found.setdefault(key_of(owner), (owner, []))[1].append(pod)
    yield from found.values()


def _is_over(snapshot: Snapshot, pod: o.Pod) -> bool:
    above = pod.controller
    if above is None:
        return False
    item = snapshot.by_uid.get(above.uid)
    if isinstance(item, o.Job):
        return is_finished(item) or item.spec.suspend
    if isinstance(item, o.StatefulSet):
        return is_left_behind(item, pod)
    return isinstance(item, o.ReplicaSet) and item.spec.replicas == 0


def is_left_behind(item: o.StatefulSet, pod: o.Pod) -> bool:
    """Whether the pod is of a revision that was taken back: no update runs, and it is of another.

    Its controller replaces it only once it is ready, which it never is.
    """
    status, label = item.status, pod.metadata.labels.get(POD_REVISION, "")
    settled = bool(status.update_revision) and status.update_revision == status.current_revision
    return settled and bool(label) and label not in revision_keys(status.update_revision)


def revision_keys(name: str) -> frozenset[str]:
    """What the pods of a ControllerRevision bear as their label: its name, or its hash alone."""
    return frozenset({name, name.rpartition("-")[2]})


def is_finished(job: o.Job) -> bool:
    """Complete or Failed for good, whatever its counters say."""
    return any(
        found.type in ("Complete", "Failed") and found.status == "True"
        for found in job.status.conditions
    )


def about_pods(
    snapshot: Snapshot,
    cause: Cause,
    owner: ObjectRef,
    pods: Sequence[o.Pod],
    summary: str,
    onset: datetime,
    opens_at: datetime,
    evidence: Iterable[Evidence],
    revision: Revision | None = None,
    facts: Facts | None = None,
) -> Finding:
    """A finding on `owner` whose symptoms are `pods`, with what the container that fails wrote."""
    told = list(evidence)
    told[1:1] = [*words_of(snapshot, pods), *replaced_images(snapshot, pods)]
    refs = [pod.ref for pod in pods if pod.ref != owner][:MOST_RELATED]
    return Finding(
        cause=cause,
        owner=owner,
        severity=severity_of(snapshot, owner),
        summary=summary,
        onset=onset,
        opens_at=opens_at,
        evidence=tuple(told)[:MOST_EVIDENCE],
        related=tuple(refs),
        revision=revision,
        facts=with_pods(facts or family_of(cause)(), pods),
    )


def words_of(snapshot: Snapshot, pods: Iterable[o.Pod]) -> list[Evidence]:
    """The deciding lines of the first log that was read of a container that fails."""
    for pod in pods:
        for view in containers(pod):
            key = (pod.metadata.namespace, pod.metadata.name, view.name)
            if not view.status.ready and (lines := deciding_lines(snapshot.logs.get(key, ""))):
                where = f"{pod.metadata.name}, container {view.name}"
                return [observed("pods/log", f"{where}: {line}", decisive=True) for line in lines]
    return []


def replaced_images(snapshot: Snapshot, pods: Sequence[o.Pod]) -> list[Evidence]:
    """Where the first pod runs another image than its template says: somebody changed the pod."""
    for pod in pods[:1]:
        template = _template_of(snapshot, pod)
        for container in pod.spec.containers:
            wanted = image_of(template, container.name)
            if wanted and container.image and container.image != wanted:
                said = f"{pod.metadata.name} runs {container.image}, its template says {wanted}"
                changed = f"{said}: the pod was changed after it was made"
                return [observed("pods", changed, decisive=True)]
    return []


def _template_of(snapshot: Snapshot, pod: o.Pod) -> Template:
    above = pod.controller
    item = snapshot.by_uid.get(above.uid) if above else None
    if isinstance(item, o.ReplicaSet):
        return normalized(bytes(item.spec.template))
    return {}


def with_pods(facts: FactsT, pods: Sequence[o.Pod]) -> FactsT:
    """The facts with the pod to look at first, and on which nodes the symptoms are.

    What the facts say of that themselves stands.
    """
    if not pods:
        return facts
    nodes = sorted({pod.spec.node_name for pod in pods if pod.spec.node_name})
    where = Facts(
        pod=pods[0].metadata.name,
        pod_uid=pods[0].metadata.uid,
        pods=len(pods),
        nodes=tuple(nodes[:MOST_RELATED]),
        unplaced=sum(not pod.spec.node_name for pod in pods),
    )
    return facts.over(where)


def observed(source: str, text: str, decisive: bool = False) -> Evidence:
    """Evidence with a text of bounded length."""
    short = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
    return Evidence(f"kubernetes/{source}", short, decisive)


def events_evidence(
    snapshot: Snapshot, uid: str, reasons: Iterable[str], most: int = 3
) -> list[Evidence]:
    """The newest events about an object with one of these reasons."""
    wanted = set(reasons)
    found = [event for event in snapshot.events_of(uid) if event.reason in wanted]
    return [observed("events", f"{e.reason}: {e.message} (×{e.times})") for e in found[-most:]]


def changed_evidence(revision: Revision | None) -> list[Evidence]:
    if revision is None or not revision.borne:
        return []
    lines = "; ".join(revision.changed[:5]) or "no difference that can be read"
    proof = f", proven by {revision.proof}" if revision.proof else ", not proven"
    back = revision.proven or revision.older
    names = ", ".join(revision.new_references[:5])
    new = [observed("revisions", f"revision {revision.current} names for the first time: {names}")]
    return [
        *(new if names else []),
        observed("revisions", f"revision {revision.current} against {back}{proof}: {lines}"),
    ]


def with_container(facts: ContainerT, view: ContainerView) -> ContainerT:
    """The facts with what remediation needs to know of one container.

    What the facts say of that themselves stands.
    """
    end = view.last_end
    about = ContainerFacts(
        container=view.name,
        log_container=view.name,
        image=view.spec.image or view.status.image,
        reason=view.waiting_reason or (end.reason if end else ""),
        exit_code=end.exit_code if end else None,
        restarts=view.status.restart_count,
        init=view.is_init,
        sidecar=view.is_sidecar,
    )
    return facts.over(about)


def full_name(owner: ObjectRef) -> str:
    return f"{owner.kind} {owner.namespace}/{owner.name}" if owner.namespace else str(owner)
