"""API errors as Status objects, in the words of k8s.io/apimachinery/pkg/api/errors."""

import json
from typing import Any

from simulator.apimachinery.objects import Obj
from simulator.apimachinery.resources import Resource

EXPIRED_CONTINUE = (
    "The provided continue parameter is too old to display a consistent list result. You can start"
    " a new list without the continue parameter, or use the continue token in this response to"
    " retrieve the remainder of the results. Continuing with the provided token results in an"
    " inconsistent list - objects that were created, modified, or deleted between the time the"
    " first chunk was returned and now may show up in the list."
)
MODIFIED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)
TERMINATING = "NamespaceTerminating"
PATCH_REFUSED = "the server rejected our request due to an error in our request"


class ApiError(Exception):
    """A refusal; `status()` is its body. `details` None leaves them out, empty shows `{}`."""

    def __init__(
        self, code: int, reason: str, message: str, details: Obj | None = None, retry_after: int = 0
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details, self.retry_after = details, retry_after

    def has_cause(self, reason: str) -> bool:
        causes = (self.details or {}).get("causes") or ()
        return any(one["reason"] == reason for one in causes)

    def status(self) -> Obj:
        body: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body["message"] = self.message
        if self.reason:
            body["reason"] = self.reason
        if self.retry_after:
            body["details"] = {**(self.details or {}), "retryAfterSeconds": self.retry_after}
        elif self.details is not None:
            body["details"] = dict(self.details)
        return body | {"code": self.code}


class PageNotFound(Exception):
    """A path that no resource serves: plain text, not a Status."""


def _details(resource: Resource, name: str) -> Obj:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in details.items() if value}


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(
    user: str, verb: str, resource: Resource, subresource: str, namespace: str, name: str
) -> ApiError:
    plural = resource.plural + (f"/{subresource}" if subresource else "")
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    subject = f'{resource.qualified} "{name}"' if name else resource.qualified
    message = (
        f'{subject} is forbidden: User "{user}" cannot {verb} resource "{plural}"'
        f' in API group "{resource.group}" {scope}'
    )
    return ApiError(403, "Forbidden", message, _details(resource, name))


def forbidden_path(user: str, verb: str, path: str) -> ApiError:
    return ApiError(403, "Forbidden", f'forbidden: User "{user}" cannot {verb} path "{path}"')


def denied(resource: Resource, name: str, why: str, causes: list[Obj] | None = None) -> ApiError:
    message = f'{resource.qualified} "{name}" is forbidden: {why}'
    details = _details(resource, name) | ({"causes": causes} if causes else {})
    return ApiError(403, "Forbidden", message, details)


def terminating(resource: Resource, name: str, namespace: str) -> ApiError:
    """What is created in a namespace that is being deleted."""
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    told = f"namespace {namespace} is being terminated"
    return denied(resource, name, why, [cause(TERMINATING, "metadata.namespace", told)])


def not_found(resource: Resource, name: str) -> ApiError:
    message = f'{resource.qualified} "{name}" not found'
    return ApiError(404, "NotFound", message, _details(resource, name))


def not_found_generic() -> ApiError:
    message = "the server could not find the requested resource"
    return ApiError(404, "NotFound", message, {})


def method_not_allowed() -> ApiError:
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message)


def already_exists(resource: Resource, name: str) -> ApiError:
    message = f'{resource.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str = MODIFIED) -> ApiError:
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def precondition_failed(resource: Resource, name: str, why: str) -> ApiError:
    """rest.BeforeDelete names the kind, not the resource."""
    qualified = resource.kind + (f".{resource.group}" if resource.group else "")
    details = _details(resource, name) | {"kind": resource.kind}
    message = f'Operation cannot be fulfilled on {qualified} "{name}": {why}'
    return ApiError(409, "Conflict", message, details)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def expired(message: str) -> ApiError:
    return ApiError(410, "Expired", message)


def unsupported_media_type(accepted: list[str]) -> ApiError:
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )
    return ApiError(415, "UnsupportedMediaType", message)


def invalid_patch(shown: str, why: str) -> ApiError:
    """A patch whose result can't be decoded: it is the patch that is invalid, not the object."""
    text = f"Invalid value: {json.dumps(shown, ensure_ascii=False)}: {why}"
    details = {"causes": [cause("FieldValueInvalid", "patch", text)]}
    return ApiError(422, "Invalid", f' "" is invalid: patch: {text}', details)


def invalid_options(why: str) -> ApiError:
    """A watch's options that don't go together."""
    field, text = "resourceVersionMatch", f"Forbidden: {why}"
    details = {"group": "meta.k8s.io", "kind": "ListOptions"}
    message = f'ListOptions.meta.k8s.io "" is invalid: {field}: {text}'
    causes = [cause("FieldValueForbidden", field, text)]
    return ApiError(422, "Invalid", message, {**details, "causes": causes})


def apply_conflict(message: str, causes: list[Obj]) -> ApiError:
    return ApiError(409, "Conflict", message, {"causes": causes})


def unprocessable() -> ApiError:
    return ApiError(422, "Invalid", PATCH_REFUSED)


def too_many_requests(
    message: str, retry_after: int = 1, causes: list[Obj] | None = None
) -> ApiError:
    details: Obj | None = {"causes": causes} if causes else None
    return ApiError(429, "TooManyRequests", message, details, retry_after)


def internal(message: str) -> ApiError:
    details = {"causes": [{"message": message}]}
    return ApiError(500, "InternalError", f"Internal error occurred: {message}", details)


def cause(reason: str, field: str, message: str) -> Obj:
    return {"reason": reason, "message": message, "field": field}


def invalid_value(field: str, value: Any, why: str) -> Obj:
    shown = f'"{value}"' if isinstance(value, str) else value
    return cause("FieldValueInvalid", field, f"Invalid value: {shown}: {why}")


def required(field: str, why: str = "") -> Obj:
    return cause("FieldValueRequired", field, "Required value" + (f": {why}" if why else ""))


def invalid(resource: Resource, name: str, causes: list[Obj]) -> ApiError:
    kind = resource.kind + (f".{resource.group}" if resource.group else "")
    told = [f"{c['field']}: {c['message']}" for c in causes]
    text = told[0] if len(told) == 1 else "[" + ", ".join(told) + "]"
    details: Obj = {"name": name, "group": resource.group, "kind": resource.kind, "causes": causes}
    details = {key: value for key, value in details.items() if value}
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)
