"""Who owns an object: along ownerReferences, by UID, up to the top controller."""

from __future__ import annotations

from collections.abc import Mapping

from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Object, OwnerReference

HOPS = 10
CLUSTER_WIDE = frozenset({"Node", "Namespace", "PersistentVolume"})


class TopOwners:
    """Follows controller references, and remembers where each leads."""

    def __init__(self, by_uid: Mapping[str, Object]) -> None:
        self._by_uid = by_uid
        self._known: dict[str, ObjectRef] = {}

    def top(self, item: Object) -> ObjectRef:
        """The controller above all others, or the object itself where nothing controls it.

        A kind that we don't read (an Argo Rollout, a custom resource) is named as the owner.
        A static pod is its own: its reference to the node says where it runs.
        """
        above = _controller(item)
        if above is None:
            return item.ref
        if above.uid not in self._known:
            self._known[above.uid] = self._follow(above, item.metadata.namespace)
        return self._known[above.uid]

    def _follow(self, above: OwnerReference, namespace: str) -> ObjectRef:
        ref = _owner_ref(above, namespace)
        for _ in range(HOPS):
            item = self._by_uid.get(ref.uid)
            if item is None or (item.KIND, item.metadata.name) != (ref.kind, ref.name):
                return ref
            following = _controller(item)
            if following is None:
                return item.ref
            ref = _owner_ref(following, namespace)
        return ref


def _controller(item: Object) -> OwnerReference | None:
    """A reference without a UID names nothing for sure."""
    above = item.controller
    return None if above is None or above.kind == "Node" or not above.uid else above


def _owner_ref(above: OwnerReference, namespace: str) -> ObjectRef:
    return ObjectRef(
        above.kind, "" if above.kind in CLUSTER_WIDE else namespace, above.name, above.uid
    )
