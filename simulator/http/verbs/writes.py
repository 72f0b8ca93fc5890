"""POST, PUT, PATCH and DELETE."""

from simulator.apimachinery.errors import bad_request, invalid_patch, method_not_allowed, not_found
from simulator.apimachinery.objects import Obj, name_of, namespace_of
from simulator.apiserver import registry
from simulator.apiserver.apply import apply, owned_after
from simulator.apiserver.context import DeleteOptions, WriteContext
from simulator.apiserver.deletion import delete
from simulator.cluster import Cluster
from simulator.http.request import Request, RequestTarget
from simulator.http.response import Response, json_response
from simulator.http.verbs.events import to_core
from simulator.http.verbs.patches import APPLY, mutation, shown_patch
from simulator.http.verbs.reads import form_of, matcher, render

RETURNS_OBJECT = {
    "pods",
    "namespaces",
    "services",
    "persistentvolumeclaims",
    "persistentvolumes",
    "serviceaccounts",
}


def context_of(cluster: Cluster, request: Request, operation: str = "Update") -> WriteContext:
    dry_run = request.query.get("dryRun", [])
    if any(value != "All" for value in dry_run):
        raise bad_request(f'Invalid value: "{dry_run[0]}": dryRun must be "All"')
    agent = request.headers.get("user-agent", "unknown").split("/", 1)[0]
    return WriteContext(
        now=cluster.clock.now(),
        manager=request.param("fieldManager") or agent,
        dry_run=bool(dry_run),
        validation=request.param("fieldValidation") or "Warn",
        operation=operation,
        user=request.user.name,
        warn=request.warnings.append,
    )


def answer(request: Request, target: RequestTarget, obj: Obj, code: int = 200) -> Response:
    return Response(code, render(target.resource, obj, form_of(request)))


def _checked(target: RequestTarget, obj: Obj, context: WriteContext) -> Obj:
    resource = target.resource
    unknown = registry.check_fields(resource, obj, context)
    if unknown and context.validation == "Strict":
        head = (
            f'{resource.kind} in version "{resource.version}" cannot be handled as a'
            f" {resource.kind}"
        )
        raise bad_request(f"{head}: {_strict(unknown)}")
    return obj


def _strict(unknown: list[str]) -> str:
    return "strict decoding error: " + ", ".join(f'unknown field "{path}"' for path in unknown)


def _checked_patch(request: Request, target: RequestTarget, obj: Obj, context: WriteContext) -> Obj:
    """What a patch made of an object. A refusal shows the patch, or its result."""
    shown = shown_patch(request, obj) if context.validation == "Strict" else ""
    unknown = registry.check_fields(target.resource, obj, context)
    if unknown and shown:
        raise invalid_patch(shown, _strict(unknown))
    return obj


def _identify(target: RequestTarget, obj: Obj) -> Obj:
    resource, metadata = target.resource, obj.setdefault("metadata", {})
    kind, version = obj.get("kind"), obj.get("apiVersion")
    if (kind and kind != resource.kind) or (version and version != resource.api_version):
        number = str(version or resource.api_version).rpartition("/")[2]
        raise bad_request(
            f'{kind} in version "{number}" cannot be handled as a {resource.kind}: no kind'
            f' "{kind}" is'
            f' registered for version "{version}" in scheme'
        )
    given = metadata.get("namespace")
    if resource.namespaced and given and given != target.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if resource.namespaced:
        metadata["namespace"] = target.namespace
    return obj


def create(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    if target.name or (target.resource.namespaced and not target.namespace):
        raise method_not_allowed()
    context = context_of(cluster, request)
    obj = request.object()
    if target.resource.storage:
        obj = to_core(obj) | {"kind": "Event", "apiVersion": "events.k8s.io/v1"}
    obj = _checked(target, _identify(target, obj), context)
    return answer(request, target, registry.create(cluster, target.resource, obj, context), 201)


def update(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    context = context_of(cluster, request)
    obj = _checked(target, _identify(target, request.object()), context)
    if obj["metadata"].setdefault("name", target.name) != target.name:
        given = obj["metadata"]["name"]
        raise bad_request(
            f"the name of the object ({given}) does not match the name on the URL ({target.name})"
        )

    def replaced(held: Obj) -> Obj:
        registry.require_uid(target.resource, target.name, held, obj)
        return obj

    subresource = "status" if target.subresource == "status" else ""
    new = registry.update(
        cluster, target.resource, target.namespace, target.name, replaced, context, subresource
    )
    return answer(request, target, new)


def patch(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    if request.content_type in APPLY:
        return _apply(cluster, request, target)
    context = context_of(cluster, request)
    change = mutation(request, target)
    subresource = "status" if target.subresource == "status" else ""
    new = registry.update(
        cluster,
        target.resource,
        target.namespace,
        target.name,
        lambda obj: _checked_patch(request, target, change(obj), context),
        context,
        subresource,
    )
    return answer(request, target, new)


def _apply(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    if not request.param("fieldManager"):
        raise bad_request(
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is'
            " required for apply patch"
        )
    context = context_of(cluster, request, "Apply")
    wanted = _checked(target, _identify(target, request.object()), context)
    wanted["metadata"].setdefault("name", target.name)
    with cluster.store.lock:
        new, code = _applied(cluster, request, target, wanted, context)
    return answer(request, target, new, code)


def _applied(
    cluster: Cluster, request: Request, target: RequestTarget, wanted: Obj, context: WriteContext
) -> tuple[Obj, int]:
    resource, where = target.resource, (target.namespace, target.name)
    key, held = (
        (resource.table, *where, target.subresource),
        cluster.store.get(resource.table, *where),
    )
    if held is None and target.subresource:
        raise not_found(resource, target.name)
    owned = cluster.applied.get(key, {}) if held else {}
    if held is None:
        new, code = registry.create(cluster, resource, wanted, context), 201
    else:
        force = request.flag("force")
        subresource = "status" if target.subresource == "status" else ""
        new, code = (
            registry.update(
                cluster,
                resource,
                *where,
                lambda obj: apply(obj, wanted, owned, context.manager, force),
                context,
                subresource,
            ),
            200,
        )
    if not context.dry_run:
        cluster.applied[key] = owned_after(owned, context.manager, wanted, held or new)
    return new, code


def options_of(request: Request) -> DeleteOptions:
    body = request.object()
    query: Obj = {}
    if request.param("gracePeriodSeconds"):
        query["gracePeriodSeconds"] = request.integer("gracePeriodSeconds")
    if request.param("propagationPolicy"):
        query["propagationPolicy"] = request.param("propagationPolicy")
    if body.get("dryRun"):
        request.query.setdefault("dryRun", list(body["dryRun"]))
    return DeleteOptions.from_body(query | body)


def remove(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    options = options_of(request)
    context = context_of(cluster, request)
    obj, gone = delete(cluster, target.resource, target.namespace, target.name, options, context)
    if gone and target.resource.table not in RETURNS_OBJECT:
        return json_response(_success(target, obj))
    return answer(request, target, obj)


def _success(target: RequestTarget, obj: Obj) -> Obj:
    details = {"name": name_of(obj), "group": target.resource.group, "kind": target.resource.plural}
    details = {k: v for k, v in details.items() if v} | {"uid": obj["metadata"]["uid"]}
    head: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}}
    return head | {"status": "Success", "details": details}


def remove_all(cluster: Cluster, request: Request, target: RequestTarget) -> Response:
    options, match = options_of(request), matcher(request, target)
    context = context_of(cluster, request)
    with cluster.store.lock:
        found = cluster.store.items(target.resource.table, target.namespace)
        chosen = [obj for obj in found if match is None or match(obj)]
        for obj in chosen:
            delete(cluster, target.resource, namespace_of(obj), name_of(obj), options, context)
    version = {"resourceVersion": str(cluster.store.revision)}
    kind = target.resource.kind + "List"
    return json_response(
        {
            "kind": kind,
            "apiVersion": target.resource.api_version,
            "metadata": version,
            "items": chosen,
        }
    )
