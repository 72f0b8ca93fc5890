"""Servers of their own for whole processes that a test starts, of the pair that it runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.pairs.servers import PAIRS


@dataclass(frozen=True)
class Pair:
    """What starts processes asks for one: the fixture `pair`, or `SMALL` where the test is about
    the small pair itself.
    """

    name: str

    @contextmanager
    def servers(self) -> Iterator[dict[str, str]]:
        """The settings of a database and a broker that nobody else has.

        Without DATABASE_URL the database is the product's own file of SQLite.
        """
        with PAIRS[self.name]() as found:
            broker = {"CELERY_BROKER_URL": f"redis+socket://{found.broker}"}
            yield broker | ({"DATABASE_URL": found.database} if found.database else {})

    @contextmanager
    def beside_up(self) -> Iterator[dict[str, str]]:
        """The same for `manage.py up`, which brings the small pair with it."""
        if self == SMALL:
            yield {}
        else:
            with self.servers() as settings:
                yield settings


SMALL, LARGE = Pair("sqlite"), Pair("postgres")
