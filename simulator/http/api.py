"""From a request to a response: authentication, discovery, authorization, verbs, recording."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.apimachinery.clock import micro_stamp
from simulator.apimachinery.errors import (
    ApiError,
    PageNotFound,
    bad_request,
    forbidden,
    forbidden_path,
    method_not_allowed,
    not_found_generic,
    unauthorized,
)
from simulator.cluster import Cluster
from simulator.http import openapi
from simulator.http.discovery import discover
from simulator.http.recorder import Recorder, Write
from simulator.http.request import Request, RequestTarget, names_served_group, resolve
from simulator.http.response import Response, error_response, text_response
from simulator.http.server_faults import Dropped, Switches
from simulator.http.users import Users
from simulator.http.verbs import reads, reviews, subresources, writes
from simulator.http.verbs.watch import watch

HEALTH = ("/healthz", "/readyz", "/livez")
READS = ("get", "list", "watch")
CHANGES = {"PUT": "update", "PATCH": "patch"}
SUBRESOURCES: dict[str, Callable[[Cluster, Request, RequestTarget], Response]] = {
    "scale": subresources.scale,
    "eviction": subresources.eviction,
    "log": subresources.log,
    "finalize": subresources.finalize,
}


@dataclass
class Api:
    cluster: Cluster
    users: Users = field(default_factory=Users)
    switches: Switches = field(default_factory=Switches)
    recorder: Recorder = field(default_factory=Recorder)
    snapshots: reads.Snapshots = field(default_factory=reads.Snapshots)
    closing: threading.Event = field(default_factory=threading.Event)

    def handle(self, request: Request) -> Response:
        """Never raises but Dropped."""
        try:
            return self._handle(request)
        except ApiError as error:
            return error_response(error)
        except PageNotFound:
            return text_response("404 page not found\n", 404)

    def _handle(self, request: Request) -> Response:
        if request.path.split("?")[0].rstrip("/") in HEALTH or request.path.startswith(
            ("/livez/", "/readyz/")
        ):
            return text_response("ok")
        user = self.users.of(request.headers.get("authorization", ""))
        if user is None:
            raise unauthorized()
        request.user = user
        target = resolve(self.cluster.catalogue, request.path)
        if target is None:
            return self._page(request)
        return self._resource(request, target)

    def _page(self, request: Request) -> Response:
        found = discover(
            self.cluster.catalogue, self.cluster.version, request.path
        ) or openapi.serve(self.cluster.catalogue, request.path)
        if found is None:
            if not request.path.startswith(("/api", "/openapi")) and not request.user.may(
                "*", "*", "*"
            ):
                raise forbidden_path(request.user.name, request.method.lower(), request.path)
            if names_served_group(self.cluster.catalogue, request.path):
                raise not_found_generic()
            raise PageNotFound
        if request.method != "GET":
            raise method_not_allowed()
        return found

    def _resource(self, request: Request, target: RequestTarget) -> Response:
        verb = verb_of(request, target)
        if verb in READS:
            self.recorder.read(verb, _label(target))
            return self._checked(request, target, verb)
        try:
            response = self._checked(request, target, verb)
        except (ApiError, Dropped) as error:
            self._record(request, target, verb, error.code if isinstance(error, ApiError) else 0)
            raise
        self._record(request, target, verb, response.code)
        return response

    def _checked(self, request: Request, target: RequestTarget, verb: str) -> Response:
        self._authorize(request, target, verb)
        dry_run = bool(request.query.get("dryRun"))
        self.switches.apply(target, verb, request.user.name, dry_run)
        response = self._dispatch(request, target, verb)
        self.switches.apply_afterwards(target, verb, dry_run)
        if request.warnings:
            response.headers["Warning"] = ", ".join(
                f'299 - "{_quoted(w)}"' for w in request.warnings
            )
        return self._maybe_stale(request, target, verb, response)

    def _authorize(self, request: Request, target: RequestTarget, verb: str) -> None:
        resource = target.resource
        plural = resource.plural + (f"/{target.subresource}" if target.subresource else "")
        if not request.user.may(verb, resource.group, plural, target.namespace):
            raise forbidden(
                request.user.name, verb, resource, target.subresource, target.namespace, target.name
            )

    def _dispatch(self, request: Request, target: RequestTarget, verb: str) -> Response:
        if target.resource.group == "authorization.k8s.io":
            return reviews.review(request, target)
        if target.subresource in SUBRESOURCES:
            return SUBRESOURCES[target.subresource](self.cluster, request, target)
        match verb:
            case "get":
                return reads.get_one(self.cluster, request, target)
            case "list":
                return reads.list_all(self.cluster, self.snapshots, request, target)
            case "watch":
                return watch(self.cluster, request, target, self.closing)
            case "create":
                return writes.create(self.cluster, request, target)
            case "update":
                return writes.update(self.cluster, request, target)
            case "patch":
                return writes.patch(self.cluster, request, target)
            case "delete":
                return writes.remove(self.cluster, request, target)
            case _:
                return writes.remove_all(self.cluster, request, target)

    def _maybe_stale(
        self, request: Request, target: RequestTarget, verb: str, response: Response
    ) -> Response:
        """A stale switch keeps answering what the first read after it was set had answered."""
        if verb in ("get", "list") and self.switches.take(_label(target), verb, "stale"):
            seen = self.switches.seen
            response.body = seen.setdefault(request.target, response.body)
        return response

    def _record(self, request: Request, target: RequestTarget, verb: str, code: int) -> None:
        try:
            body = request.document()
        except (ApiError, ValueError):
            body = request.body.decode(errors="replace")
        dry_run = bool(request.query.get("dryRun"))
        agent = request.headers.get("user-agent", "").split("/", 1)[0]
        name = target.name or (
            ((body.get("metadata") or {}).get("name")) or "" if isinstance(body, dict) else ""
        )
        self.recorder.wrote(
            Write(
                verb,
                request.method,
                request.path,
                _label(target),
                target.namespace,
                name,
                request.user.name,
                dry_run,
                code,
                request.param("fieldManager") or agent,
                micro_stamp(self.cluster.clock.now()),
                request.content_type,
                body,
            )
        )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _label(target: RequestTarget) -> str:
    return target.resource.qualified + (f"/{target.subresource}" if target.subresource else "")


def verb_of(request: Request, target: RequestTarget) -> str:
    """The RBAC verb; ApiError 405 where the method makes no sense."""
    verb = _read_verb(request, target) if request.method == "GET" else _write_verb(request, target)
    if not target.subresource and verb not in target.resource.verbs:
        raise method_not_allowed()
    return verb


def _write_verb(request: Request, target: RequestTarget) -> str:
    if request.method == "POST" and target.subresource in ("", "eviction"):
        return "create"
    if request.method in CHANGES and target.name:
        return CHANGES[request.method]
    if request.method == "DELETE":
        return "delete" if target.name else "deletecollection"
    raise method_not_allowed()


def _read_verb(request: Request, target: RequestTarget) -> str:
    if target.watch or request.flag("watch"):
        return "watch"
    if target.name:
        return "get"
    if request.param("resourceVersion") and not request.param("resourceVersion").isdigit():
        raise bad_request(f'resourceVersion: Invalid value: "{request.param("resourceVersion")}"')
    return "list"
