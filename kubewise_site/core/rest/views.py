"""What all of the REST API shares: permissions per verb, and tolerant routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.urls import URLPattern, path
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from kubewise_site.core.access.models import ApiToken
from kubewise_site.core.access.scopes import TokenScope, scope_for
from kubewise_site.core.rest.idempotency import idempotent

View = Callable[..., HttpResponseBase]
# What every group has, and a user without a group has not.
LOOKS = "detection.view_incident"


class Needs(BasePermission):
    """Reading needs a user of a group; writing the permission that the view names per method.

    A view says `writes = {"PUT": "remediation.set_mode"}`. A handler without an entry is refused
    to everybody; a method without a handler passes, so that the answer is 405.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        method = request.method or ""
        if method in SAFE_METHODS:
            return _may(request, TokenScope.READ, getattr(view, "reads", "") or LOOKS)
        needed: str | None = getattr(view, "writes", {}).get(method)
        if needed is None:
            return not hasattr(view, method.lower())
        return _may(request, scope_for(needed), needed)


def _may(request: Request, scope: TokenScope, permission: str) -> bool:
    """Raises PermissionDenied with what is missing, so that it can be given."""
    if isinstance(request.auth, ApiToken) and scope not in request.auth.scopes:
        has = ", ".join(request.auth.scopes)
        raise PermissionDenied(f"This token lacks the scope {scope}; it has {has}.")
    if permission and not request.user.has_perm(permission):
        raise PermissionDenied(f"You lack the permission {permission}.")
    return True


class Guarded(APIView):
    """The base of our views: see `Needs`. Each POST honours an Idempotency-Key.

    `asks`: the names that a question may have. A misspelt filter would else answer everything.
    """

    permission_classes: tuple[type[BasePermission], ...] = (IsAuthenticated, Needs)
    writes: ClassVar[dict[str, str]] = {}
    reads: ClassVar[str] = ""
    asks: ClassVar[frozenset[str] | None] = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.asks is not None and request.method in SAFE_METHODS:
            known = ", ".join(sorted(self.asks))
            strange = sorted(set(request.query_params) - self.asks)
            if strange:
                raise ValidationError(dict.fromkeys(strange, f"not known here; {known} are"))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "post" in vars(cls):
            cls.post = idempotent(vars(cls)["post"])  # type: ignore[attr-defined]


def validated_body(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body as the shape reads it. Raises ValidationError with each wrong field."""
    form = shape(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class NoSuchPath(APIView):
    """Whatever below /api/ is no address of ours: 401 to strangers, else 404, in our shape."""

    schema = None

    def http_method_not_allowed(  # type: ignore[override]
        self, request: Request, *_: Any, **__: Any
    ) -> Response:
        raise NotFound(f"There is nothing at {request.path}.")


def with_and_without_slash(route: str, view: View, name: str) -> list[URLPattern]:
    """The route with and without its last slash: neither redirects, so no POST loses its body.

    The form as given is the one that the schema documents and `reverse` finds.
    """
    other = route.removesuffix("/") if route.endswith("/") else f"{route}/"
    return [path(route, view, name=name), path(other, view)]
