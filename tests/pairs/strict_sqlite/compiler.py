"""Every part of a query passes here on its way to SQL: a boolean is no number."""

from __future__ import annotations

from typing import Any

from django.db import ProgrammingError
from django.db.models import Avg, BooleanField, Max, Min, Sum
from django.db.models.expressions import Combinable, CombinedExpression
from django.db.models.sql import compiler

ARITHMETIC = frozenset({Combinable.ADD, Combinable.SUB, Combinable.MUL, Combinable.DIV,
                        Combinable.MOD, Combinable.POW})  # fmt: skip


class Strict:
    def compile(self, node: Any) -> Any:
        if _counts_with(node) and any(map(_is_boolean, node.get_source_expressions())):
            raise ProgrammingError(f"PostgreSQL does not count with booleans: {node}; use int(…)")
        return super().compile(node)  # type: ignore[misc]


def _counts_with(node: Any) -> bool:
    if isinstance(node, CombinedExpression):
        return node.connector in ARITHMETIC
    return isinstance(node, Sum | Avg | Min | Max)


def _is_boolean(part: Any) -> bool:
    return isinstance(getattr(part, "_output_field_or_none", None), BooleanField)


class SQLCompiler(Strict, compiler.SQLCompiler):
    pass


class SQLInsertCompiler(Strict, compiler.SQLInsertCompiler):
    pass


class SQLDeleteCompiler(Strict, compiler.SQLDeleteCompiler):
    pass


class SQLUpdateCompiler(Strict, compiler.SQLUpdateCompiler):
    pass


class SQLAggregateCompiler(Strict, compiler.SQLAggregateCompiler):
    pass
