"""/openapi: just enough for kubectl to see which parameters a PATCH takes, and to decode kinds."""

from simulator.apimachinery.objects import Obj
from simulator.apimachinery.resources import Catalogue, Resource
from simulator.apimachinery.schema.fields import model_of, table
from simulator.http.response import Response, json_response

PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")
PRIMITIVES = {
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "float": "number",
    "datetime": "string",
}


def _gvk(resource: Resource) -> Obj:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def root(catalogue: Catalogue) -> Response:
    paths = {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}}
    for name, versions in catalogue.groups().items():
        for version in versions:
            path = f"apis/{name}/{version}"
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}"}
    return json_response({"paths": paths})


def _path(resource: Resource, base: str) -> tuple[str, Obj]:
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    parameters: list[Obj] = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in PARAMETERS
    ]
    patch: Obj = {"operationId": f"patch{resource.kind}", "parameters": parameters}
    patch |= {"x-kubernetes-group-version-kind": _gvk(resource), "x-kubernetes-action": "patch"}
    return f"{base}{scope}/{resource.plural}/{{name}}", {"patch": patch}


def _schema(kind: object) -> Obj:
    if isinstance(kind, list):
        return {"type": "array", "items": _schema(kind[0])}
    if isinstance(kind, dict):
        return {"type": "object", "additionalProperties": _schema(kind["*"])}
    if kind in table():
        return {"allOf": [{"$ref": f"#/components/schemas/{kind}"}]}
    return {"type": PRIMITIVES.get(str(kind), "object")}


def _reachable(models: list[str]) -> dict[str, Obj]:
    found: dict[str, Obj] = {}
    while models:
        model = models.pop()
        if model not in found:
            fields = table()[model]
            properties = {name: _schema(kind) for name, kind in fields.items()}
            found[model] = {"type": "object", "properties": properties}
            models += [m for kind in fields.values() for m in _models(kind)]
    return found


def _models(kind: object) -> list[str]:
    inner = kind[0] if isinstance(kind, list) else kind["*"] if isinstance(kind, dict) else kind
    if isinstance(inner, str):
        return [inner] if inner in table() else []
    return _models(inner)


def document(catalogue: Catalogue, group: str, version: str) -> Response | None:
    served = list(catalogue.of(group, version))
    if not served:
        return None
    base = f"/apis/{group}/{version}" if group else f"/api/{version}"
    models = {resource: model_of(resource) for resource in served}
    schemas = _reachable([model for model in models.values() if model])
    for resource, model in models.items():
        if model:
            schemas[model] = {**schemas[model], "x-kubernetes-group-version-kind": [_gvk(resource)]}
    paths = dict(_path(resource, base) for resource in served)
    info = {"title": "Kubernetes", "version": "v1.34.4"}
    return json_response(
        {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}
    )


def serve(catalogue: Catalogue, path: str) -> Response | None:
    match [part for part in path.split("/") if part]:
        case ["openapi", "v3"]:
            return root(catalogue)
        case ["openapi", "v3", "api", version]:
            return document(catalogue, "", version)
        case ["openapi", "v3", "apis", group, version]:
            return document(catalogue, group, version)
        case ["openapi", "v2"]:
            info = {"title": "Kubernetes", "version": "v1.34.4"}
            return json_response({"swagger": "2.0", "info": info, "paths": {}, "definitions": {}})
        case _:
            return None
