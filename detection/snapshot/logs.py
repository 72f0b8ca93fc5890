"""Reading the end of a few logs as evidence: a bounded number, bounded in size, GET only.

First the containers that fail, then pods whose surroundings changed lately, then, as far as the
limit goes, one pod of each other owner, in turns from pass to pass: errors show in the logs of
callers that are perfectly ready. Only what was written within the last minutes counts, but for
containers that ended: their last words do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, islice
from urllib.parse import quote

from detection.domain.findings import key_of
from detection.kubernetes.client import Connection, Forbidden, KubernetesError, Unreachable
from detection.kubernetes.objects import core as o
from detection.snapshot import LogKey, Snapshot
from detection.snapshot.pod_status import FINISHED, ContainerView, containers, is_active, is_ready
from kubewise_site.core.foreign_text import safe

SOURCE = "kubernetes/pods/log"
COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")
THREADS = 8
# The kubelet answers 200 with this sentence where the container is gone, or its runtime is.
NO_LOG = "unable to retrieve container logs for "
# What the API server says for a kubelet that is frozen, or stopped.
NO_KUBELET = re.compile(r"TLS handshake timeout|dial tcp .{1,60}: (connect|i/o)")
TAIL_LINES = 60
LIMIT_BYTES = 16 * 1024
LATELY_SECONDS = 900
CALL_SECONDS = 3.0
PODS_OF_OWNER = 2
CONTAINERS_OF_POD = 3
LOGS_IN_A_PASS, LOGS_IN_A_LOOK = 60, 200
CHANGED_LATELY = timedelta(hours=24)
YOUNG = timedelta(hours=2)


@dataclass(frozen=True)
class LogRequest:
    """One container's log; `previous` is that of the run before this one."""

    namespace: str
    pod: str
    container: str
    previous: bool = False
    since_seconds: int = 0
    node: str = ""

    @property
    def key(self) -> LogKey:
        return (self.namespace, self.pod, self.container)


def with_logs(
    connection: Connection,
    snapshot: Snapshot,
    most: int = LOGS_IN_A_PASS,
    first: Collection[str] = (),
) -> Snapshot:
    """The same snapshot with the ends of at most `most` logs, of the namespaces `first` before all.

    What can't be read is left out; where that is forbidden, it is named in `blind`. A node that
    does not answer once is not asked again in this look, and stands in `unread`.
    """
    every = _wanted(snapshot)
    if first:
        every = iter(sorted(every, key=lambda one: one.namespace not in first))
    wanted = list(islice(every, most))
    if not wanted:
        return snapshot
    quick, silent = connection.within(CALL_SECONDS), Silent()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="logs") as pool:
        texts = list(pool.map(lambda one: _read(quick, one, silent), wanted))
    refused = next((text for text in texts if isinstance(text, Forbidden)), None)
    if refused is not None:
        snapshot.blind[SOURCE] = str(refused)
    pairs = zip(wanted, texts, strict=True)
    logs = {w.key: t for w, t in pairs if isinstance(t, str) and t}
    return replace(snapshot, logs=logs, unread=silent.nodes)


@dataclass(frozen=True)
class Silent:
    """Nodes whose kubelet did not answer in time, with what came instead."""

    nodes: dict[str, str] = field(default_factory=dict)

    def note(self, node: str, error: KubernetesError) -> None:
        if isinstance(error, Unreachable) or NO_KUBELET.search(str(error)):
            self.nodes[f"{SOURCE} of node {node}"] = str(error)

    def has(self, node: str) -> bool:
        return f"{SOURCE} of node {node}" in self.nodes


def _read(connection: Connection, one: LogRequest, silent: Silent) -> str | Forbidden:
    """Of a container that waits: its former run, else whatever there is."""
    text = _get(connection, one, silent)
    again = one.previous and not text
    return _get(connection, replace(one, previous=False), silent) if again else text


def _get(connection: Connection, one: LogRequest, silent: Silent) -> str | Forbidden:
    if silent.has(one.node):
        return ""
    params = {"container": one.container, "tailLines": str(TAIL_LINES)}
    params["limitBytes"] = str(LIMIT_BYTES)
    params |= {"previous": "true"} if one.previous else {}
    params |= {"sinceSeconds": str(one.since_seconds)} if one.since_seconds else {}
    namespace, pod = quote(one.namespace, safe=""), quote(one.pod, safe="")
    try:
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        content = connection.get(path, params, accept="*/*")
    except Forbidden as error:
        return error
    except KubernetesError as error:
        silent.note(one.node, error)
        return ""
    text = safe(COLOUR.sub("", content[:LIMIT_BYTES].decode("utf-8", "replace")))
    return "" if text.startswith(NO_LOG) else text


def _wanted(snapshot: Snapshot) -> Iterator[LogRequest]:
    """Each container once, the most telling ones first."""
    seen: set[LogKey] = set()
    for pod in _in_order(snapshot):
        for one in islice(_containers(pod, snapshot.at), CONTAINERS_OF_POD):
            if one.key not in seen:
                seen.add(one.key)
                yield one


def _in_order(snapshot: Snapshot) -> Iterator[o.Pod]:
    alive = [pod for pod in snapshot.pods if _has_log(pod)]
    failing = [pod for pod in alive if not is_ready(pod) or _restarted_lately(pod, snapshot.at)]
    near = _places_of_change(snapshot)
    suspect = [p for p in alive if p.metadata.namespace in near or _is_young(p, snapshot.at)]
    rest = _in_turns(alive, snapshot.at)
    groups = (failing, sorted(suspect, key=_youngest_first), rest)
    return chain.from_iterable(_few_of_each(snapshot, group) for group in groups)


def _has_log(pod: o.Pod) -> bool:
    started = any(
        view.status.state.running or view.last_end for view in containers(pod) if view.status
    )
    return bool(started) and (is_active(pod) or pod.status.phase in FINISHED[1:])


def _few_of_each(snapshot: Snapshot, pods: Iterable[o.Pod]) -> Iterator[o.Pod]:
    """Pods of all owners before the second one of any."""
    counts: dict[str, int] = {}
    later: list[o.Pod] = []
    for pod in pods:
        key = key_of(snapshot.top_owner(pod))
        counts[key] = counts.get(key, 0) + 1
        if counts[key] == 1:
            yield pod
        elif counts[key] <= PODS_OF_OWNER:
            later.append(pod)
    yield from later


def _restarted_lately(pod: o.Pod, now: datetime) -> bool:
    ends = [view.last_end for view in containers(pod)]
    times = [end.finished_at for end in ends if end is not None and end.finished_at is not None]
    return any(now - time < timedelta(seconds=LATELY_SECONDS) for time in times)


def _is_young(pod: o.Pod, now: datetime) -> bool:
    born = pod.metadata.creation_timestamp
    return born is not None and now - born < YOUNG


def _youngest_first(pod: o.Pod) -> float:
    born = pod.metadata.creation_timestamp
    return -born.timestamp() if born else 0.0


def _places_of_change(snapshot: Snapshot) -> set[str]:
    """Namespaces in which somebody changed a policy, a Service or a ConfigMap lately."""
    items: tuple[o.Object, ...] = (
        *snapshot.networkpolicies,
        *snapshot.authorizationpolicies,
        *snapshot.peerauthentications,
        *snapshot.services,
        *snapshot.configmaps,
    )
    changed = (item for item in items if was_changed_lately(item, snapshot.at))
    return {item.metadata.namespace for item in changed}


def was_changed_lately(item: o.Object, now: datetime, within: timedelta = CHANGED_LATELY) -> bool:
    changed = changed_at(item)
    return changed is not None and now - changed <= within


def changed_at(item: o.Object) -> datetime | None:
    """When somebody last wrote the object; status updates are none."""
    meta = item.metadata
    times = [meta.creation_timestamp]
    if isinstance(meta, o.ManagedMetadata):
        times += [field.time for field in meta.managed_fields if field.subresource != "status"]
    return max((time for time in times if time is not None), default=None)


def _in_turns(pods: list[o.Pod], now: datetime) -> list[o.Pod]:
    """Begins elsewhere each minute, so that every log has its turn."""
    if not pods:
        return []
    start = int(now.timestamp() // 60) * LOGS_IN_A_PASS % len(pods)
    return [*pods[start:], *pods[:start]]


def _containers(pod: o.Pod, now: datetime) -> Iterator[LogRequest]:
    """Those that fail first; of containers that run on, only what they wrote lately."""
    views = [view for view in containers(pod) if view.status.state.running or view.last_end]
    for view in sorted(views, key=lambda view: (view.status.ready, view.is_init)):
        yield _of_container(pod, view, now)


def _of_container(pod: o.Pod, view: ContainerView, now: datetime) -> LogRequest:
    ended = view.status.last_state.terminated
    state = view.status.state
    waits = state.running is None and state.terminated is None
    # One that ended and waits for its next start has its last run as its present log.
    fresh = bool(state.running and ended and _restarted_lately(pod, now) and not view.status.ready)
    since = LATELY_SECONDS if view.status.state.running and not fresh else 0
    meta = pod.metadata
    node = pod.spec.node_name
    return LogRequest(meta.namespace, meta.name, view.name, waits or fresh, since, node)
