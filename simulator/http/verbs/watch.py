"""watch: history after a resourceVersion, then live changes, with bookmarks."""

import threading
import time
from collections.abc import Callable, Iterator

from simulator.apimachinery.errors import bad_request, expired, invalid_options
from simulator.apimachinery.label_selectors import Match
from simulator.apimachinery.objects import Obj, namespace_of
from simulator.apimachinery.store import Change, encode
from simulator.cluster import Cluster
from simulator.http.request import Request, RequestTarget
from simulator.http.response import Response
from simulator.http.verbs.reads import form_of, matcher, render

BOOKMARK_SECONDS = 30.0
DEFAULT_SECONDS = 1800.0
POLL_SECONDS = 0.5
NOT_OLDER = "NotOlderThan"
INITIAL_EVENTS_END = "k8s.io/initial-events-end"
Event = tuple[str, Obj]


def seen(change: Change, wanted: Match) -> Event | None:
    """What a selector's watcher sees: an object that ceases to match is deleted for it."""
    before = change.old is not None and wanted(change.old)
    after = change.new is not None and wanted(change.new)
    if after:
        return ("MODIFIED" if before else "ADDED"), change.last
    return ("DELETED", change.last) if before else None


def _line(kind: str, body: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + body + b"}\n"


def watch(
    cluster: Cluster, request: Request, target: RequestTarget, closing: threading.Event
) -> Response:
    match = matcher(request, target)
    _check_initial_events(request)
    version = request.param("resourceVersion") or "0"
    if not version.isdigit():
        raise bad_request(f'strconv.ParseUint: parsing "{version}": invalid syntax')

    def wanted(obj: Obj) -> bool:
        inside = not target.namespace or namespace_of(obj) == target.namespace
        return inside and (match is None or match(obj))

    seconds = float(request.integer("timeoutSeconds") or DEFAULT_SECONDS)
    watcher = Watcher(
        cluster, request, target, wanted, int(version), time.monotonic() + seconds, closing
    )
    return Response(200, stream=watcher.lines())


def _check_initial_events(request: Request) -> None:
    """As ValidateListOptions asks of a watch."""
    given, asked = request.param("resourceVersionMatch"), request.param("sendInitialEvents")
    if asked and given != NOT_OLDER:
        raise invalid_options(
            f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}"
        )
    if given and not asked:
        raise invalid_options("resourceVersionMatch is forbidden for watch")


class Watcher:
    def __init__(
        self,
        cluster: Cluster,
        request: Request,
        target: RequestTarget,
        wanted: Callable[[Obj], bool],
        revision: int,
        deadline: float,
        closing: threading.Event,
    ) -> None:
        self.cluster, self.target, self.wanted = cluster, target, wanted
        self.revision, self.deadline, self.closing = revision, deadline, closing
        self.form = form_of(request)
        self.bookmarks = request.flag("allowWatchBookmarks")
        self.marked = request.flag("sendInitialEvents")
        self.initial = self.marked or (revision == 0 and not request.param("sendInitialEvents"))

    def lines(self) -> Iterator[bytes]:
        table = self.cluster.store.table(self.target.resource.table)
        if not self.initial and 0 < self.revision < table.forgotten:
            text = f"too old resource version: {self.revision} ({table.forgotten})"
            yield _line("ERROR", encode(expired(text).status()))
            return
        if self.initial:
            yield from self._initial()
        elif self.revision == 0:
            self.revision = self.cluster.store.revision
        yield from self._live()

    def _initial(self) -> Iterator[bytes]:
        store, target = self.cluster.store, self.target
        with store.lock:
            objects = store.items(target.resource.table, target.namespace)
            self.revision = store.revision
        for obj in objects:
            if self.wanted(obj):
                yield _line("ADDED", render(target.resource, obj, self.form))
        if self.marked and self.bookmarks:
            yield self._bookmark({INITIAL_EVENTS_END: "true"})

    def _live(self) -> Iterator[bytes]:
        bookmark_at = time.monotonic() + BOOKMARK_SECONDS
        while time.monotonic() < self.deadline and not self.closing.is_set():
            for kind, obj in self._next():
                yield _line(kind, render(self.target.resource, obj, self.form))
            if self.bookmarks and time.monotonic() > bookmark_at:
                bookmark_at = time.monotonic() + BOOKMARK_SECONDS
                yield self._bookmark()
        if self.bookmarks:
            yield self._bookmark()

    def _next(self) -> list[Event]:
        """Blocks for up to POLL_SECONDS until there is something new."""
        store = self.cluster.store
        history = store.table(self.target.resource.table).history
        with store.changed:
            if not history or history[-1].revision <= self.revision:
                store.changed.wait(min(POLL_SECONDS, max(0.01, self.deadline - time.monotonic())))
            fresh = []
            for change in reversed(history):
                if change.revision <= self.revision:
                    break
                fresh.append(change)
            self.revision = max(self.revision, store.revision)
        return [event for change in reversed(fresh) if (event := seen(change, self.wanted))]

    def _bookmark(self, annotations: dict[str, str] | None = None) -> bytes:
        metadata: Obj = {"resourceVersion": str(self.revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        resource = self.target.resource
        body = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return _line("BOOKMARK", encode(body))
