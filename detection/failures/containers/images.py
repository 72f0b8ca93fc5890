"""Images that can't be pulled: the name is wrong, the credentials, or the registry."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import ImageFacts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.failures.containers.pull_errors import (
    REASONS,
    SECRET_EVENT,
    Pull,
    host_of,
    pull_of,
    repository_of,
)
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    events_evidence,
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
from detection.snapshot.pod_templates import image_of

CAUSE_OF = {
    Pull.MISSING: Cause.IMAGE_NOT_FOUND,
    Pull.REFUSED: Cause.PULL_UNAUTHORIZED,
    Pull.HIDDEN: Cause.PULL_UNAUTHORIZED,
    Pull.DOWN: Cause.REGISTRY_DOWN,
    Pull.LIMITED: Cause.REGISTRY_DOWN,
    Pull.UNTRUSTED: Cause.REGISTRY_DOWN,
    Pull.NO_HOST: Cause.REGISTRY_DOWN,
    Pull.WRONG_ARCH: Cause.WRONG_ARCH,
}
SAID = {
    Pull.HIDDEN: "is not there under that name, or is private: the registry does not tell which",
    Pull.LIMITED: "cannot be pulled: the registry's rate limit is reached",
    Pull.UNTRUSTED: "cannot be pulled: the registry's certificate is not trusted",
    Pull.NO_HOST: "cannot be pulled: the name of its registry does not resolve",
}
WHAT = {
    Cause.IMAGE_NOT_FOUND: "does not exist, or its name is not valid",
    Cause.PULL_UNAUTHORIZED: "is refused: the registry does not accept the credentials",
    Cause.REGISTRY_DOWN: "cannot be pulled: the registry does not answer",
    Cause.WRONG_ARCH: "does not exist for the platform of its node",
}
NEVER_PULLED = "ErrImageNeverPull"
NEVER = "is not on the node, and its pull policy Never forbids to pull it"
# What another image mends; credentials and registries are no matter of the revision.
BY_NAME = (Cause.IMAGE_NOT_FOUND, Cause.WRONG_ARCH)
PULL_EVENTS = ("Failed", "FailedToRetrieveImagePullSecret", "InspectFailed", "ErrImageNeverPull")


@dataclass(frozen=True)
class Unpulled:
    """One container whose image is not there."""

    pod: Pod
    view: ContainerView
    pull: Pull
    since: datetime

    @property
    def image(self) -> str:
        return self.view.spec.image or self.view.status.image


@failure(Cause.IMAGE_NOT_FOUND, Cause.PULL_UNAUTHORIZED, Cause.REGISTRY_DOWN, Cause.WRONG_ARCH)
def images(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F04, F05, F06, F07: one finding an owner; what owners share is correlate's matter.

    A node without space for the image is no fault of the image.
    """
    for owner, pods in troubled(snapshot):
        found = list(_unpulled(snapshot, pods, context))
        if about_image := [item for item in found if item.pull != Pull.NO_SPACE]:
            yield _finding(snapshot, context, owner, about_image)


def _unpulled(snapshot: Snapshot, pods: Sequence[Pod], context: Context) -> Iterator[Unpulled]:
    for pod in pods:
        for view in containers(pod):
            if view.waiting_reason in REASONS:
                yield Unpulled(pod, view, _pull(snapshot, pod, view), _since(pod, context))


def _since(pod: Pod, context: Context) -> datetime:
    times = [began(pod), condition_since(pod, "ContainersReady"), condition_since(pod, "Ready")]
    return max((time for time in times if time is not None), default=context.now)


def _pull(snapshot: Snapshot, pod: Pod, view: ContainerView) -> Pull:
    """The status first; events only fill in what an older kubelet leaves out of it."""
    pull = pull_of(view.waiting_reason, [view.waiting_message])
    if pull != Pull.UNKNOWN:
        return pull
    events = [event for event in snapshot.events_of(pod.metadata.uid) if event.type != "Normal"]
    image = view.spec.image or view.status.image
    about = [event.message for event in reversed(events) if image and image in event.message]
    pull = pull_of("", about)
    if pull == Pull.UNKNOWN and any(event.reason == SECRET_EVENT for event in events):
        return Pull.REFUSED
    return pull


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, found: Sequence[Unpulled]
) -> Finding:
    """The cause that most of its containers show; an unknown one counts as a wrong name."""
    known = Counter(item.pull for item in found if item.pull != Pull.UNKNOWN)
    pull = known.most_common(1)[0][0] if known else Pull.UNKNOWN
    first = next(item for item in found if item.pull == pull)
    since = min(item.since for item in found)
    pods = list({item.pod.metadata.uid: item.pod for item in found}.values())
    judged = judge_newest_revision(snapshot, owner, context, pods, since)
    revision = judged.revision if _new_image(found, judged) else not_borne(judged.revision)
    secrets = tuple(sorted(_shared_secrets(snapshot, pods)))
    renamed = revision is not None and revision.borne and _new_repository(first, judged)
    cause = _cause(snapshot, first, renamed, secrets)
    return about_pods(
        snapshot,
        cause,
        owner,
        pods,
        f"{full_name(owner)}: the image {first.image} of container {first.view.name} "
        f"{_what(cause, first)}",
        since,
        since + timedelta(seconds=context.dwell.image_seconds),
        [
            observed("pods", f"{first.pod.metadata.name}: {first.view.waiting_reason} "
                f"{first.view.waiting_message}", decisive=True),
            *events_evidence(snapshot, first.pod.metadata.uid, PULL_EVENTS),
            *changed_evidence(revision if cause in BY_NAME else None),
        ],
        revision if cause in BY_NAME else not_borne(revision),
        with_container(
            ImageFacts(
                registry=host_of(first.image),
                undetermined=pull == Pull.UNKNOWN,
                pull=pull.value,
                platform=_platform(snapshot, first.pod),
                pull_secrets=secrets,
                secrets_missing=_are_missed(snapshot, pods),
            ),
            first.view,
        ),
    )  # fmt: skip


def _what(cause: Cause, first: Unpulled) -> str:
    if first.view.waiting_reason == NEVER_PULLED:
        return NEVER
    return SAID.get(first.pull, WHAT[cause])


def _platform(snapshot: Snapshot, pod: Pod) -> str:
    node = snapshot.node(pod.spec.node_name)
    return node.status.node_info.platform if node else ""


def _cause(snapshot: Snapshot, first: Unpulled, renamed: bool, secrets: Sequence[str]) -> Cause:
    """A name that this very revision brought, or that nobody else uses, is a wrong name.

    A registry hides whether a repository is private or not there: without a pull Secret, in a
    revision that changed the repository, the name is the likelier fault.
    """
    if first.pull == Pull.HIDDEN and renamed and not secrets:
        return Cause.IMAGE_NOT_FOUND
    if first.pull == Pull.NO_HOST and not _others_name(snapshot, first):
        return Cause.IMAGE_NOT_FOUND
    return CAUSE_OF.get(first.pull, Cause.IMAGE_NOT_FOUND)


def _others_name(snapshot: Snapshot, first: Unpulled) -> bool:
    """Whether other owners use that registry, or fail on the names of others as well."""
    users, own = snapshot.view(registry_users), key_of(snapshot.top_owner(first.pod))
    return bool((users.by_host[host_of(first.image)] | users.unresolved) - {own})


@dataclass(frozen=True)
class RegistryUsers:
    """Keys of owners: by the registry's host, and those whose registry does not resolve."""

    by_host: defaultdict[str, set[str]]
    unresolved: set[str]


def registry_users(snapshot: Snapshot) -> RegistryUsers:
    """Over all pods, once a look, and only where a name does not resolve."""
    found = RegistryUsers(defaultdict(set), set())
    for pod in snapshot.pods:
        key = key_of(snapshot.top_owner(pod))
        for view in containers(pod):
            found.by_host[host_of(view.spec.image)].add(key)
            waits = view.waiting_reason in REASONS
            if waits and _pull(snapshot, pod, view) == Pull.NO_HOST:
                found.unresolved.add(key)
    return found


def _new_image(found: Sequence[Unpulled], judged: Judgement) -> bool:
    """Going back only helps where the older revision names another image."""
    target = judged.target
    return target is not None and all(
        image_of(target.template, item.view.name) != item.image for item in found
    )


def _new_repository(first: Unpulled, judged: Judgement) -> bool:
    """Within the same registry: a move to another one asks for other credentials first. Another
    tag of a repository that was pulled before is no new name."""
    target = judged.target
    before = image_of(target.template, first.view.name) if target else ""
    same = host_of(before) == host_of(first.image)
    return bool(before) and same and repository_of(before) != repository_of(first.image)


def _shared_secrets(snapshot: Snapshot, pods: Sequence[Pod]) -> set[str]:
    """Pull Secrets that all these pods name; those that the kubelet misses, where it says so."""
    names = [{secret.name for secret in pod.spec.image_pull_secrets} for pod in pods]
    shared = set.intersection(*names) if names else set()
    said = " ".join(_about_secrets(snapshot, pods))
    missing = {name for name in shared if name in re.split(r"[\s(),;\"']+", said)}
    return missing or shared


def _about_secrets(snapshot: Snapshot, pods: Sequence[Pod]) -> list[str]:
    events = (event for pod in pods for event in snapshot.events_of(pod.metadata.uid))
    return [event.message for event in events if event.reason == SECRET_EVENT]


def _are_missed(snapshot: Snapshot, pods: Sequence[Pod]) -> bool:
    """The kubelet itself says that it could not read a pull Secret."""
    return bool(_about_secrets(snapshot, pods))
