"""One request, and the resource path that it names."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import yaml

from simulator.apimachinery.errors import bad_request
from simulator.apimachinery.objects import Obj
from simulator.apimachinery.resources import Catalogue, Resource
from simulator.http.users import ANONYMOUS, User
from simulator.http.verbs.protobuf import access_review

PROTOBUF = "application/vnd.kubernetes.protobuf"
TRUE = ("true", "True", "1", "t")


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    user: User = ANONYMOUS
    warnings: list[str] = field(default_factory=list)
    path: str = ""
    query: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path = unquote(parts.path)
        self.query = parse_qs(parts.query, keep_blank_values=True)

    def param(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        return self.param(name) in TRUE

    def integer(self, name: str) -> int | None:
        text = self.param(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "application/json").split(";")[0].strip()

    def document(self) -> Any:
        """The decoded body (JSON, or YAML where the type says so).

        An empty body is an empty object.
        """
        if not self.body:
            return {}
        if self.content_type == PROTOBUF:
            return access_review(self.body)
        if "yaml" in self.content_type:
            return yaml.safe_load(self.body)
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            text = "couldn't get version/kind; json parse error: "
            raise bad_request(f"{text}{error}") from None

    def object(self) -> Obj:
        found = self.document()
        if not isinstance(found, dict):
            raise bad_request(
                "json: cannot unmarshal array into Go value of type map[string]interface {}"
            )
        return found


@dataclass(frozen=True)
class RequestTarget:
    """What a resource path names."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    watch: bool = False


def resolve(catalogue: Catalogue, path: str) -> RequestTarget | None:
    """None when the path names no served resource."""
    found = _split(path)
    if found is None:
        return None
    group, version, rest = found
    watch = rest[0] == "watch" and len(rest) > 1
    return _target(catalogue, group, version, rest[1:] if watch else rest, watch)


def names_served_group(catalogue: Catalogue, path: str) -> bool:
    """Whether a path lies in a group and version that has resources, though not this one."""
    found = _split(path)
    return found is not None and any(catalogue.of(*found[:2]))


def _split(path: str) -> tuple[str, str, list[str]] | None:
    """Group, version and the rest of a resource's path."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 2:
        return "", parts[1], parts[2:]
    if parts[:1] == ["apis"] and len(parts) > 3:
        return parts[1], parts[2], parts[3:]
    return None


def _target(
    catalogue: Catalogue, group: str, version: str, rest: list[str], watch: bool
) -> RequestTarget | None:
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    resource = catalogue.find(group, version, rest[0])
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        return None
    name, subresource = (*rest[1:], "", "")[:2]
    if subresource and subresource not in resource.subresources:
        return None
    return RequestTarget(resource, namespace, name, subresource, watch)
