"""Deployments: revisions, rolling updates, conditions, as pkg/controller/deployment does."""

from copy import deepcopy
from datetime import datetime
from typing import Any

from simulator.apimachinery.clock import seconds_since, stamp
from simulator.apimachinery.objects import Obj, annotations_of, condition_of, name_of, namespace_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base, owner_reference, share, short_hash, with_condition

REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
HISTORY = "deployment.kubernetes.io/revision-history"
HASH = "pod-template-hash"
COMPLETE = "NewReplicaSetAvailable"
SKIPPED = ("kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MOST)


def bare_template(template: Obj) -> Obj:
    """Without the hash label, for comparison."""
    metadata = dict(template.get("metadata") or {})
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def revision_of(replicaset: Obj) -> int:
    return int(annotations_of(replicaset).get(REVISION, "0"))


def specs(replicasets: list[Obj]) -> int:
    return sum(rs["spec"]["replicas"] for rs in replicasets)


def stat(replicasets: list[Obj], field: str) -> int:
    return sum((rs.get("status") or {}).get(field, 0) for rs in replicasets)


class Deployments(Base):
    table, kind = "deployments.apps", "Deployment"
    watches = ("deployments.apps", "replicasets.apps")

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        deployment = self.held(key)
        if deployment is None or deployment["metadata"].get("deletionTimestamp"):
            return None
        sets = self._sets(deployment)
        new = next((rs for rs in sets if self._is_current(deployment, rs)), None)
        if deployment["spec"].get("paused"):
            self._scale_paused(deployment, sets, now)
        else:
            new = self._ensure_new(deployment, sets, new, now)
            self._roll(deployment, new, now)
            self._clean(deployment, new, now)
        return self._report(key, new, now)

    def _sets(self, deployment: Obj) -> list[Obj]:
        found = self.store.children(deployment["metadata"]["uid"], "replicasets.apps")
        return sorted(found, key=lambda rs: (rs["metadata"]["creationTimestamp"], revision_of(rs)))

    def _is_current(self, deployment: Obj, replicaset: Obj) -> bool:
        return bare_template(replicaset["spec"]["template"]) == bare_template(
            deployment["spec"]["template"]
        )

    def _ensure_new(self, deployment: Obj, sets: list[Obj], new: Obj | None, now: datetime) -> Obj:
        highest = max((revision_of(rs) for rs in sets if rs is not new), default=0)
        if new is None:
            new = self._create_set(deployment, highest + 1, now)
        elif revision_of(new) <= highest:
            new = self._promote(deployment, new, highest + 1, now)
        self._annotate(deployment, revision_of(new), now)
        return new

    def _promote(self, deployment: Obj, new: Obj, revision: int, now: datetime) -> Obj:
        metadata = deepcopy(new["metadata"])
        former = [
            v
            for v in (metadata["annotations"].get(HISTORY), metadata["annotations"].get(REVISION))
            if v
        ]
        metadata["annotations"] |= {REVISION: str(revision), HISTORY: ",".join(former)}
        self._progress(
            deployment, "FoundNewReplicaSet", f'Found new replica set "{name_of(new)}"', now
        )
        return self.change("replicasets.apps", new, now, metadata=metadata)

    def _annotate(self, deployment: Obj, revision: int, now: datetime) -> None:
        if annotations_of(deployment).get(REVISION) == str(revision):
            return
        metadata = deepcopy(self.store.get(self.table, *_key(deployment)) or deployment)["metadata"]
        metadata.setdefault("annotations", {})[REVISION] = str(revision)
        self.change(self.table, deployment, now, metadata=metadata)

    def _create_set(self, deployment: Obj, revision: int, now: datetime) -> Obj:
        template = deepcopy(bare_template(deployment["spec"]["template"]))
        label = short_hash(template)
        template["metadata"]["labels"][HASH] = label
        selector = deepcopy(deployment["spec"]["selector"])
        selector.setdefault("matchLabels", {})[HASH] = label
        total, most = deployment["spec"]["replicas"], self._most(deployment)
        extra = {k: v for k, v in annotations_of(deployment).items() if k not in SKIPPED}
        annotations = {**extra, REVISION: str(revision), DESIRED: str(total), MOST: str(most)}
        metadata: Obj = {
            "name": f"{name_of(deployment)}-{label}",
            "namespace": namespace_of(deployment),
        }
        metadata |= {"labels": dict(template["metadata"]["labels"]), "annotations": annotations}
        metadata |= {"ownerReferences": [owner_reference(deployment)]}
        spec = {"replicas": 0, "selector": selector, "template": template}
        if deployment["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
        new = self.create("replicasets.apps", {"metadata": metadata, "spec": spec}, now)
        self._progress(
            deployment, "NewReplicaSetCreated", f'Created new replica set "{name_of(new)}"', now
        )
        return new

    def _surge(self, deployment: Obj) -> tuple[int, int]:
        """(maxSurge, maxUnavailable) in pods; never both zero."""
        total = deployment["spec"]["replicas"]
        rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate") or {}
        surge = share(rolling.get("maxSurge", "25%"), total, up=True)
        unavailable = share(rolling.get("maxUnavailable", "25%"), total, up=False)
        return surge, unavailable or (0 if surge else 1)

    def _most(self, deployment: Obj) -> int:
        return int(deployment["spec"]["replicas"]) + self._surge(deployment)[0]

    def _recreates(self, deployment: Obj) -> bool:
        return bool(deployment["spec"].get("strategy", {}).get("type") == "Recreate")

    def _scale(self, deployment: Obj, replicaset: Obj, replicas: int, now: datetime) -> None:
        before = replicaset["spec"]["replicas"]
        if before == replicas:
            return
        current = self.store.get("replicasets.apps", *_key(replicaset)) or replicaset
        metadata = deepcopy(current["metadata"])
        metadata.setdefault("annotations", {})[DESIRED] = str(deployment["spec"]["replicas"])
        metadata["annotations"][MOST] = str(self._most(deployment))
        spec = {**current["spec"], "replicas": replicas}
        self.change("replicasets.apps", current, now, spec=spec, metadata=metadata)
        verb = "up" if replicas > before else "down"
        message = f"Scaled {verb} replica set {name_of(replicaset)} from {before} to {replicas}"
        self.event(deployment, "Normal", "ScalingReplicaSet", message, now, "deployment-controller")

    def _scale_paused(self, deployment: Obj, sets: list[Obj], now: datetime) -> None:
        active = [rs for rs in sets if rs["spec"]["replicas"] > 0] or sets[-1:]
        if len(active) == 1:
            self._scale(deployment, active[0], deployment["spec"]["replicas"], now)

    def _roll(self, deployment: Obj, new: Obj, now: datetime) -> None:
        old = [rs for rs in self._sets(deployment) if name_of(rs) != name_of(new)]
        if self._recreates(deployment):
            self._recreate(deployment, new, old, now)
            return
        active = [rs for rs in old if rs["spec"]["replicas"] > 0]
        if not self._scale_up(deployment, new, active, now):
            self._scale_down(deployment, new, active, now)

    def _recreate(self, deployment: Obj, new: Obj, old: list[Obj], now: datetime) -> None:
        for replicaset in old:
            self._scale(deployment, replicaset, 0, now)
        gone = all(not self.store.children(rs["metadata"]["uid"], "pods") for rs in old)
        if gone:
            self._scale(deployment, new, deployment["spec"]["replicas"], now)

    def _scale_up(self, deployment: Obj, new: Obj, old: list[Obj], now: datetime) -> bool:
        wanted, held = deployment["spec"]["replicas"], new["spec"]["replicas"]
        if held >= wanted:
            self._scale(deployment, new, wanted, now)
            return bool(held > wanted)
        room = self._most(deployment) - specs(old) - held
        if room <= 0:
            return False
        self._scale(deployment, new, held + min(room, wanted - held), now)
        return True

    def _scale_down(self, deployment: Obj, new: Obj, old: list[Obj], now: datetime) -> None:
        if not old:
            return
        least = deployment["spec"]["replicas"] - self._surge(deployment)[1]
        missing = new["spec"]["replicas"] - stat([new], "availableReplicas")
        allowed = specs(old) + new["spec"]["replicas"] - least - missing
        if allowed <= 0:
            return
        old = self._drop_unhealthy(deployment, old, allowed, now)
        spare = stat(old, "availableReplicas") + stat([new], "availableReplicas") - least
        for replicaset in old:
            if spare <= 0:
                return
            cut = min(spare, replicaset["spec"]["replicas"])
            self._scale(deployment, replicaset, replicaset["spec"]["replicas"] - cut, now)
            spare -= cut

    def _drop_unhealthy(
        self, deployment: Obj, old: list[Obj], allowed: int, now: datetime
    ) -> list[Obj]:
        kept = []
        for replicaset in old:
            replicas = replicaset["spec"]["replicas"]
            cut = min(allowed, replicas - stat([replicaset], "availableReplicas"))
            if cut > 0:
                self._scale(deployment, replicaset, replicas - cut, now)
                allowed -= cut
            kept.append(self.store.get("replicasets.apps", *_key(replicaset)) or replicaset)
        return kept

    def _clean(self, deployment: Obj, new: Obj, now: datetime) -> None:
        idle = [
            rs
            for rs in self._sets(deployment)
            if name_of(rs) != name_of(new)
            and not rs["spec"]["replicas"]
            and not stat([rs], "replicas")
        ]
        idle.sort(key=revision_of)
        for replicaset in idle[
            : max(0, len(idle) - deployment["spec"].get("revisionHistoryLimit", 10))
        ]:
            self.delete("replicasets.apps", replicaset, now)

    def _progress(self, deployment: Obj, reason: str, message: str, now: datetime) -> None:
        """A step of the rollout: moves lastUpdateTime, from which the progress deadline counts."""
        current = self.store.get(self.table, *_key(deployment)) or deployment
        status = dict(current.get("status") or {})
        kept = status.get("conditions") or []
        status["conditions"] = updated(
            kept, now, type="Progressing", status="True", reason=reason, message=message
        )
        self.set_status(self.table, current, status)

    def _report(self, key: WorkKey, new: Obj | None, now: datetime) -> float | None:
        deployment = self.held(key)
        if deployment is None:
            return None
        sets = self._sets(deployment)
        current = next((rs for rs in sets if new is not None and name_of(rs) == name_of(new)), None)
        status = self._counts(deployment, sets, current)
        status["conditions"], again = self._conditions(deployment, sets, current, status, now)
        self.set_status(
            self.table, deployment, {k: v for k, v in status.items() if v or k == "conditions"}
        )
        return again

    def _counts(self, deployment: Obj, sets: list[Obj], current: Obj | None) -> Obj:
        available = stat(sets, "availableReplicas")
        return {
            "observedGeneration": deployment["metadata"].get("generation", 1),
            "replicas": stat(sets, "replicas"),
            "updatedReplicas": stat([current], "replicas") if current else 0,
            "readyReplicas": stat(sets, "readyReplicas"),
            "availableReplicas": available,
            "unavailableReplicas": max(0, specs(sets) - available),
        }

    def _conditions(
        self, deployment: Obj, sets: list[Obj], current: Obj | None, status: Obj, now: datetime
    ) -> tuple[list[Obj], float | None]:
        found = (deployment.get("status") or {}).get("conditions") or []
        found = self._available(deployment, found, status, now)
        found = self._failures(found, sets, now)
        return self._progressing(deployment, found, current, status, now)

    def _available(
        self, deployment: Obj, found: list[Obj], status: Obj, now: datetime
    ) -> list[Obj]:
        enough = (
            status["availableReplicas"]
            >= deployment["spec"]["replicas"] - self._surge(deployment)[1]
        )
        word = "has" if enough else "does not have"
        return updated(
            found,
            now,
            type="Available",
            status=str(enough),
            reason="MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
            message=f"Deployment {word} minimum availability.",
        )

    def _failures(self, found: list[Obj], sets: list[Obj], now: datetime) -> list[Obj]:
        failure = next((c for rs in sets if (c := condition_of(rs, "ReplicaFailure"))), None)
        if failure is None:
            return [c for c in found if c["type"] != "ReplicaFailure"]
        return updated(
            found, now, **{k: failure[k] for k in ("type", "status", "reason", "message")}
        )

    def _progressing(
        self, deployment: Obj, found: list[Obj], current: Obj | None, status: Obj, now: datetime
    ) -> tuple[list[Obj], float | None]:
        if deployment["spec"].get("paused"):
            return _progress(
                found, now, "Unknown", "DeploymentPaused", "Deployment is paused"
            ), None
        name = name_of(current or deployment)
        was_complete = _held_progress(found).get("reason") == COMPLETE
        if _complete(deployment, status):
            text = f'ReplicaSet "{name}" has successfully progressed.'
            return found if was_complete else _progress(found, now, "True", COMPLETE, text), None
        if was_complete and status["updatedReplicas"] >= deployment["spec"]["replicas"]:
            return found, None
        if _moved(deployment.get("status") or {}, status):
            text = f'ReplicaSet "{name}" is progressing.'
            moved = {"lastUpdateTime": stamp(now)}
            found = _progress(found, now, "True", "ReplicaSetUpdated", text, **moved)
        return self._deadline(deployment, found, name, now)

    def _deadline(
        self, deployment: Obj, found: list[Obj], name: str, now: datetime
    ) -> tuple[list[Obj], float | None]:
        held = _held_progress(found)
        limit = float(deployment["spec"].get("progressDeadlineSeconds", 600))
        spent = seconds_since(held.get("lastUpdateTime") or stamp(now), now)
        if held.get("status") == "False" or not held:
            return found, None
        if spent < limit:
            return found, limit - spent + 0.5
        text = f'ReplicaSet "{name}" has timed out progressing.'
        return _progress(found, now, "False", "ProgressDeadlineExceeded", text), None


def _held_progress(conditions: list[Obj]) -> Obj:
    return next((c for c in conditions if c["type"] == "Progressing"), {})


def _progress(
    found: list[Obj], now: datetime, status: str, reason: str, message: str, **more: str
) -> list[Obj]:
    told = {"status": status, "reason": reason, "message": message}
    return updated(found, now, type="Progressing", **told, **more)


def _key(obj: Obj) -> tuple[str, str]:
    return namespace_of(obj), name_of(obj)


def _complete(deployment: Obj, status: Obj) -> bool:
    wanted = deployment["spec"]["replicas"]
    counts = (status["updatedReplicas"], status["replicas"], status["availableReplicas"])
    return bool(counts == (wanted, wanted, wanted))


def _moved(before: Obj, after: Obj) -> bool:
    """util.DeploymentProgressing: more updated, fewer old, more ready or available."""
    if not before.get("observedGeneration"):
        return True
    old = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    return bool(
        after["updatedReplicas"] > before.get("updatedReplicas", 0)
        or after["replicas"] - after["updatedReplicas"] < old
        or after["readyReplicas"] > before.get("readyReplicas", 0)
        or after["availableReplicas"] > before.get("availableReplicas", 0)
    )


def updated(conditions: list[Obj], now: datetime, **wanted: Any) -> list[Obj]:
    """A Deployment condition also has lastUpdateTime, which moves with every change."""
    result = with_condition(conditions, now, **wanted)
    if result is conditions:
        return conditions
    moved = wanted.get("lastUpdateTime") or stamp(now)
    return [{**c, "lastUpdateTime": moved} if c["type"] == wanted["type"] else c for c in result]
