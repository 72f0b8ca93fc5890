"""The four kinds of PATCH."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import jsonpatch
import jsonpointer

from simulator.apimachinery.errors import bad_request, unprocessable, unsupported_media_type
from simulator.apimachinery.objects import Obj
from simulator.apiserver.merge_patch import merge, strategic
from simulator.http.request import Request, RequestTarget

JSON, MERGE = "application/json-patch+json", "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = ("application/apply-patch+yaml", "application/apply-patch+cbor")


def accepted(target: RequestTarget) -> list[str]:
    kinds = [JSON, MERGE, APPLY[0]]
    return kinds if target.resource.custom else [*kinds[:2], STRATEGIC, *kinds[2:]]


def mutation(request: Request, target: RequestTarget) -> Callable[[Obj], Obj]:
    """The patch as a function of the stored object; ApiError 400, 415 at once, 422 when applied."""
    kind = request.content_type
    if kind not in accepted(target):
        raise unsupported_media_type(accepted(target))
    document = request.document()
    if kind == JSON:
        return _json(document)
    if not isinstance(document, dict):
        raise bad_request(
            "json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    change = merge if kind == MERGE else strategic
    return lambda obj: _object(change(obj, document))


def shown_patch(request: Request, result: Obj) -> str:
    """How a refusal quotes a patch: a strategic one as Go prints it, others by their result."""
    if request.content_type == STRATEGIC:
        return go_text(request.document())
    return json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def go_text(value: Any) -> str:
    """A decoded JSON value as Go's %+v prints it."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{go_text(value[k])}" for k in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_text(one) for one in value) + "]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _object(value: Any) -> Obj:
    if not isinstance(value, dict):
        raise unprocessable()
    return value


def _json(operations: Any) -> Callable[[Obj], Obj]:
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    try:
        patch = jsonpatch.JsonPatch(operations)
    except (jsonpatch.JsonPatchException, TypeError) as error:
        raise bad_request(str(error)) from None

    def change(obj: Obj) -> Obj:
        try:
            return _object(patch.apply(deepcopy(obj)))
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException):
            raise unprocessable() from None

    return change
