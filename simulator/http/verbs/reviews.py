"""SelfSubjectAccessReview and SelfSubjectRulesReview."""

from simulator.apimachinery.objects import Obj
from simulator.http.request import Request, RequestTarget
from simulator.http.response import Response, json_response


def review(request: Request, target: RequestTarget) -> Response:
    spec = request.object().get("spec") or {}
    status = (
        _rules(request)
        if target.resource.kind == "SelfSubjectRulesReview"
        else _access(request, spec)
    )
    body: Obj = {"kind": target.resource.kind, "apiVersion": target.resource.api_version}
    return json_response(
        body | {"metadata": {"creationTimestamp": None}, "spec": spec, "status": status}, 201
    )


def _access(request: Request, spec: Obj) -> Obj:
    asked = spec.get("resourceAttributes") or {}
    if not asked:
        return {"allowed": True}
    resource = asked.get("resource", "")
    if asked.get("subresource"):
        resource = f"{resource}/{asked['subresource']}"
    group, namespace = asked.get("group", ""), asked.get("namespace", "")
    allowed = request.user.may(asked.get("verb", ""), group, resource, namespace)
    return (
        {"allowed": True, "reason": "RBAC: allowed by simulator"} if allowed else {"allowed": False}
    )


def _rules(request: Request) -> Obj:
    return {
        "resourceRules": [rule.as_api() for rule in request.user.rules],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    }
