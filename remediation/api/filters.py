"""What a list of events can be narrowed by. Each further filter is one line here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms import DateTimeField
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field

from detection.domain.causes import Cause, Severity
from detection.domain.statuses import Status
from detection.incidents.search import found, of_kind
from detection.models import Incident
from kubewise_site.core import clock
from kubewise_site.core.foreign_numbers import is_plausible
from remediation.controls.acceptances import accepted

UNKNOWN_STATUS = f"%(value)r is no status; valid are {', '.join(Status.values)}."
UNKNOWN_SEVERITY = f"%(value)r is no severity; valid are {', '.join(Severity)}."
UNKNOWN_CAUSE = "%(value)r is no cause that KubeWise knows; docs/failures.md lists them."


class Rfc3339Field(DateTimeField):
    """A time with its offset: a time without one would be taken for somebody's local time."""

    def to_python(self, value: object) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            found = parse_datetime(str(value).replace(" ", "+"))
        except ValueError:
            found = None
        if found is None or not is_plausible(found):
            told = f"{str(value)[:60]!r} is no RFC 3339 time such as 2026-03-01T03:00:00Z"
            raise ValidationError(told)
        return found


class NothingEmpty(forms.Form):
    """`status=` is a mistake of the caller's, not the wish for all statuses."""

    def clean(self) -> dict[str, Any]:
        for name in self.fields:
            if self.data.get(name) == "":
                self.add_error(name, "It is empty: leave it out, or say which.")
        return super().clean() or {}


@extend_schema_field({"type": "string", "format": "date-time"})
class Rfc3339Filter(django_filters.Filter):  # type: ignore[misc]
    field_class = Rfc3339Field


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`since` is inclusive, `until` exclusive; both are about the detection."""

    status = django_filters.ChoiceFilter(
        choices=Status.choices, error_messages={"invalid_choice": UNKNOWN_STATUS}
    )
    severity = django_filters.ChoiceFilter(
        choices=[(severity.value, severity.value) for severity in Severity],
        error_messages={"invalid_choice": UNKNOWN_SEVERITY},
    )
    cause = django_filters.ChoiceFilter(
        choices=[(cause.value, cause.value) for cause in Cause],
        error_messages={"invalid_choice": UNKNOWN_CAUSE},
    )
    namespace = django_filters.CharFilter(field_name="owner_namespace", max_length=253)
    entity_type = django_filters.CharFilter(method="kind", max_length=100)
    since = Rfc3339Filter(field_name="first_seen", lookup_expr="gte")
    until = Rfc3339Filter(field_name="first_seen", lookup_expr="lt")
    q = django_filters.CharFilter(method="search", max_length=200)
    accepted = django_filters.ChoiceFilter(
        choices=[("true", "accepted"), ("false", "not accepted")], method="is_accepted"
    )

    class Meta:
        model = Incident
        fields = ("status",)
        form = NothingEmpty

    def kind(self, rows: QuerySet[Incident], _: str, text: str) -> QuerySet[Incident]:
        return of_kind(rows, text)

    def is_accepted(self, rows: QuerySet[Incident], _: str, text: str) -> QuerySet[Incident]:
        """`true`: open and accepted. `false`: all others."""
        known = accepted(clock.now()) & Q(closed_at__isnull=True)
        return rows.filter(known) if text == "true" else rows.exclude(known)

    def search(self, rows: QuerySet[Incident], _: str, text: str) -> QuerySet[Incident]:
        """As the admin's: the beginning of a name, `namespace/name`, or an anomaly id."""
        return found(rows, text)
