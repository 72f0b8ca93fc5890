"""What a list of events can be narrowed by. Each further filter is one line here."""

from __future__ import annotations

import django_filters

from detection.models import Incident
from detection.states import Status

UNKNOWN_STATUS = f"%(value)r is no status; valid are {', '.join(Status.values)}."


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]
    status = django_filters.ChoiceFilter(
        choices=Status.choices, error_messages={"invalid_choice": UNKNOWN_STATUS}
    )

    class Meta:
        model = Incident
        fields = ("status",)
