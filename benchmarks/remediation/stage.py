"""A scenario on the simulator, with its cause and a control plane that answers what is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from benchmarks.detection.continued import Continued
from benchmarks.detection.scenarios import Scenario, prepare, scenario_case
from benchmarks.remediation.failure_rules import afflictions, essence, owner_in, pods_below
from simulator.apimachinery.clock import seconds_since
from simulator.apimachinery.objects import Obj, condition_of
from simulator.apiserver.defaults import apply_defaults, pod_spec
from simulator.cluster.container_behaviour import Image
from simulator.simulator import Simulator

DEFAULTED = {
    "Deployment": "deployments.apps",
    "ReplicaSet": "replicasets.apps",
    "StatefulSet": "statefulsets.apps",
    "DaemonSet": "daemonsets.apps",
    "Pod": "pods",
    "Job": "jobs.batch",
    "CronJob": "cronjobs.batch",
}
CPU_REQUEST, CORES = "100m", 0.1
PRESSURE_TRANSITION_SECONDS = 300.0
HPAS = "horizontalpodautoscalers.autoscaling"
Step = Callable[[], None]


@contextmanager
def staged(scenario: Scenario) -> Iterator[tuple[Any, Step]]:
    """The simulator, and what is to be called after each step of its time.

    Nothing moves before something is changed: until then the cluster is as the scenario shows it.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    case = scenario_case(scenario, now)
    objects = [_as_stored(item) for item in case.objects]
    _default_classes(objects)
    objects += namespaces_of(objects)
    objects += list(referenced(objects, scenario.expected))
    with Simulator(controllers=False, background=False) as simulator:
        simulator.tick(now)
        for expected in scenario.expected:
            _load(simulator, objects, expected)
        simulator.load(objects, case.logs, metrics=case.metrics)
        prepare(simulator, scenario)
        for expected in scenario.expected:
            simulator.cluster.behaviour.afflictions += afflictions(objects, expected)
        _places(simulator, objects)
        simulator.wake_controllers()
        yield simulator, _steps(simulator, case.metrics, objects, scenario)


def _as_stored(item: Obj) -> Obj:
    """With the defaults that the API server would have filled in."""
    if table := DEFAULTED.get(item["kind"]):
        apply_defaults(table, item)
    if item["kind"] == "ControllerRevision":
        shape = item["data"]["spec"]["template"]
        shape.get("metadata", {}).pop("creationTimestamp", None)
        pod_spec(shape["spec"])
    return item


def _default_classes(objects: Sequence[Obj]) -> None:
    """A claim that names no class got the default one when it was made."""
    marks = "storageclass.kubernetes.io/is-default-class"
    classes = [item["metadata"] for item in objects if item["kind"] == "StorageClass"]
    default = [m["name"] for m in classes if (m.get("annotations") or {}).get(marks) == "true"]
    for item in objects:
        if item["kind"] == "PersistentVolumeClaim" and default:
            item["spec"].setdefault("storageClassName", default[0])


def namespaces_of(objects: Sequence[Obj]) -> list[Obj]:
    named = {item["metadata"].get("namespace", "") for item in objects} - {""}
    held = {item["metadata"]["name"] for item in objects if item["kind"] == "Namespace"}
    status = {"phase": "Active"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": status}
        for name in sorted(named - held)
    ]


REFERENCES = {
    "configMapRef": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
    "secretRef": "Secret",
    "secretKeyRef": "Secret",
}
MISSING = frozenset({"CONFIGMAP_MISSING", "SECRET_MISSING"})


def referenced(objects: Sequence[Obj], rows: Sequence[Mapping[str, Any]]) -> Iterator[Obj]:
    """ConfigMaps and Secrets that pods name and the scenario leaves out, as nobody reads them.

    Not those of the newest template where just that is what is missing.
    """
    bad = _without_what_they_name(objects, rows)
    held = {(i["kind"], i["metadata"].get("namespace"), i["metadata"]["name"]) for i in objects}
    made: dict[tuple[str, str, str], Obj] = {}
    for item in objects:
        shape = _shape_of(item)
        for kind, name, key in _named_in(shape) if essence(shape) not in bad else ():
            place = (kind, item["metadata"]["namespace"], name)
            if place not in held:
                made.setdefault(place, _empty(*place))["data"][key or "key"] = "eA=="
    yield from made.values()


def _without_what_they_name(objects: Sequence[Obj], rows: Sequence[Mapping[str, Any]]) -> list[Obj]:
    """The essence of the templates that fail because what they name is missing."""
    failing = [owner_in(objects, row["owner"]) for row in rows if row["causes"][0] in MISSING]
    shapes = [_shape_of(owner) for owner in failing if owner]
    return [essence(shape) for shape in shapes if shape]


def _empty(kind: str, namespace: str, name: str) -> Obj:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, "data": {}}


def _named_in(shape: Obj) -> Iterator[tuple[str, str, str]]:
    """(kind, name, key or '') of what its volumes and environment come from."""
    for volume in shape.get("volumes") or ():
        if found := volume.get("configMap"):
            yield "ConfigMap", found["name"], ""
        if found := volume.get("secret"):
            yield "Secret", found["secretName"], ""
    for source in _environment_of(shape):
        for field, kind in REFERENCES.items():
            if found := source.get(field):
                yield kind, found["name"], found.get("key", "")


def _environment_of(shape: Obj) -> Iterator[Obj]:
    for one in _containers(shape):
        yield from one.get("envFrom") or ()
        yield from (variable.get("valueFrom") or {} for variable in one.get("env") or ())


def _shape_of(item: Obj) -> Obj:
    """The pod spec in an object; {} where it has none."""
    spec = item.get("spec") or {}
    if item["kind"] == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    if item["kind"] == "ControllerRevision":
        spec = item["data"]["spec"]
    found: Obj = spec if item["kind"] == "Pod" else (spec.get("template") or {}).get("spec") or {}
    return found


def _places(simulator: Any, objects: Sequence[Obj]) -> None:
    """Images that exist, nodes that are dead, and nodes that have no room."""
    behaviour = simulator.cluster.behaviour
    _add_images(behaviour, objects)
    nodes = [item for item in objects if item["kind"] == "Node"]
    down = {n["metadata"]["name"] for n in nodes if condition_of(n, "Ready")["status"] != "True"}
    behaviour.dead_nodes |= down
    if any("node(s) were unschedulable" in _said(item) for item in objects):
        open_ones = [n for n in nodes if not n["spec"].get("unschedulable")]
        behaviour.full_nodes |= {n["metadata"]["name"] for n in open_ones}


def _add_images(behaviour: Any, objects: Sequence[Obj]) -> None:
    for item in objects:
        ends = item["kind"] in ("Job", "CronJob")
        for one in _containers(_shape_of(item)):
            behaviour.add_image(one["image"], Image(run_seconds=3) if ends else Image())


def _said(item: Obj) -> str:
    found = condition_of(item, "PodScheduled") if item["kind"] == "Pod" else {}
    return str(found.get("message", ""))


def _containers(shape: Obj) -> Iterator[Obj]:
    for field in ("containers", "initContainers"):
        yield from shape.get(field) or ()


def _load(simulator: Any, objects: Sequence[Obj], expected: Mapping[str, Any]) -> None:
    """An autoscaler at its maximum: as much work as its measure says, whatever the pods are."""
    owner = owner_in(objects, expected["owner"])
    scaler = _scaler_of(objects, expected["owner"])
    if owner is None or scaler is None or "raise_hpa_max" not in expected["ok"]:
        return
    pods = pods_below(objects, owner)
    for shape in (owner["spec"]["template"], *_shapes(objects, owner), *pods):
        first = shape["spec"]["containers"][0]
        first.setdefault("resources", {}).setdefault("requests", {}).setdefault("cpu", CPU_REQUEST)
    name = owner["spec"]["template"]["spec"]["containers"][0]["name"]
    meta = owner["metadata"]
    used = _measured_ratio(scaler) * CORES * len(pods)
    simulator.cluster.behaviour.cpu_cores[meta["namespace"], meta["name"], name] = used


def _shapes(objects: Sequence[Obj], owner: Obj) -> Iterator[Obj]:
    uid = owner["metadata"]["uid"]
    for item in objects:
        refs = item["metadata"].get("ownerReferences") or []
        if any(ref["uid"] == uid for ref in refs):
            if item["kind"] == "ReplicaSet":
                yield item["spec"]["template"]
            elif item["kind"] == "ControllerRevision":
                yield item["data"]["spec"]["template"]


def _scaler_of(objects: Sequence[Obj], named: Mapping[str, Any]) -> Obj | None:
    for item in objects:
        target = (item.get("spec") or {}).get("scaleTargetRef") or {}
        here = item["metadata"].get("namespace") == named.get("namespace")
        if here and (target.get("kind"), target.get("name")) == (named["kind"], named["name"]):
            return item
    return None


def _measured_ratio(scaler: Obj) -> float:
    """Used ÷ requested; one and a quarter of the target where its measure is no utilization."""
    for one in (scaler.get("status") or {}).get("currentMetrics") or ():
        current = (one.get("resource") or {}).get("current") or {}
        if "averageUtilization" in current:
            return float(current["averageUtilization"]) / 100
    return 0.8 * 1.25


def _steps(
    simulator: Any, series: Sequence[Any], objects: Sequence[Obj], scenario: Scenario
) -> Step:
    metrics = Continued(simulator, series)
    pressed = [item["metadata"]["name"] for item in objects if item["kind"] == "Node"
               and condition_of(item, "DiskPressure").get("status") == "True"]  # fmt: skip
    freed: dict[str, str] = {}
    specs = {key: held["spec"] for key, _, held in _scaled(simulator)}

    def step() -> None:
        metrics.step()
        for key, scaler, held in _scaled(simulator):
            if specs.get(key) != held["spec"]:
                specs[key] = held["spec"]
                simulator.poke(HPAS, scaler)
        for node in pressed:
            _kubelet_frees(simulator, node, freed)

    return step


def _scaled(simulator: Any) -> list[tuple[tuple[str, str], Obj, Obj]]:
    """Each autoscaler with what it scales: it looks again where that was changed."""
    found = []
    for scaler in list(simulator.store.tables[HPAS].objects.values()):
        ref, meta = scaler["spec"]["scaleTargetRef"], scaler["metadata"]
        table = f"{ref['kind'].lower()}s.apps"
        held = simulator.store.get(table, meta["namespace"], ref["name"])
        if held is not None:
            found.append(((meta["namespace"], meta["name"]), scaler, held))
    return found


def _kubelet_frees(simulator: Any, node: str, freed: dict[str, str]) -> None:
    """Dead pods' remains fill the disk: with the last of them gone the pressure ends, five
    minutes later as the kubelet's pressure transition has it."""
    from simulator.apimachinery.clock import stamp

    now = simulator.cluster.clock.now()
    failed = [pod for pod in simulator.store.pods_on(node) if _is_failed(pod)]
    if failed:
        freed.pop(node, None)
        return
    since = freed.setdefault(node, stamp(now))
    held = simulator.store.get("nodes", "", node)
    if seconds_since(since, now) < PRESSURE_TRANSITION_SECONDS:
        return
    conditions = [
        one if one["type"] != "DiskPressure" or one["status"] != "True"
        else {**one, "status": "False", "reason": "KubeletHasNoDiskPressure",
              "lastTransitionTime": stamp(now)}
        for one in held["status"]["conditions"]
    ]  # fmt: skip
    status = {**held["status"], "conditions": conditions}
    simulator.store.put("nodes", {**held, "metadata": dict(held["metadata"]), "status": status})


def _is_failed(pod: Obj) -> bool:
    return (pod.get("status") or {}).get("phase") == "Failed"
