"""Finding incidents by what a person types: the beginning of a name, or an anomaly id."""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from detection.models import Incident
from detection.models.indexes import BY_NAME

LAST = "\U0010ffff"


def found(rows: QuerySet[Incident], text: str) -> QuerySet[Incident]:
    """Those of `rows` that match, by name and each name's newest first.

    That is the order of the index, so that a beginning that half of all incidents have costs no
    more than one that a single incident has.
    """
    return rows.filter(matching(text)).order_by(*BY_NAME)


def matching(text: str) -> Q:
    """`cart`, `shop/cart` (a namespace and the beginning of a name) or a whole anomaly id."""
    words = text.strip().lower()
    if found := _anomaly_id(words):
        return Q(anomaly_id=found)
    namespace, _, name = words.rpartition("/")
    wanted = begins_with("owner_name", name) if name else Q()
    return wanted & Q(owner_namespace=namespace) if namespace else wanted


def begins_with(field: str, text: str) -> Q:
    """A prefix in the form for which the database has an index.

    SQLite's LIKE knows no case and uses no index, a range does; in PostgreSQL a range depends on
    the collation, and LIKE has the index that Django makes for it. Names are in lower case.
    """
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST})
    return Q(**{f"{field}__startswith": text})


def of_kind(rows: QuerySet[Incident], kind: str) -> QuerySet[Incident]:
    """By the owner's kind in any case, in the form that the index has."""
    return rows.alias(lower_kind=Lower("owner_kind")).filter(lower_kind=kind.lower())


def _anomaly_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
