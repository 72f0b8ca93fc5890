"""ConfigMaps and Secrets that a container names and that are not there. Neither is ever read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import ConfigurationFacts
from detection.domain.findings import Finding, ObjectRef
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    full_name,
    observed,
    troubled,
    with_container,
)
from detection.failures.registry import failure
from detection.failures.rollback_evidence import Judgement, judge_newest_revision, not_borne
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import ContainerView, began, condition_since, containers

NOT_FOUND = re.compile(r"\b(configmaps?|secrets?) \"([^\"]+)\" not found", re.IGNORECASE)
NOT_REGISTERED = re.compile(r"object \"[^\"]*\"/\"([^\"]+)\" not registered", re.IGNORECASE)
NO_KEY_IN = re.compile(r"references non-existent (?:config|secret) key", re.IGNORECASE)
VOLUME = re.compile(r"volume \"([^\"]+)\"", re.IGNORECASE)
NO_KEY = re.compile(
    r"(?:couldn't find key|references non-existent config key|key) \S+ "
    r"(?:in|not found in) (ConfigMap|Secret) (?:[\w.-]+/)?([\w.-]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Missing:
    """One pod that names something that isn't there. `view` None: it is a volume."""

    pod: Pod
    view: ContainerView | None
    kind: str
    name: str
    text: str


@failure(Cause.CONFIGMAP_MISSING, Cause.SECRET_MISSING)
def configuration_missing(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F08, F09."""
    for owner, pods in troubled(snapshot):
        found = [item for pod in pods for item in _missing(snapshot, pod)]
        for kind in ("Secret", "ConfigMap"):
            if of_kind := [item for item in found if item.kind == kind]:
                yield _finding(snapshot, context, owner, of_kind)
                break


def _missing(snapshot: Snapshot, pod: Pod) -> Iterator[Missing]:
    waits = False
    for view in containers(pod):
        waits = waits or view.waiting_reason in ("ContainerCreating", "PodInitializing")
        if view.waiting_reason == "CreateContainerConfigError" and (
            hit := what_is_missing(view.waiting_message)
        ):
            yield Missing(pod, view, *hit, view.waiting_message)
    if waits and pod.status.phase == "Pending":
        yield from _unmounted(snapshot, pod)


def _unmounted(snapshot: Snapshot, pod: Pod) -> Iterator[Missing]:
    events = [e for e in snapshot.events_of(pod.metadata.uid) if e.type != "Normal"]
    for event in events[-8:]:
        if event.reason == "FailedMount" and (hit := what_is_missing(event.message, pod)):
            yield Missing(pod, None, *hit, event.message)
    if events or "kubernetes/configmaps" not in snapshot.seen:
        return
    for volume in pod.spec.volumes:  # the events are gone; a Secret could not be looked for
        source = volume.config_map
        if source is None or not source.name or source.optional:
            continue
        if snapshot.find("ConfigMap", pod.metadata.namespace, source.name) is None:
            text = f"volume {volume.name} is of the ConfigMap {source.name}, which is not there"
            yield Missing(pod, None, "ConfigMap", source.name, text)


def what_is_missing(message: str, pod: Pod | None = None) -> tuple[str, str] | None:
    """The kind and name of the object that a kubelet's message says is missing.

    Where the message names only a volume, or no kind, the pod's own volumes tell.
    """
    match = NOT_FOUND.search(message) or NO_KEY.search(message)
    if match is None:
        return _by_volume(message, pod) if pod is not None else None
    return ("Secret" if match[1].lower().startswith("secret") else "ConfigMap"), match[2]


def _by_volume(message: str, pod: Pod) -> tuple[str, str] | None:
    named_one, volume = NOT_REGISTERED.search(message), VOLUME.search(message)
    keyless = NO_KEY_IN.search(message)
    for one in pod.spec.volumes:
        is_it = bool(keyless and volume and one.name == volume[1])
        if one.config_map and (is_it or (named_one and one.config_map.name == named_one[1])):
            return "ConfigMap", one.config_map.name
        if one.secret and (is_it or (named_one and one.secret.secret_name == named_one[1])):
            return "Secret", one.secret.secret_name
    return None


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, found: Sequence[Missing]
) -> Finding:
    first = found[0]
    cause = Cause.SECRET_MISSING if first.kind == "Secret" else Cause.CONFIGMAP_MISSING
    pods = list({item.pod.metadata.uid: item.pod for item in found}.values())
    since = min(_since(pod, context) for pod in pods)
    judged = judge_newest_revision(snapshot, owner, context, pods, since)
    revision = judged.revision if _is_new(judged, first.name) else not_borne(judged.revision)
    facts = ConfigurationFacts(missing=first.name, missing_kind=first.kind)
    below = ConfigurationFacts(reason="FailedMount")
    return about_pods(
        snapshot,
        cause,
        owner,
        pods,
        f"{full_name(owner)} names the {first.kind} {first.name}, which is missing or lacks a key",
        since,
        since + timedelta(seconds=context.dwell.config_seconds),
        [
            observed("pods", f"{first.pod.metadata.name}: {first.text}", decisive=True),
            *changed_evidence(revision),
        ],
        revision,
        with_container(facts, first.view) if first.view else facts.over(below),
    )


def _since(pod: Pod, context: Context) -> datetime:
    times = [began(pod), condition_since(pod, "ContainersReady")]
    return max((time for time in times if time is not None), default=context.now)


def _is_new(judged: Judgement, name: str) -> bool:
    """Whether the older revision does without it."""
    return judged.target is not None and json.dumps(name) not in json.dumps(judged.target.template)
