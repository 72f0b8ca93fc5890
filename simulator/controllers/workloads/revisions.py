"""ControllerRevisions of StatefulSets and DaemonSets."""

from datetime import datetime

from simulator.apimachinery.objects import Obj, annotations_of, labels_of, name_of, namespace_of
from simulator.controllers.common import Base, owner_reference, short_hash

LABEL = "controller-revision-hash"


def count_at(pods: list[Obj], label: str) -> int:
    """How many pods are of that revision."""
    return sum(labels_of(pod).get(LABEL) == label for pod in pods)


class Revisioned(Base):
    """A controller whose templates are kept as ControllerRevisions."""

    def revisions(self, owner: Obj) -> list[Obj]:
        found = self.store.children(owner["metadata"]["uid"], "controllerrevisions.apps")
        return sorted(found, key=lambda r: int(r["revision"]))

    def current_revision(self, owner: Obj, now: datetime) -> Obj:
        """The revision of the present template: found, renumbered or made."""
        data = {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}
        held = self.revisions(owner)
        highest = max((int(r["revision"]) for r in held), default=0)
        same = next((r for r in held if r["data"] == data), None)
        if same is None:
            return self._make(owner, data, highest + 1, now)
        if int(same["revision"]) < highest:
            return self.change("controllerrevisions.apps", same, now, revision=highest + 1)
        return same

    def _make(self, owner: Obj, data: Obj, number: int, now: datetime) -> Obj:
        label = short_hash(data)
        metadata: Obj = {"name": f"{name_of(owner)}-{label}", "namespace": namespace_of(owner)}
        labels = dict((owner["spec"]["template"].get("metadata") or {}).get("labels") or {})
        metadata["labels"] = {**labels, LABEL: label}
        metadata["annotations"] = annotations_of(owner)
        metadata["ownerReferences"] = [owner_reference(owner)]
        obj = {"metadata": metadata, "data": data, "revision": number}
        return self.create("controllerrevisions.apps", obj, now)

    def trim(self, owner: Obj, live: set[str], now: datetime) -> None:
        idle = [r for r in self.revisions(owner) if name_of(r) not in live]
        limit = owner["spec"].get("revisionHistoryLimit", 10)
        for revision in idle[: max(0, len(idle) - limit)]:
            self.delete("controllerrevisions.apps", revision, now)
