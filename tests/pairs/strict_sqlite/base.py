"""The database backend of the tests on SQLite: its columns and its cursor forgive nothing."""

from __future__ import annotations

from typing import Any

from django.db.backends.sqlite3 import base

from tests.pairs.strict_sqlite.columns import CHECKS, is_jsonb
from tests.pairs.strict_sqlite.cursor import StrictCursor
from tests.pairs.strict_sqlite.operations import Operations

UPPER = "LIKE UPPER(%s) ESCAPE '\\'"


class DatabaseWrapper(base.DatabaseWrapper):
    """LIKE tells upper from lower case here; the lookups that begin with i say so."""

    data_type_check_constraints = base.DatabaseWrapper.data_type_check_constraints | CHECKS
    operators = base.DatabaseWrapper.operators | {
        "iexact": UPPER, "icontains": UPPER, "istartswith": UPPER, "iendswith": UPPER,
    }  # fmt: skip
    ops_class = Operations
    aborted = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        made = super().get_new_connection(conn_params)
        made.create_function("is_jsonb", 1, is_jsonb, deterministic=True)
        made.execute("PRAGMA case_sensitive_like = ON")
        self.aborted = False
        return made

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=lambda made: StrictCursor(made, self))

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]  # of a mixin that the stubs leave out
        self.aborted = False
