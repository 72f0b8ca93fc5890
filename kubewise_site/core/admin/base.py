"""What the admin pages of both apps share: read-only history and the colours of badges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.decorators import display

Column = TypeVar("Column", bound=Callable[..., Any])
MOST_COUNTED = 10_000


def badge(
    description: str, ordering: str, colours: Mapping[str, str]
) -> Callable[[Column], Column]:
    """A column shown as a badge, in the colour of its value."""
    decorate: Callable[[Column], Column] = display(
        description=description, ordering=ordering, label=dict(colours)
    )
    return decorate


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to a bound, so that a list of a million rows costs no COUNT over all of them."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:MOST_COUNTED].count()


class Record(ModelAdmin):  # type: ignore[misc]
    """A record that is kept: read-only for everyone, superusers too. Its list is kept fresh."""

    list_before_template = "kubewise/list_stale.html"
    paginator = BoundedPaginator
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Editable(ModelAdmin):  # type: ignore[misc]
    """A record that operators write."""

    show_full_result_count = False
    warn_unsaved_form = True
    compressed_fields = True
