"""The cluster's state: objects by table, revisions, change history, indexes, cached bytes.

Stored objects are immutable by convention: copy before changing, then `put`.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import msgspec

from simulator.apimachinery.objects import Obj, name_of, namespace_of

Key = tuple[str, str]
WorkKey = tuple[str, ...]
HISTORY = 20_000
FIRST_REVISION = 1000
T = TypeVar("T")
encode = msgspec.json.Encoder().encode


class Change(NamedTuple):
    """One write: `old` is None for a creation.

    `new` for a deletion (then `last` is its final state).
    """

    revision: int
    table: str
    old: Obj | None
    new: Obj | None
    last: Obj


Listener = Callable[[Change], None]


@dataclass
class Table:
    objects: dict[Key, Obj] = field(default_factory=dict)
    bodies: dict[Key, bytes] = field(default_factory=dict)
    by_namespace: dict[str, set[str]] = field(default_factory=dict)
    history: deque[Change] = field(default_factory=lambda: deque(maxlen=HISTORY))
    forgotten: int = FIRST_REVISION
    ordered: list[Key] | None = None

    def keys(self, namespace: str) -> list[Key]:
        """In the order in which etcd lists them."""
        if namespace:
            return [(namespace, name) for name in sorted(self.by_namespace.get(namespace, ()))]
        if self.ordered is None:
            self.ordered = sorted(self.objects)
        return self.ordered

    def body(self, key: Key) -> bytes:
        """The object as JSON, without kind and apiVersion."""
        found = self.bodies.get(key)
        if found is None:
            bare = {k: v for k, v in self.objects[key].items() if k not in ("kind", "apiVersion")}
            found = self.bodies[key] = encode(bare)
        return found


class Store:
    """`lock` guards every read-modify-write; `changed` wakes watchers."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.revision = FIRST_REVISION
        self.tables: dict[str, Table] = {}
        self.owned: dict[str, set[tuple[str, Key]]] = {}
        self.on_node: dict[str, set[Key]] = {}
        self.listeners: list[Listener] = []

    def table(self, name: str) -> Table:
        found = self.tables.get(name)
        if found is None:
            found = self.tables[name] = Table()
        return found

    def get(self, table: str, namespace: str, name: str) -> Obj | None:
        return self.table(table).objects.get((namespace, name))

    def items(self, table: str, namespace: str = "") -> list[Obj]:
        with self.lock:
            held = self.table(table)
            return [held.objects[key] for key in held.keys(namespace)]

    def children(self, uid: str, table: str = "") -> list[Obj]:
        """Objects that name that owner, of one table or of all."""
        found = sorted(self.owned.get(uid, ()))
        return [self.tables[t].objects[k] for t, k in found if not table or t == table]

    def pods_on(self, node: str) -> list[Obj]:
        pods = self.table("pods").objects
        return [pods[key] for key in sorted(self.on_node.get(node, ()))]

    def put(self, table: str, obj: Obj) -> Obj:
        """Creates or replaces; sets resourceVersion on the given (then frozen) object."""
        with self.lock:
            self.revision += 1
            obj["metadata"]["resourceVersion"] = str(self.revision)
            key = (namespace_of(obj), name_of(obj))
            old = self._replace(table, key, obj)
            self._record(Change(self.revision, table, old, obj, obj))
            return obj

    def load(self, table: str, objects: Iterable[Obj]) -> None:
        """Adds as they are, without telling anybody: the cluster's past, which no watch shows."""
        with self.lock:
            for obj in objects:
                self.revision += 1
                obj["metadata"].setdefault("resourceVersion", str(self.revision))
                self._replace(table, (namespace_of(obj), name_of(obj)), obj)
            self.table(table).forgotten = self.revision

    def forget(self) -> None:
        """Every watch from before now is told that its version is too old."""
        with self.lock:
            for held in self.tables.values():
                held.history.clear()
                held.forgotten = self.revision

    def remove(self, table: str, namespace: str, name: str) -> Obj | None:
        with self.lock:
            held, key = self.table(table), (namespace, name)
            old = held.objects.pop(key, None)
            if old is None:
                return None
            held.bodies.pop(key, None)
            held.by_namespace[namespace].discard(name)
            held.ordered = None
            self._index(table, key, old, add=False)
            self.revision += 1
            last = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self.revision)}}
            self._record(Change(self.revision, table, old, None, last))
            return last

    def _replace(self, table: str, key: Key, obj: Obj) -> Obj | None:
        held = self.table(table)
        old = held.objects.get(key)
        if old is None:
            held.by_namespace.setdefault(key[0], set()).add(key[1])
            held.ordered = None
        else:
            self._index(table, key, old, add=False)
        held.objects[key] = obj
        held.bodies.pop(key, None)
        self._index(table, key, obj, add=True)
        return old

    def _index(self, table: str, key: Key, obj: Obj, add: bool) -> None:
        for owner in obj["metadata"].get("ownerReferences") or ():
            _mark(self.owned, owner.get("uid", ""), (table, key), add)
        if table == "pods" and (node := (obj.get("spec") or {}).get("nodeName")):
            _mark(self.on_node, node, key, add)

    def _record(self, change: Change) -> None:
        history = self.table(change.table).history
        if len(history) == history.maxlen:
            self.table(change.table).forgotten = history[0].revision
        history.append(change)
        for listener in self.listeners:
            listener(change)
        self.changed.notify_all()


def _mark(index: dict[str, set[T]], at: str, value: T, add: bool) -> None:
    if add:
        index.setdefault(at, set()).add(value)
    elif at in index:
        index[at].discard(value)
        if not index[at]:
            del index[at]
