"""What makes a scenario's failure, as rules for the simulator: so that only what ends it ends it.

The rules follow from what the scenario shows and from what its row allows, never from its name:

- a revision brought it (rollback is allowed, there is an older one): every pod of the newest
  template is broken, however often it is made anew;
- memory or CPU is short: a container is broken while its limit is below what the work needs;
- one pod, or the pods' own past, is at fault (restart, restart_pod): those very pods are broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from simulator.apimachinery.objects import Obj, condition_of, controller_of
from simulator.apimachinery.quantities import parse_quantity
from simulator.cluster.fault_rules import Affliction

# What the work needs, over the limit at which it breaks: less than one raise of the product.
NEEDED_RATIO = 1.1
SHORT_OF = {"OOM_LIMIT_LOW": "memory", "CPU_THROTTLED": "cpu"}
MATTERS = (
    "containers", "initContainers", "volumes", "nodeSelector", "imagePullSecrets",
    "serviceAccountName", "dnsConfig", "hostNetwork", "priorityClassName",
    "topologySpreadConstraints", "runtimeClassName",
)  # fmt: skip
Pods = Sequence[Obj]
Strikes = Callable[[Obj], bool]


def afflictions(objects: Sequence[Obj], expected: Mapping[str, Any]) -> Iterator[Affliction]:
    """The rules for one expected incident."""
    owner = owner_in(objects, expected["owner"])
    if owner is None or "template" not in (owner.get("spec") or {}):
        return
    pods, ok = pods_below(objects, owner), set(expected["ok"])
    short_of = SHORT_OF.get(expected["causes"][0])
    if short_of and "adjust_resources" in ok:
        yield _starved(owner, _broken(pods), short_of)
    elif "rollback" in ok and older_template(objects, owner):
        yield from _brought_by(owner, pods)
    elif ok & {"restart", "restart_pod"}:
        yield from _in_themselves(pods, everyone="restart" in ok)


def _broken(pods: Pods) -> Obj | None:
    """The first one that is not well; the last one where all are."""
    return next((pod for pod in pods if not is_well(pod)), pods[-1] if pods else None)


def owner_in(objects: Sequence[Obj], named: Mapping[str, Any]) -> Obj | None:
    for item in objects:
        meta = item["metadata"]
        found = (item["kind"], meta.get("namespace", ""), meta["name"])
        if found == (named["kind"], named.get("namespace", ""), named["name"]):
            return item
    return None


def pods_below(objects: Sequence[Obj], owner: Obj) -> list[Obj]:
    above = {owner["metadata"]["uid"]}
    for kind in ("ReplicaSet", "Job"):
        above |= {i["metadata"]["uid"] for i in objects if i["kind"] == kind and _of(i) in above}
    return [item for item in objects if item["kind"] == "Pod" and _of(item) in above]


def _of(item: Obj) -> str:
    return str((controller_of(item) or {}).get("uid", ""))


def is_well(pod: Obj) -> bool:
    """Ready, and nothing in it was killed or crashed of late."""
    ready = condition_of(pod, "Ready").get("status") == "True"
    every = (pod.get("status") or {}).get("containerStatuses") or []
    return ready and not any((one.get("lastState") or {}).get("terminated") for one in every)


def older_template(objects: Sequence[Obj], owner: Obj) -> Obj | None:
    """The pod template of the newest revision but one."""
    found = [(number, shape) for number, shape in _revisions(objects, owner)]
    newest = essence(owner["spec"]["template"]["spec"])
    older = [item for item in found if essence(item[1]["spec"]) != newest]
    return max(older, key=lambda item: item[0])[1] if older else None


def _revisions(objects: Sequence[Obj], owner: Obj) -> Iterator[tuple[int, Obj]]:
    for item in objects:
        if _of(item) != owner["metadata"]["uid"]:
            continue
        if item["kind"] == "ReplicaSet":
            marks = item["metadata"]["annotations"]
            yield int(marks["deployment.kubernetes.io/revision"]), item["spec"]["template"]
        elif item["kind"] == "ControllerRevision":
            yield int(item["revision"]), item["data"]["spec"]["template"]


def essence(spec: Obj) -> Obj:
    """What of a pod's spec a release can break; controllers and the API server add the rest."""
    told = {key: spec[key] for key in MATTERS if spec.get(key)}
    if told.get("serviceAccountName") == "default":
        del told["serviceAccountName"]
    return told | {
        key: (spec.get("affinity") or {}).get(key)
        for key in ("podAffinity", "podAntiAffinity")
        if (spec.get("affinity") or {}).get(key)
    }


def _brought_by(owner: Obj, pods: Pods) -> Iterator[Affliction]:
    """Every pod of the template that the owner has now, and of no other."""
    bad = essence(owner["spec"]["template"]["spec"])
    ours = _labelled(owner)

    def strikes(pod: Obj) -> bool:
        return ours(pod) and essence(_without_claims(pod, bad)) == bad

    same = [pod for pod in pods if essence(pod["spec"]) == bad]
    example = next((pod for pod in same if not is_well(pod)), same[0] if same else None)
    if example is not None:
        yield Affliction(strikes, example)
    else:
        yield Affliction(strikes, refusal=_why_never_made(owner))


def _without_claims(pod: Obj, bad: Obj) -> Obj:
    """A StatefulSet's pods have volumes that its template does not name."""
    spec: Obj = dict(pod["spec"])
    named = {volume["name"] for volume in bad.get("volumes") or ()}
    spec["volumes"] = [v for v in spec.get("volumes") or () if v["name"] in named]
    return spec


def _why_never_made(owner: Obj) -> str:
    said = str(condition_of(owner, "ReplicaFailure").get("message", ""))
    return said.partition("is forbidden: ")[2] or said or "not allowed"


def _labelled(owner: Obj) -> Strikes:
    wanted = (owner["spec"].get("selector") or {}).get("matchLabels") or {}
    where = owner["metadata"].get("namespace", "")

    def ours(pod: Obj) -> bool:
        labels = pod["metadata"].get("labels") or {}
        here = pod["metadata"].get("namespace", "") == where
        return here and wanted.items() <= labels.items()

    return ours


def _starved(owner: Obj, example: Obj | None, resource: str) -> Affliction:
    """A container that has a limit below what the work needs."""
    ours, short = _labelled(owner), _needs(owner, example, resource)

    def strikes(pod: Obj) -> bool:
        return ours(pod) and any(
            0 < _limit(one, resource) < short.get(one["name"], 0.0) for one in _containers(pod)
        )

    return Affliction(strikes, example)


def _needs(owner: Obj, example: Obj | None, resource: str) -> dict[str, float]:
    """Container → what it needs, of those that were killed; of all where none was."""
    shape = owner["spec"]["template"]
    killed = set(_killed(example)) if example and resource == "memory" else set()
    return {
        one["name"]: _limit(one, resource) * NEEDED_RATIO
        for one in _containers(shape)
        if not killed or one["name"] in killed
    }


def _killed(pod: Obj) -> Iterator[str]:
    status = pod.get("status") or {}
    for field in ("containerStatuses", "initContainerStatuses"):
        for one in status.get(field) or ():
            runs = (one.get("lastState") or {}, one.get("state") or {})
            if any((run.get("terminated") or {}).get("reason") == "OOMKilled" for run in runs):
                yield one["name"]


def _containers(shape: Obj) -> list[Obj]:
    spec = shape["spec"]
    return [*spec["containers"], *(spec.get("initContainers") or ())]


def _limit(container: Obj, resource: str) -> float:
    limits = (container.get("resources") or {}).get("limits") or {}
    return parse_quantity(limits.get(resource, 0))


def _in_themselves(pods: Pods, everyone: bool) -> Iterator[Affliction]:
    """Those very pods: a wedged one, or all that were started before something changed."""
    for pod in pods:
        if everyone or not is_well(pod):
            uid = pod["metadata"]["uid"]
            yield Affliction(lambda item, uid=uid: item["metadata"]["uid"] == uid, pod)  # type: ignore[misc]
