"""Versions of the anomaly model: which there are, how they score, and which one is in force."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from detection.anomaly.model.artifacts import ModelRefused
from detection.models.anomaly import ModelVersion
from detection.training.model import versions
from kubewise_site.core import clock
from kubewise_site.core.rest.problem import Problem
from kubewise_site.core.rest.views import Guarded

USE = "detection.use_modelversion"


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    scores = serializers.DictField(child=serializers.JSONField())
    libraries = serializers.DictField(child=serializers.JSONField())
    files = serializers.DictField(child=serializers.CharField(), help_text="File name to sha256.")

    class Meta:
        model = ModelVersion
        fields = (
            "version", "source", "trained_at", "data_sha256", "scores", "libraries", "files",
            "in_force", "used_at", "used_by", "replaced_at",
        )  # fmt: skip


class VersionsAnswer(serializers.Serializer[Any]):
    status = serializers.CharField()
    count = serializers.IntegerField()
    in_force = serializers.CharField(allow_null=True, help_text="null: none is on record.")
    versions = VersionSerializer(many=True)


class VersionAnswer(serializers.Serializer[Any]):
    status = serializers.CharField()
    version = VersionSerializer()


class UsedAnswer(VersionAnswer):
    message = serializers.CharField()


class VersionsView(Guarded):
    """Every version on record, newest first. Training and imports add them."""

    @extend_schema(operation_id="model_versions", responses=VersionsAnswer)
    def get(self, request: Request) -> Response:
        rows = list(ModelVersion.objects.all())
        body = {
            "status": "success",
            "count": len(rows),
            "in_force": next((row.version for row in rows if row.in_force), None),
            "versions": VersionSerializer(rows, many=True).data,
        }
        return Response(body)


class VersionView(Guarded):
    """One version with its scores."""

    @extend_schema(operation_id="model_version", responses=VersionAnswer)
    def get(self, request: Request, version: str) -> Response:
        body = {"status": "success", "version": VersionSerializer(_find(version)).data}
        return Response(body)


class UseView(Guarded):
    """Put this version in force. Its files must be those that were recorded."""

    writes = {"POST": USE}

    @extend_schema(request=None, responses=UsedAnswer, operation_id="model_version_use")
    def post(self, request: Request, version: str) -> Response:
        row, who = _find(version), request.user.get_username()
        if row.in_force:
            told = f"{version} is already in use."
            raise Problem(HTTPStatus.CONFLICT, "in-force", told)
        return _used(lambda: versions.use(row.version, who, clock.now()))


class BackView(Guarded):
    """Go back to the version that was in force before."""

    writes = {"POST": USE}

    @extend_schema(request=None, responses=UsedAnswer, operation_id="model_version_back")
    def post(self, request: Request) -> Response:
        who = request.user.get_username()
        return _used(lambda: versions.go_back(who, clock.now()))


def _find(version: str) -> ModelVersion:
    row = ModelVersion.objects.filter(version=version).first()
    if row is None:
        raise NotFound(f"There is no model version {version[:80]!r}.")
    return row


def _used(put: Callable[[], ModelVersion]) -> Response:
    """Raises the Problem that a refusal is; it changed nothing."""
    try:
        row = put()
    except (ModelRefused, OSError) as error:
        told = f"Nothing changed: {error}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "model-refused", told) from None
    message = f"{row.version} is in use; workers load it with their next pass."
    shown = VersionSerializer(row).data
    return Response({"status": "success", "message": message, "version": shown})
