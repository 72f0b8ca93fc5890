"""Reading the cluster once: which kinds are served, their lists, and what could not be seen.

GET requests only. Lists are asked for with `resourceVersion=0`, which the API server answers from
its cache and in one piece; a server that pages all the same is followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from detection.kubernetes.client import Connection, KubernetesError, NotFound
from detection.kubernetes.decoding import Undecodable, decode_page
from detection.kubernetes.objects import core as o
from detection.kubernetes.resources import RESOURCES, Resource
from detection.snapshot import Snapshot

THREADS = 4
# A server that has none of these is no API server, but a proxy whose cluster is away.
ALWAYS_SERVED = frozenset({"v1", "apps/v1", "batch/v1"})
MOST_PAGES = 10_000


@dataclass
class Listed:
    """What came of one list. `blind` says why it may be incomplete, '' where it is whole."""

    resource: Resource
    items: list[Any] = field(default_factory=list)
    blind: str = ""
    absent: bool = False


def scan(connection: Connection, now: datetime, namespace: str = "") -> Snapshot:
    """Read the cluster, or one namespace and all that has none: nodes, namespaces, webhooks …

    Never raises for a source that fails: it is named in `blind`, and `not_installed` names the
    kinds that the cluster doesn't serve.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="scan") as pool:
        served = dict(pool.map(lambda gv: (gv, _served(connection, gv)), _groups(connection)))
        chosen = [_in_served_version(resource, served) for resource in RESOURCES]
        answers = pool.map(lambda r: _read(connection, r, namespace, served), chosen)
        return _snapshot(list(answers), now, namespace)


def _snapshot(answers: list[Listed], now: datetime, namespace: str) -> Snapshot:
    lists: dict[str, Any] = {found.resource.field: tuple(found.items) for found in answers}
    return Snapshot(
        at=now,
        namespace=namespace,
        blind={found.resource.source: found.blind for found in answers if found.blind},
        not_installed={found.resource.source for found in answers if found.absent},
        seen={f.resource.source for f in answers if not f.blind and not f.absent},
        **lists,
    )


def _groups(connection: Connection) -> list[str]:
    """The group versions that we read from and that discovery lists."""
    ours = {r.group_version for r in RESOURCES} | {r.or_else for r in RESOURCES if r.or_else}
    try:
        groups = _json(connection, "/apis").get("groups") or []
        offered = {v["groupVersion"] for group in groups for v in group.get("versions") or []}
    except (KubernetesError, LookupError, TypeError, AttributeError, ValueError):
        return []
    return sorted(gv for gv in ours if "/" not in gv or gv in offered)


def _served(connection: Connection, group_version: str) -> frozenset[str] | None:
    """The plurals of a group version; None where discovery doesn't say: then the list is tried."""
    root = "/apis" if "/" in group_version else "/api"
    try:
        found = _json(connection, f"{root}/{group_version}").get("resources") or []
        return frozenset(str(resource["name"]) for resource in found) or None
    except (KubernetesError, LookupError, TypeError, AttributeError, ValueError):
        return None


def _json(connection: Connection, path: str) -> dict[str, Any]:
    found = json.loads(connection.get(path))
    return found if isinstance(found, dict) else {}


def _read(
    connection: Connection,
    resource: Resource,
    namespace: str,
    served: dict[str, frozenset[str] | None],
) -> Listed:
    found = Listed(resource)
    plurals = served.get(resource.group_version)
    if _is_absent(resource, served):
        found.absent = True
        return found
    try:
        for items in _pages(connection, resource, namespace):
            found.items += items
    except NotFound as error:
        found.absent = not (plurals or found.items or resource.group_version in ALWAYS_SERVED)
        found.blind = "" if found.absent else str(error)
    except (KubernetesError, Undecodable) as error:
        found.blind = str(error)
    return found


def _in_served_version(resource: Resource, served: dict[str, frozenset[str] | None]) -> Resource:
    if resource.or_else in served and _is_absent(resource, served):
        return replace(resource, group_version=resource.or_else, or_else="")
    return resource


def _is_absent(resource: Resource, served: dict[str, frozenset[str] | None]) -> bool:
    """Whether discovery, where there is one, leaves this kind out."""
    if not served:
        return False
    plurals = served.get(resource.group_version)
    return resource.group_version not in served or bool(plurals and resource.plural not in plurals)


def _pages(
    connection: Connection, resource: Resource, namespace: str
) -> Iterator[tuple[o.Object, ...]]:
    """The list's pages. Raises Undecodable after the last one where something is missing."""
    path, params = resource.path(namespace), {"resourceVersion": "0"}
    skipped, why = 0, ""
    for _ in range(MOST_PAGES):
        page = decode_page(connection.get(path, params, accept=resource.accept), resource.type)
        yield page.items
        skipped, why = skipped + page.skipped, page.why or why
        if not page.continue_token or {"continue": page.continue_token} == params:
            break
        params = {"continue": page.continue_token}
    if page.continue_token or page.remaining:
        raise Undecodable("the list was cut off before its end")
    if skipped:
        raise Undecodable(f"{skipped} objects can't be read, the last one because: {why}")
