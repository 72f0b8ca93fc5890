"""scale, eviction, log, finalize."""

from collections.abc import Callable
from copy import deepcopy

from simulator.apimachinery.errors import (
    ApiError,
    bad_request,
    invalid,
    invalid_value,
    method_not_allowed,
)
from simulator.apimachinery.object_selectors import selector_text
from simulator.apimachinery.objects import Obj, name_of
from simulator.apimachinery.resources import Resource
from simulator.apiserver import registry
from simulator.apiserver.eviction import evict
from simulator.cluster import Cluster
from simulator.cluster.logs import LogOptions, log_text
from simulator.http.request import Request, RequestTarget
from simulator.http.response import Response, json_response, text_response
from simulator.http.verbs.patches import mutation
from simulator.http.verbs.writes import context_of

SCALE = Resource("autoscaling", "v1", "scales", "Scale")


def scale_of(obj: Obj) -> Obj:
    metadata = obj["metadata"]
    kept = {
        k: metadata[k]
        for k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if k in metadata
    }
    status = {"replicas": obj.get("status", {}).get("replicas", 0)}
    status["selector"] = selector_text(obj["spec"].get("selector"))
    replicas = obj["spec"].get("replicas", 1)
    spec = {"replicas": replicas} if replicas else {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": kept,
        "spec": spec,
        "status": status,
    }


def scale(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    if request.method == "GET":
        return json_response(
            scale_of(registry.get(cluster, target.resource, target.namespace, target.name))
        )
    if request.method not in ("PUT", "PATCH"):
        raise method_not_allowed()
    context = context_of(cluster, request)
    change = replacement(request, target) if request.method == "PUT" else mutation(request, target)

    def scaled(obj: Obj) -> Obj:
        wanted = change(scale_of(obj))
        replicas = (wanted.get("spec") or {}).get("replicas", 0)
        if not isinstance(replicas, int) or replicas < 0:
            why = "must be greater than or equal to 0"
            raise invalid(SCALE, target.name, [invalid_value("spec.replicas", replicas, why)])
        obj["spec"]["replicas"] = replicas
        asked = wanted.get("metadata") or {}
        obj["metadata"] |= {k: asked[k] for k in ("uid", "resourceVersion") if asked.get(k)}
        return obj

    new = registry.update(cluster, target.resource, target.namespace, target.name, scaled, context)
    return json_response(scale_of(new))


def replacement(request: Request, target: RequestTarget) -> Callable[[Obj], Obj]:
    given = request.object()

    def replaced(held: Obj) -> Obj:
        registry.require_uid(target.resource, target.name, held, given)
        return given

    return replaced


def eviction(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    if request.method != "POST":
        raise method_not_allowed()
    body = request.object()
    options = body.get("deleteOptions") or {}
    if options.get("dryRun"):
        request.query.setdefault("dryRun", list(options["dryRun"]))
    given = (body.get("metadata") or {}).get("name")
    if given and given != target.name:
        raise bad_request("name in URL does not match name in Eviction object")
    evict(cluster, target.namespace, target.name, body, context_of(cluster, request))
    status: Obj = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "code": 201,
    }
    return json_response(status, 201)


def _container_of(request: Request, pod: Obj) -> str:
    spec, asked = pod["spec"], request.param("container")
    names = [c["name"] for c in spec["containers"]]
    inits = [c["name"] for c in spec.get("initContainers") or ()]
    if asked in names + inits:
        return asked
    if asked:
        raise bad_request(f"container {asked} is not valid for pod {name_of(pod)}")
    if len(names) > 1:
        told = f"choose one of: [{' '.join(names)}]"
        told += f" or one of the init containers: [{' '.join(inits)}]" if inits else ""
        raise bad_request(f"a container name must be specified for pod {name_of(pod)}, {told}")
    return str(names[0])


def _status_of(pod: Obj, container: str) -> Obj:
    status = pod.get("status") or {}
    for kind in ("containerStatuses", "initContainerStatuses"):
        for found in status.get(kind) or ():
            if found["name"] == container:
                return dict(found)
    return {}


def _refuse_absent(pod: Obj, container: str, previous: bool) -> None:
    status = _status_of(pod, container)
    if previous and not (status.get("lastState") or {}).get("terminated"):
        text = f'previous terminated container "{container}" in pod "{name_of(pod)}" not found'
        raise bad_request(text)
    waiting = (status.get("state") or {}).get("waiting")
    if waiting and not previous and not (status.get("lastState") or {}).get("terminated"):
        reason = waiting.get("reason", "ContainerCreating")
        told = {
            "ContainerCreating": "is waiting to start: ContainerCreating",
            "PodInitializing": "is waiting to start: PodInitializing",
            "ImagePullBackOff": "is waiting to start: trying and failing to pull image",
            "ErrImagePull": "is waiting to start: image can't be pulled",
        }.get(reason, f"is waiting to start: {reason}")
        raise bad_request(f'container "{container}" in pod "{name_of(pod)}" {told}')


def log(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    pod = registry.get(cluster, target.resource, target.namespace, target.name)
    container, previous = _container_of(request, pod), request.flag("previous")
    key = (target.namespace, target.name, container, previous)
    if key not in cluster.logs:
        _refuse_absent(pod, container, previous)
        if pod["spec"].get("nodeName") in cluster.behaviour.dead_nodes:
            why = (
                f'Get "https://{pod["spec"]["nodeName"]}:10250/containerLogs": dial tcp: i/o'
                " timeout"
            )
            raise ApiError(500, "InternalError", why)
    wanted = LogOptions(
        container,
        previous,
        request.integer("tailLines"),
        request.integer("limitBytes"),
        request.integer("sinceSeconds"),
        request.flag("timestamps"),
    )
    return text_response(log_text(cluster, pod, wanted, cluster.clock.now()))


def finalize(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    body = request.object()

    def finalized(obj: Obj) -> Obj:
        obj["spec"] = deepcopy(body.get("spec") or {})
        return obj

    context = context_of(cluster, request)
    new = registry.update(cluster, target.resource, "", target.name, finalized, context)
    return json_response(new)
