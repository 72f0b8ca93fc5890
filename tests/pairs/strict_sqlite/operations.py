"""How queries are put together: the compilers beside, and upper case where case is ignored."""

from __future__ import annotations

from django.db.backends.sqlite3.operations import DatabaseOperations

IGNORE_CASE = frozenset({"iexact", "icontains", "istartswith", "iendswith"})


class Operations(DatabaseOperations):
    compiler_module = "tests.pairs.strict_sqlite.compiler"

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        if lookup_type in IGNORE_CASE:
            return "UPPER(%s)"
        return super().lookup_cast(lookup_type, internal_type)
