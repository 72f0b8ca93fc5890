"""GET of one object and lists: selectors, pages, metadata only, tables."""

import base64
import binascii
import json
from collections import OrderedDict
from dataclasses import dataclass, field

from simulator.apimachinery.errors import EXPIRED_CONTINUE, bad_request, expired, not_found
from simulator.apimachinery.label_selectors import BadSelector, Match, label_match
from simulator.apimachinery.object_selectors import field_match
from simulator.apimachinery.objects import Obj
from simulator.apimachinery.resources import Resource
from simulator.apimachinery.store import Key, encode
from simulator.cluster import Cluster
from simulator.http.request import Request, RequestTarget
from simulator.http.response import Response
from simulator.http.verbs.events import to_new
from simulator.http.verbs.tables import table_of

Encoded = tuple[Obj, bytes]
PARTIAL = "PartialObjectMetadata"


@dataclass
class Snapshots:
    """First pages' lists by revision, for `continue`; the oldest go first."""

    kept: OrderedDict[int, list[Encoded]] = field(default_factory=OrderedDict)

    def add(self, revision: int, items: list[Encoded]) -> None:
        self.kept[revision] = items
        while len(self.kept) > 16:
            self.kept.popitem(last=False)

    def expire(self) -> None:
        """Every `continue` token given so far is too old."""
        self.kept.clear()


def form_of(request: Request) -> str:
    """ "Table", "PartialObjectMetadata" or "" by the Accept header's first understood choice."""
    for choice in request.headers.get("accept", "").split(","):
        parts = dict(p.strip().split("=", 1) for p in choice.split(";") if "=" in p)
        kind = parts.get("as", "")
        if kind in ("Table", PARTIAL, PARTIAL + "List"):
            return kind.removesuffix("List")
        if choice.split(";")[0].strip() in ("application/json", "*/*"):
            return ""
    return ""


def matcher(request: Request, target: RequestTarget) -> Match | None:
    try:
        checks = [
            label_match(request.param("labelSelector")),
            field_match(request.param("fieldSelector"), target.resource.table),
        ]
    except BadSelector as error:
        raise bad_request(str(error)) from None
    if target.name:
        checks.append(lambda obj: bool(obj["metadata"]["name"] == target.name))
    found = [check for check in checks if check]
    return (lambda obj: all(check(obj) for check in found)) if found else None


def head_of(resource: Resource, kind: str = "") -> bytes:
    return f'{{"kind":"{kind or resource.kind}","apiVersion":"{resource.api_version}",'.encode()


def body_of(cluster: Cluster, resource: Resource, key: Key) -> bytes:
    """Without kind and apiVersion, as items of a built-in list are."""
    if resource.storage:
        return encode(to_new(cluster.store.table(resource.table).objects[key]))
    return cluster.store.table(resource.table).body(key)


def with_kind(resource: Resource, body: bytes) -> bytes:
    return head_of(resource) + body[1:]


def full(resource: Resource, obj: Obj) -> bytes:
    bare = {k: v for k, v in obj.items() if k not in ("kind", "apiVersion")}
    return with_kind(resource, encode(to_new(bare) if resource.storage else bare))


def partial(obj: Obj) -> Obj:
    return {"kind": PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def render(resource: Resource, obj: Obj, form: str) -> bytes:
    if form == PARTIAL:
        return encode(partial(obj))
    if form == "Table":
        return encode(
            table_of(resource, [obj], {"resourceVersion": obj["metadata"]["resourceVersion"]})
        )
    return full(resource, obj)


def get_one(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    with cluster.store.lock:
        obj = cluster.store.get(target.resource.table, target.namespace, target.name)
        if obj is None:
            raise not_found(target.resource, target.name)
    form = form_of(request)
    if form == "Table":
        version = obj["metadata"]["resourceVersion"]
        now = cluster.clock.now()
        return Response(
            200, encode(table_of(target.resource, [obj], {"resourceVersion": version}, now))
        )
    return Response(200, render(target.resource, obj, form))


def list_all(
    cluster: Cluster, snapshots: Snapshots, request: Request, target: RequestTarget
) -> Response:
    match = matcher(request, target)
    token = request.param("continue")
    if token:
        revision, start = _decode(token)
        items = snapshots.kept.get(revision)
        if items is None:
            raise expired(EXPIRED_CONTINUE)
        return _page(cluster, snapshots, request, target, revision, start, items)
    revision, items = _collect(cluster, target, match)
    return _page(cluster, snapshots, request, target, revision, 0, items)


def _collect(
    cluster: Cluster, target: RequestTarget, match: Match | None
) -> tuple[int, list[Encoded]]:
    resource = target.resource
    with cluster.store.lock:
        held = cluster.store.table(resource.table)
        keys = held.keys(target.namespace)
        objects = held.objects
        chosen = keys if match is None else [k for k in keys if match(objects[k])]
        return cluster.store.revision, [(objects[k], body_of(cluster, resource, k)) for k in chosen]


def _decode(token: str) -> tuple[int, int]:
    try:
        raw = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(raw["rv"]), int(raw["start"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise bad_request("continue key is not valid: illegal base64 data") from None


def _token(revision: int, start: int) -> str:
    raw = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _page(
    cluster: Cluster,
    snapshots: Snapshots,
    request: Request,
    target: RequestTarget,
    revision: int,
    start: int,
    items: list[Encoded],
) -> Response:
    limit = request.integer("limit") or 0
    if request.param("resourceVersion") == "0" and not request.param("continue"):
        limit = 0
    shown = items[start : start + limit] if limit else items[start:]
    metadata: Obj = {"resourceVersion": str(revision)}
    if start + len(shown) < len(items):
        snapshots.add(revision, items)
        metadata["continue"] = _token(revision, start + len(shown))
        if not (request.param("labelSelector") or request.param("fieldSelector")):
            metadata["remainingItemCount"] = len(items) - start - len(shown)
    return Response(200, _listing(cluster, target.resource, shown, metadata, form_of(request)))


def _listing(
    cluster: Cluster, resource: Resource, shown: list[Encoded], metadata: Obj, form: str
) -> bytes:
    if form == "Table":
        return encode(table_of(resource, [obj for obj, _ in shown], metadata, cluster.clock.now()))
    if form == PARTIAL:
        head: Obj = {"kind": PARTIAL + "List", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
        return encode(head | {"items": [partial(obj) for obj, _ in shown]})
    bodies = (
        [with_kind(resource, b) for _, b in shown] if resource.custom else [b for _, b in shown]
    )
    head_bytes = head_of(resource, resource.kind + "List") + b'"metadata":' + encode(metadata)
    return head_bytes + b',"items":[' + b",".join(bodies) + b"]}"
