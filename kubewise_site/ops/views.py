"""The calls that span both apps: the root, health and the configuration in force."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from hmac import compare_digest
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularSwaggerView
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kubewise_site.core import clock
from kubewise_site.core.access.throttling import address_of
from kubewise_site.core.config.reading import SETTINGS
from kubewise_site.core.config.setting import Setting
from kubewise_site.core.rest.views import Guarded, Needs
from kubewise_site.ops import health
from kubewise_site.ops.own_troubles import Trouble, blind_sources, troubles
from kubewise_site.ops.prometheus_exposition import exposition
from kubewise_site.ops.serializers import ConfigSerializer, HealthSerializer, RootSerializer
from kubewise_site.version import VERSION

SCRAPER = "METRICS_TOKEN"
NOTE = "Secrets are left out: “set” or “unset” is all that is told."


class RootView(Guarded):
    """Name, version and links. A browser is sent to the admin."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "GET" and _is_browser(request):
            return redirect("admin:index")
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(responses=RootSerializer, operation_id="root")
    def get(self, request: Request) -> Response:
        names = {"admin": "admin:index", "events": "events", "health": "health",
                 "docs": "docs", "schema": "schema"}  # fmt: skip
        links = {what: request.build_absolute_uri(reverse(name)) for what, name in names.items()}
        return Response({"name": "KubeWise", "version": VERSION, "links": links})


class DocsView(SpectacularSwaggerView):
    """Swagger UI, served from here. A browser that is not logged in is sent to do so."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated and _is_browser(request):
            return redirect_to_login(request.path, "admin:login")
        return super().dispatch(request, *args, **kwargs)


class ScrapeToken(BaseAuthentication):
    """METRICS_TOKEN as a bearer: it is nobody's, and opens the two views that name this class."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, str] | None:
        sent = get_authorization_header(request).removeprefix(b"Bearer ")
        token = settings.METRICS_TOKEN.encode()
        return (AnonymousUser(), SCRAPER) if token and compare_digest(sent, token) else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ScrapeTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema shows it."""

    target_class = ScrapeToken
    name = "scrapeToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "METRICS_TOKEN."}


class MayScrape(Needs):
    """Whoever may read, METRICS_TOKEN, and without a token the networks of METRICS_NETWORKS."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method in SAFE_METHODS and request.auth == SCRAPER:
            return True
        return _is_near(request) or super().has_permission(request, view)


class HealthView(Guarded):
    """Each part with its state; 503 when a part that is needed is not healthy."""

    authentication_classes = (ScrapeToken, *Guarded.authentication_classes)
    permission_classes = (MayScrape,)

    @extend_schema(
        responses={200: HealthSerializer, 503: OpenApiResponse(HealthSerializer)},
        operation_id="health",
    )
    def get(self, request: Request) -> Response:
        parts = health.services(clock.now())
        healthy = health.is_healthy(parts)
        body = {
            "overall_status": "healthy" if healthy else "unhealthy",
            "services": {name: health.as_dict(part) for name, part in parts.items()},
            "troubles": [asdict(one) for one in _troubles(parts, clock.now())],
        }
        return Response(HealthSerializer(body).data, status=200 if healthy else 503)


def _troubles(parts: dict[str, health.ServiceHealth], now: datetime) -> list[Trouble]:
    """None can be told while the database is away: the services say that it is."""
    if parts["database"].status is not health.HealthState.HEALTHY:
        return []
    return troubles(health.heartbeats(), blind_sources(), now)


class PlainText(BaseRenderer):
    """Only for the negotiation: the view writes the text itself."""

    media_type, format = "text/plain", "txt"

    def render(self, data: Any, *_: Any) -> bytes:
        return JSONRenderer().render(data)


class MetricsView(Guarded):
    """KubeWise's own metrics, for Prometheus."""

    schema = None
    authentication_classes = (ScrapeToken, *Guarded.authentication_classes)
    permission_classes = (MayScrape,)
    renderer_classes = (PlainText,)

    def get(self, request: Request) -> HttpResponse:
        text = exposition(clock.now())
        return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _is_near(request: Request) -> bool:
    try:
        client = ip_address(address_of(request))
    except ValueError:
        return False
    return any(client in ip_network(network) for network in settings.METRICS_NETWORKS)


class ConfigView(Guarded):
    """The configuration in force, by the names of the environment."""

    @extend_schema(responses=ConfigSerializer, operation_id="setup_config")
    def get(self, request: Request) -> Response:
        config = {setting.name: _shown(setting) for setting in SETTINGS}
        return Response({"status": "success", "config": config, "note": NOTE})


def _shown(setting: Setting) -> Any:
    """The parsed value as the processes use it, or for a secret only whether there is one."""
    value = settings.VALUES[setting.name]
    if setting.secret:
        return "set" if value else "unset"
    if isinstance(value, tuple):
        return [_without_password(item) for item in value]
    return _without_password(value)


def _without_password(value: Any) -> Any:
    """An address keeps its host and loses the user and password before it."""
    if not isinstance(value, str) or "://" not in value or "@" not in value:
        return value
    parts = urlsplit(value)
    return urlunsplit(parts._replace(netloc=f"***@{parts.netloc.rpartition('@')[2]}"))


def _is_browser(request: HttpRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "")


def healthz(_: HttpRequest) -> HttpResponse:
    """Alive: the process answers. Open, without detail."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(_: HttpRequest) -> HttpResponse:
    """Ready: the database answers. Open, without detail."""
    ready = health.check_database().status is health.HealthState.HEALTHY
    return HttpResponse(
        "ok\n" if ready else "not ready\n",
        status=200 if ready else 503,
        content_type="text/plain",
    )
