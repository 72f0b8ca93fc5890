"""/version, /api, /apis and what they lead to."""

from simulator.apimachinery.objects import Obj
from simulator.apimachinery.resources import Catalogue, Resource
from simulator.http.response import Response, json_response

SCALES = {"scale": ("autoscaling", "v1", "Scale"), "eviction": ("policy", "v1", "Eviction")}
SUBRESOURCE_VERBS = {"log": ["get"], "eviction": ["create"], "finalize": ["update"]}


def version(git_version: str) -> Response:
    major, minor = git_version.lstrip("v").split(".")[:2]
    return json_response(
        {
            "major": major,
            "minor": minor,
            "gitVersion": git_version,
            "gitCommit": "0000000000000000000000000000000000000000",
            "gitTreeState": "clean",
            "buildDate": "2025-01-01T00:00:00Z",
            "goVersion": "go1.24.0",
            "compiler": "gc",
            "platform": "linux/amd64",
        }
    )


def core_versions() -> Response:
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}
    return json_response(
        {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}
    )


def _group(name: str, versions: list[str]) -> Obj:
    told = [{"groupVersion": f"{name}/{v}", "version": v} for v in versions]
    return {"name": name, "versions": told, "preferredVersion": told[0]}


def groups(catalogue: Catalogue) -> Response:
    found = [_group(name, versions) for name, versions in catalogue.groups().items()]
    return json_response({"kind": "APIGroupList", "apiVersion": "v1", "groups": found})


def group(catalogue: Catalogue, name: str) -> Response | None:
    versions = catalogue.groups().get(name)
    if not versions:
        return None
    return json_response({"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)})


def _entry(resource: Resource) -> Obj:
    entry: Obj = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
        "storageVersionHash": "c2ltdWxhdG9y",
    }
    if resource.short:
        entry["shortNames"] = list(resource.short)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    return entry


def _subentry(resource: Resource, subresource: str) -> Obj:
    entry: Obj = {
        "name": f"{resource.plural}/{subresource}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": SUBRESOURCE_VERBS.get(subresource, ["get", "patch", "update"]),
    }
    if subresource in SCALES:
        kind = SCALES[subresource]
        entry |= {"group": kind[0], "version": kind[1], "kind": kind[2]}
    return entry


def resources(catalogue: Catalogue, group_name: str, version_name: str) -> Response | None:
    found = []
    for resource in catalogue.of(group_name, version_name):
        found.append(_entry(resource))
        found += [_subentry(resource, sub) for sub in resource.subresources]
    if not found:
        return None
    api_version = f"{group_name}/{version_name}" if group_name else version_name
    listing = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version}
    return json_response(listing | {"resources": found})


def discover(catalogue: Catalogue, git_version: str, path: str) -> Response | None:
    """None when the path is no discovery path (or its group isn't installed)."""
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["version"]:
            return version(git_version)
        case ["api"]:
            return core_versions()
        case ["apis"]:
            return groups(catalogue)
        case ["api", name]:
            return resources(catalogue, "", name)
        case ["apis", name]:
            return group(catalogue, name)
        case ["apis", name, version_name]:
            return resources(catalogue, name, version_name)
        case _:
            return None
