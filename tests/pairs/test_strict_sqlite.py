"""What PostgreSQL refuses is refused by the SQLite of the tests: this file runs on both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InternalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.db.models import F, Max, Sum

from detection.models import Heartbeat, Incident, Lease
from tests.kubewise_site import records

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NUL, HALF = chr(0), chr(0xD800)


def lease(name: str, holder: str = "") -> Lease:
    return Lease.objects.create(name=name, holder=holder, until=NOW)


def beat(**detail: object) -> Heartbeat:
    return Heartbeat.objects.create(name="x", at=NOW, detail=detail)


REFUSED: dict[str, tuple[type[Exception], Callable[[], object]]] = {
    "a boolean is added": (
        ProgrammingError,
        lambda: Incident.objects.update(returns=F("returns") + True),
    ),
    "booleans are summed": (
        ProgrammingError,
        lambda: Incident.objects.aggregate(all=Sum("flapping")),
    ),
    "the highest boolean": (
        ProgrammingError,
        lambda: Incident.objects.aggregate(all=Max("flapping")),
    ),
    "a long text": (DataError, lambda: lease("x" * 121)),
    "a long text by an update": (DataError, lambda: Lease.objects.update(holder="x" * 121)),
    "many long texts": (
        DataError,
        lambda: Lease.objects.bulk_create([Lease(name="x" * 121, until=NOW)]),
    ),
    "NUL in a name": (DataError, lambda: lease("a" + NUL)),
    "NUL in a long text": (DataError, lambda: Incident.objects.update(summary="a" + NUL)),
    "NUL in JSON": (DataError, lambda: beat(said="a" + NUL)),
    "NUL in a key of JSON": (DataError, lambda: beat(**{"a" + NUL: 1})),
    "half a character in JSON": (DataError, lambda: beat(said=HALF)),
    "a number out of range": (DataError, lambda: Incident.objects.update(count=2**31)),
    "a sum out of range": (
        DataError,
        lambda: Incident.objects.update(count=F("count") + 2**31 - 1),
    ),
    "less than nothing": (IntegrityError, lambda: Incident.objects.update(count=F("count") - 2)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_one_database_refuses_the_other_refuses(what: str) -> None:
    records.incident("cart")
    lease("other")
    error, call = REFUSED[what]
    with pytest.raises(error), transaction.atomic():
        call()


def test_what_fits_is_taken() -> None:
    lease("ä" * 120, holder="🦆" * 120)
    beat(said="🦆", path="C:\\u0000", words="a\\ud800b")
    assert Heartbeat.objects.get().detail == {
        "said": "🦆", "path": "C:\\u0000", "words": "a\\ud800b",
    }  # fmt: skip
    records.incident("cart")
    assert Incident.objects.update(count=2**31 - 1) == 1


def test_lower_case_is_not_upper_case_unless_it_is_said() -> None:
    lease("Cart")
    same = {"name__startswith": "Car", "name__istartswith": "cAR", "name__iexact": "CART"}
    assert all(Lease.objects.filter(**{how: word}).exists() for how, word in same.items())
    assert Lease.objects.filter(name__icontains="ART").exists()
    assert not Lease.objects.filter(name__startswith="car").exists()
    assert not Lease.objects.filter(name__contains="cart").exists()


def test_after_an_error_a_transaction_does_nothing_more() -> None:
    """Also where Django did not see the error."""
    with transaction.atomic(), connection.cursor() as cursor:
        with pytest.raises(DatabaseError):
            cursor.execute("SELECT 1 FROM nowhere")
        with pytest.raises(InternalError, match="current transaction is aborted"):
            Lease.objects.count()
        transaction.set_rollback(True)
    assert Lease.objects.count() == 0


def test_an_error_within_a_savepoint_is_no_end() -> None:
    lease("a")
    with pytest.raises(IntegrityError), transaction.atomic():
        lease("a")
    assert Lease.objects.count() == 1
