"""Reading the cluster once: which kinds are served, their lists, and what could not be seen.

GET requests only. Lists are asked for with `resourceVersion=0`, which the API server answers from
its cache and in one piece; a server that pages all the same is followed. `Scope.cached` turns
that off.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from detection.domain.findings import ObjectRef
from detection.domain.units import counted
from detection.domain.unjudged import note
from detection.kubernetes.client import Connection, KubernetesError, NotFound
from detection.kubernetes.decoding import ListPage, Undecodable, Unread, decode_page
from detection.kubernetes.discovery import Discovery, Served
from detection.kubernetes.resources import RESOURCES, ListedResource
from detection.snapshot import Snapshot
from detection.snapshot.scope import EVERYTHING, Scope

THREADS = 4
# A server that has none of these is no API server, but a proxy whose cluster is away.
ALWAYS_SERVED = frozenset({"v1", "apps/v1", "batch/v1"})
MOST_PAGES = 10_000


@dataclass
class Listed:
    """What came of one list. `blind` says why it may be incomplete, '' where it is whole.

    `is_missing`: the server answered 404.
    """

    resource: ListedResource
    items: list[Any] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    blind: str = ""
    absent: bool = False
    is_missing: bool = False


def scan(connection: Connection, now: datetime, scope: Scope = EVERYTHING) -> Snapshot:
    """Read the cluster, or what `scope` names of it.

    Never raises for a source that fails: it is named in `blind`, and `not_installed` names the
    kinds that the cluster doesn't serve. Kinds outside the scope are blind, too.
    """
    versions = {r.group_version for r in RESOURCES} | {r.or_else for r in RESOURCES if r.or_else}
    discovery = Discovery(connection, versions, now)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="scan") as pool:
        answers = pool.map(lambda r: _answer(connection, r, scope, discovery), RESOURCES)
        return _snapshot(list(answers), now)


def _snapshot(answers: list[Listed], now: datetime) -> Snapshot:
    lists: dict[str, Any] = {found.resource.field: tuple(found.items) for found in answers}
    snapshot = Snapshot(
        at=now,
        blind={found.resource.source: found.blind for found in answers if found.blind},
        not_installed={found.resource.source for found in answers if found.absent},
        seen={f.resource.source for f in answers if not f.blind and not f.absent},
        **lists,
    )
    _note_all_unread(snapshot, answers)
    return snapshot


def _note_all_unread(snapshot: Snapshot, answers: list[Listed]) -> None:
    for found in answers:
        for one in found.unread:
            _note_unread(snapshot, found.resource.kind_name, one)


def _note_unread(snapshot: Snapshot, kind: str, unread: Unread) -> None:
    """It hides what its top owner fails at, and nothing else."""
    item = unread.item
    ref = ObjectRef(kind, item.metadata.namespace, item.metadata.name, item.metadata.uid)
    owner = ref if item.controller is None else snapshot.top_owner(item)
    note(snapshot.blind, owner, f"{kind} {ref.namespace}/{ref.name} can't be read: {unread.why}")


def _answer(
    connection: Connection, resource: ListedResource, scope: Scope, discovery: Discovery
) -> Listed:
    """The list; where a 404 contradicts what was kept, by what discovery says now."""
    if scope.kinds is not None and resource.plural not in scope.kinds:
        return Listed(resource, blind="not read: outside the scope of this look")
    served = discovery.served
    found = _read(connection, resource, scope, served)
    if not found.is_missing or (newer := discovery.anew(served)) is None:
        return found
    return _read(connection, resource, scope, newer)


def _read(connection: Connection, resource: ListedResource, scope: Scope, served: Served) -> Listed:
    found = Listed(_in_served_version(resource, served))
    if _is_absent(found.resource, served):
        found.absent = True
        return found
    try:
        for page in _pages(connection, found.resource, scope):
            found.items += page.items
            found.unread += page.unread
    except NotFound as error:
        _missing(found, error, served)
    except (KubernetesError, Undecodable) as error:
        found.blind = str(error)
    return found


def _missing(found: Listed, error: NotFound, served: Served) -> None:
    """A 404 means "not installed" only where discovery doesn't name the kind."""
    version = found.resource.group_version
    found.is_missing = True
    found.absent = not (served.get(version) or found.items or version in ALWAYS_SERVED)
    found.blind = "" if found.absent else str(error)


def _in_served_version(resource: ListedResource, served: Served) -> ListedResource:
    if resource.or_else in served and _is_absent(resource, served):
        return replace(resource, group_version=resource.or_else, or_else="")
    return resource


def _is_absent(resource: ListedResource, served: Served) -> bool:
    """Whether discovery, where there is one, leaves this kind out."""
    if not served:
        return False
    plurals = served.get(resource.group_version)
    return resource.group_version not in served or bool(plurals and resource.plural not in plurals)


def _pages(
    connection: Connection, resource: ListedResource, scope: Scope
) -> Iterator[ListPage[Any]]:
    """The pages of every list. Raises Undecodable after the last one where something is missing."""
    spaces = sorted(scope.namespaces) if resource.namespaced else []
    wrong = ""
    for namespace in spaces or [""]:
        try:
            yield from _pages_of(connection, resource, namespace, scope.cached)
        except Undecodable as error:
            wrong = str(error)
    if wrong:
        raise Undecodable(wrong)


def _pages_of(
    connection: Connection, resource: ListedResource, namespace: str, cached: bool
) -> Iterator[ListPage[Any]]:
    path, params = resource.path(namespace), {"resourceVersion": "0"} if cached else {}
    skipped, why = 0, ""
    for _ in range(MOST_PAGES):
        content = connection.get(path, params or None, accept=resource.accept)
        page = decode_page(content, resource.type)
        yield page
        skipped, why = skipped + page.skipped - len(page.unread), page.why or why
        if not page.continue_token or {"continue": page.continue_token} == params:
            break
        params = {"continue": page.continue_token}
    if page.continue_token or page.remaining:
        raise Undecodable("the list was cut off before its end")
    if skipped:
        raise Undecodable(
            f"{counted(skipped, 'object')} can't be read, the last one because: {why}"
        )
