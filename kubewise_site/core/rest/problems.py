"""The one error shape of the API: RFC 9457 problem details, for every answer that is no success."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler

from kubewise_site.core.foreign_text import safe
from kubewise_site.core.rest.problem import FieldError

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/api/"


def problem(
    status: int,
    detail: str,
    instance: str,
    errors: Sequence[FieldError] = (),
    kind: str = "",
) -> dict[str, Any]:
    """What was sent is told as visible text: a parameter's name may hold anything."""
    return {
        "type": f"urn:kubewise:{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": safe(detail),
        "instance": safe(instance),
        "errors": [{key: safe(text) for key, text in one.items()} for one in errors],
    }


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: whatever a view raises becomes a problem."""
    request: HttpRequest = context["request"]
    answer = exception_handler(_translated(error), dict(context)) or _unhandled(error, context)
    errors = [*_field_errors(error), *getattr(error, "errors", ())]
    answer.data = problem(
        answer.status_code,
        _detail(error, answer.status_code),
        request.path,
        errors,
        getattr(error, "kind", ""),
    )
    answer.content_type = CONTENT_TYPE
    # The view's own renderer may be one of YAML or HTML.
    context["request"].accepted_renderer = JSONRenderer()
    context["request"].accepted_media_type = CONTENT_TYPE
    return answer


def _translated(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    return error


def _unhandled(error: Exception, context: Mapping[str, Any]) -> Response:
    """A bug: logged and signalled as Django does it, and told without its details."""
    request = context["request"]
    log.exception("unhandled exception in the API", path=request.path, exc_info=error)
    got_request_exception.send(sender=type(context["view"]), request=request)
    return Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _detail(error: Exception, status: int) -> str:
    if isinstance(error, exceptions.ValidationError):
        told = [f"{e['field']}: {e['detail']}" for e in _field_errors(error)]
        return "; ".join(told)
    if isinstance(error, exceptions.APIException) and isinstance(error.detail, str):
        return str(error.detail)
    if isinstance(error, Http404):
        return "There is nothing at this address."
    if isinstance(error, PermissionDenied):
        return str(error) or "You do not have permission to perform this action."
    return HTTPStatus(status).description or HTTPStatus(status).phrase


def _field_errors(error: Exception) -> list[FieldError]:
    if not isinstance(error, exceptions.ValidationError):
        return []
    return list(_flat("", error.detail))


def _flat(field: str, detail: Any) -> Iterator[FieldError]:
    """DRF's nested errors as one list; `field` is a path like `parameters.name`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flat(f"{field}.{name}" if field else str(name), inner)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(field, inner)
    else:
        yield {"field": field or "body", "detail": str(detail)}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400) or defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500) or defaults.server_error(request)


def _page(request: HttpRequest, status: int) -> HttpResponse | None:
    """The answer of Django's own handlers below /api/; None elsewhere."""
    if not request.path_info.startswith(API_PREFIX):
        return None
    body = problem(status, HTTPStatus(status).description, request.path_info)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
