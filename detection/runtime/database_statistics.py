"""What the database's planner knows of the tables. PostgreSQL keeps it up to date by itself."""

from __future__ import annotations

from django.apps import apps
from django.db import connection


def refresh() -> None:
    """SQLite guesses without it: then an index of all severities seems as good as one of what is
    open. Every index is read once, seconds for millions of rows; each table is held for its own.

    A sample (`analysis_limit`) would be of an index's beginning, where the rarest values may be.
    """
    tables = [model._meta.db_table for model in apps.get_models()]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
