"""After an error, a transaction does nothing more until it is rolled back, as in PostgreSQL."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.db.backends.sqlite3.base import SQLiteCursorWrapper

from tests.pairs.strict_sqlite.columns import MARK

ABORTED = (
    "current transaction is aborted, commands ignored until end of transaction block: "
    "catch an error outside of `with transaction.atomic()`, never inside of it"
)


class StrictCursor(SQLiteCursorWrapper):
    def __init__(self, connection: sqlite3.Connection, wrapper: Any) -> None:
        super().__init__(connection)
        self.wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        self._go_on(query)
        try:
            return super().execute(query, params)
        except sqlite3.Error as error:
            raise self._noted(error) from error

    def executemany(self, query: str, param_list: Any) -> Any:
        self._go_on(query)
        try:
            return super().executemany(query, param_list)
        except sqlite3.Error as error:
            raise self._noted(error) from error

    def _go_on(self, query: str) -> None:
        if query.startswith("ROLLBACK"):
            self.wrapper.aborted = False
        if self.wrapper.aborted:
            raise sqlite3.InternalError(ABORTED)

    def _noted(self, error: sqlite3.Error) -> sqlite3.Error:
        """What a column of PostgreSQL does not hold is a DataError there."""
        self.wrapper.aborted = self.wrapper.in_atomic_block
        return sqlite3.DataError(str(error)) if MARK in str(error) else error
