"""What is abnormal and no incident yet."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from detection import clients
from detection.api.serializers import WatchedListSerializer
from detection.incidents import watched
from kubewise_site.core.rest.views import Guarded


class WatchedView(Guarded):
    """What is being watched: noticed, told to nobody, and when it becomes an incident."""

    @extend_schema(operation_id="watched", responses=WatchedListSerializer)
    def get(self, request: Request) -> Response:
        rows = watched.shown(clients.current_cluster())
        return Response(WatchedListSerializer({"count": len(rows), "watched": rows}).data)
