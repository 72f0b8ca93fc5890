"""Serializers that read plain values: what is declared stays, each value is fetched directly.

DRF asks every field of every row for its attribute, its source, its null, its zone: for a page of
events that took most of the answer. A test compares the two ways of reading.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.utils.functional import cached_property
from rest_framework import serializers

from remediation.models.querysets import rows_of

Getter = Callable[[Any], Any]
AS_STORED = (
    serializers.CharField, serializers.ChoiceField, serializers.IntegerField,
    serializers.FloatField, serializers.BooleanField, serializers.JSONField,
    serializers.DictField, serializers.ListField,
)  # fmt: skip


# No docstring: it would be told as the description of every shape in the schema.
class PlainReading(serializers.BaseSerializer[Any]):
    # Before `Serializer` among the bases. For rows as the database gave them, read-only.

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: get(instance) for name, get in self._getters}

    @cached_property
    def _getters(self) -> list[tuple[str, Getter]]:
        fields: dict[str, Any] = self.fields  # type: ignore[attr-defined]
        return [(name, self._getter(field)) for name, field in fields.items()]

    def _getter(self, field: Any) -> Getter:
        if isinstance(field, serializers.SerializerMethodField):
            return getattr(self, field.method_name or "")  # type: ignore[no-any-return]
        if isinstance(field, serializers.ListSerializer):
            child: Any = field.child
            return _many(field.source or "", child.to_representation)
        if field.source == "*":
            return field.to_representation  # type: ignore[no-any-return]
        read = attrgetter(field.source)
        if isinstance(field, serializers.DateTimeField):
            return lambda row: time_text(read(row))
        if isinstance(field, serializers.UUIDField):
            return lambda row: str(read(row))
        if isinstance(field, AS_STORED):
            return read
        raise TypeError(f"{type(field).__name__} is not known to be stored as it is shown")


def _many(source: str, shown: Getter) -> Getter:
    return lambda row: [shown(item) for item in rows_of(row, source)]


def time_text(moment: datetime | None) -> str | None:
    """`2026-03-01T03:00:00Z`, as DRF writes a time in UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
