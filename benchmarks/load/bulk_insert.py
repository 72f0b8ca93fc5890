"""Writing millions of rows in minutes: no index but the unique ones until all rows are there.

`INSERT` by the driver's own executemany on SQLite, `COPY` on PostgreSQL. What is the same in every
row is not sent with each: it stands in the statement, or is the column's default meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from tqdm import tqdm

BATCH = 50_000
Rows = Iterator[tuple[Any, ...]]
SQLITE_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s"
POSTGRES_INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
    "(SELECT conname FROM pg_constraint)"
)


def write(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Rows,
    total: int,
    same: Mapping[str, Any],
) -> None:
    """Rows are tuples in the order of `columns`, as the database keeps them; `same` in each row.

    All other columns get their field's default. Shows a progress bar.
    """  # fmt: skip
    constant = _constants(model, columns, same)
    put = _inserted if connection.vendor == "sqlite" else _copied
    name = str(model._meta.verbose_name_plural)
    bar = tqdm(total=total, desc=f"{name:12}", unit=" rows", unit_scale=True)
    with bar, transaction.atomic():
        put(model._meta.db_table, columns, constant, _shown(rows, bar))


@contextmanager
def without_indexes(*written: type[models.Model]) -> Iterator[None]:
    """Drops the tables' indexes and makes them anew; the unique ones stay."""
    kept = [statement for model in written for statement in _dropped(model._meta.db_table)]
    with _unsafe():
        yield
        for statement in tqdm(kept, desc="indexes     ", unit=" indexes"):
            with connection.cursor() as cursor:
                cursor.execute(statement)
    _sequences_on(written)


def _shown(rows: Rows, bar: Any) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
        bar.update(len(batch))


def _constants(
    model: type[models.Model], columns: Sequence[str], same: Mapping[str, Any]
) -> dict[str, str]:
    """Column → SQL literal."""
    fields = {str(field.column): field for field in model._meta.concrete_fields}
    others = {name: field for name, field in fields.items() if name not in columns}
    return {
        name: _literal(field.get_db_prep_save(same.get(name, field.get_default()), connection))
        for name, field in others.items()
    }


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    text = str(value) if isinstance(value, str) else _json(value)
    return "'" + text.replace("'", "''") + "'"


def _json(value: Any) -> str:
    """psycopg's wrapper around what a JSONField keeps."""
    return str(value.dumps(value.obj) if hasattr(value, "dumps") else value)


def _inserted(
    table: str, columns: Sequence[str], same: Mapping[str, str],
    batches: Iterator[list[tuple[Any, ...]]],
) -> None:  # fmt: skip
    names = ", ".join(f'"{name}"' for name in (*columns, *same))
    values = ", ".join(["?"] * len(columns) + list(same.values()))
    statement = f'INSERT INTO "{table}" ({names}) VALUES ({values})'  # noqa: S608 names are ours
    with connection.cursor() as cursor:
        raw = cursor.connection.cursor()
        for batch in batches:
            raw.executemany(statement, batch)


def _copied(
    table: str, columns: Sequence[str], same: Mapping[str, str],
    batches: Iterator[list[tuple[Any, ...]]],
) -> None:  # fmt: skip
    names = ", ".join(f'"{name}"' for name in columns)
    alter = f'ALTER TABLE "{table}" ' + ", ".join(f'ALTER COLUMN "{c}" {{}}' for c in same)
    with connection.cursor() as cursor:
        cursor.execute(alter.format(*(f"SET DEFAULT {value}" for value in same.values())))
        with cursor.cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            for batch in batches:
                copy.write("".join(_line(row) for row in batch))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the table can't be altered
        cursor.execute(alter.format(*("DROP DEFAULT" for _ in same)))


def _line(row: tuple[Any, ...]) -> str:
    return "\t".join("\\N" if value is None else str(value) for value in row) + "\n"


def _dropped(table: str) -> list[str]:
    """The statements that make the indexes again."""
    asked = SQLITE_INDEXES if connection.vendor == "sqlite" else POSTGRES_INDEXES
    with connection.cursor() as cursor:
        cursor.execute(asked, [table])
        found = [
            (name, made) for name, made in cursor.fetchall() if made and " UNIQUE " not in made
        ]
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
    return [made for _, made in found]


@contextmanager
def _unsafe() -> Iterator[None]:
    """Nothing is lost by a crash but a benchmark's database."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "journal_mode=OFF",
                       "cache_size=-500000", "temp_store=MEMORY"):  # fmt: skip
            cursor.execute(f"PRAGMA {pragma}")
    yield
    connection.close()  # the next one has the product's own pragmas


def _sequences_on(written: Sequence[type[models.Model]]) -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(written)):
            cursor.execute(statement)
