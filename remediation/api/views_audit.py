"""The audit trail as JSON lines, as `manage.py export_audit` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from kubewise_site.core.rest.views import Guarded
from remediation.audit import trail
from remediation.models import AuditEntry
from remediation.models.permissions import EXPORT_AUDIT

JSON_LINES = "application/x-ndjson"
HIGHEST = 2**63 - 1


class JsonLines(BaseRenderer):
    """Only for the negotiation: the view streams its lines itself."""

    media_type, format = JSON_LINES, "ndjson"

    def render(self, data: Any, *_: Any) -> bytes:
        return JSONRenderer().render(data)


class AfterForm(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=HIGHEST, default=0)


class AuditView(Guarded):
    """Who did what to which record, one JSON object a line, oldest first."""

    reads = EXPORT_AUDIT
    asks = frozenset({"after"})
    renderer_classes = (JsonLines,)

    @extend_schema(
        operation_id="audit",
        parameters=[OpenApiParameter("after", {"type": "integer", "minimum": 0, "maximum": HIGHEST},
                                     description="Only entries after this number.")],
        responses={(200, JSON_LINES): OpenApiTypes.STR},
    )  # fmt: skip
    def get(self, request: Request) -> StreamingHttpResponse:
        asked = AfterForm(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return StreamingHttpResponse(_lines(asked.validated_data["after"]), content_type=JSON_LINES)


def _lines(after: int) -> Iterator[str]:
    for entry in AuditEntry.objects.filter(seq__gt=after).order_by("seq").iterator():
        yield json.dumps(trail.as_dict(entry), sort_keys=True) + "\n"
