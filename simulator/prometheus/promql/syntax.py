"""PromQL's syntax tree in our own types: the only module that knows `promql_parser`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import promql_parser as grammar

from simulator.prometheus.errors import ParseError
from simulator.prometheus.http.parse_errors import worded
from simulator.prometheus.storage.labels import NAME
from simulator.prometheus.storage.matchers import Matcher

MILLISECOND = timedelta(milliseconds=1)
GROUP_LEFT, GROUP_RIGHT = "group_left", "group_right"


@dataclass(frozen=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True)
class Text:
    """A literal string."""

    value: str


@dataclass(frozen=True)
class Moment:
    """`offset` and `@`; `at` is a time in milliseconds, "start", "end" or None."""

    offset_ms: int
    at: int | str | None


@dataclass(frozen=True)
class VectorSelector:
    """An instant vector selector; the metric's name is one of its matchers."""

    matchers: tuple[Matcher, ...]
    moment: Moment


@dataclass(frozen=True)
class Range:
    """A range vector selector."""

    selector: VectorSelector
    range_ms: int


@dataclass(frozen=True)
class Subquery:
    """`expr[range:step]`; `step_ms` is None for the server's evaluation interval."""

    expr: "Expr"
    range_ms: int
    step_ms: int | None
    moment: Moment


@dataclass(frozen=True)
class FunctionCall:
    """A function's call."""

    name: str
    args: tuple["Expr", ...]


@dataclass(frozen=True)
class Aggregate:
    """`op without|by (labels) (param, expr)`."""

    op: str
    expr: "Expr"
    param: "Expr | None"
    without: bool
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Matching:
    """How an operator's two sides find each other; `group` is group_left, group_right or ""."""

    on: bool
    labels: tuple[str, ...]
    group: str
    include: tuple[str, ...]


@dataclass(frozen=True)
class Binary:
    """A binary operation."""

    op: str
    left: "Expr"
    right: "Expr"
    matching: Matching
    return_bool: bool


@dataclass(frozen=True)
class Negation:
    """A minus sign before an expression."""

    expr: "Expr"


Expr = (
    Number | Text | VectorSelector | Range | Subquery | FunctionCall | Aggregate | Binary | Negation
)


def parse(query: str) -> Expr:
    """The tree of a query; ParseError in Prometheus's words if it is none."""
    try:
        return _convert(grammar.parse(query))
    except ValueError as error:
        raise ParseError(worded(query, str(error))) from None


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of a `match[]` parameter."""
    expr = parse(text)
    if not isinstance(expr, VectorSelector):
        raise ParseError("1:1: parse error: expected an instant vector selector")
    return expr.matchers


def _convert(node: Any) -> Expr:
    convert: Callable[[Any], Expr] = _CONVERTERS[type(node)]
    return convert(node)


def _selector(node: grammar.VectorSelector) -> VectorSelector:
    if node.matchers.or_matchers:
        raise ValueError('unexpected identifier "or" inside braces')
    matchers = [Matcher(one.name, _OPERATORS[str(one.op)], one.value) for one in _conditions(node)]
    for matcher in matchers:
        matcher.check()
    if node.name is not None:
        matchers.insert(0, Matcher(NAME, "=", node.name))
    return VectorSelector(tuple(matchers), _moment(node))


def _conditions(node: grammar.VectorSelector) -> list[grammar.Matcher]:
    return list(node.matchers.matchers)


def _moment(node: Any) -> Moment:
    return Moment(_milliseconds(node.offset) if node.offset else 0, _at(node.at))


def _at(at: grammar.AtModifier | None) -> int | str | None:
    if at is None:
        return None
    if at.at is None:
        return str(at.type).rpartition(".")[2].lower()
    return _milliseconds(at.at - datetime.fromtimestamp(0, at.at.tzinfo))


def _range(node: grammar.MatrixSelector) -> Range:
    return Range(_selector(node.vector_selector), _milliseconds(node.range))


def _subquery(node: grammar.SubqueryExpr) -> Subquery:
    step = None if node.step is None else _milliseconds(node.step)
    range_ms = _milliseconds(node.range or timedelta())
    return Subquery(_convert(node.expr), range_ms, step, _moment(node))


def _call(node: grammar.Call) -> FunctionCall:
    return FunctionCall(node.func.name, tuple(_convert(argument) for argument in node.args))


def _aggregate(node: grammar.AggregateExpr) -> Aggregate:
    param = None if node.param is None else _convert(node.param)
    modifier = node.modifier
    if modifier is None:
        return Aggregate(str(node.op), _convert(node.expr), param, False, ())
    without = modifier.type == grammar.AggModifierType.Without
    return Aggregate(str(node.op), _convert(node.expr), param, without, tuple(modifier.labels))


def _binary(node: grammar.BinaryExpr) -> Binary:
    modifier = node.modifier
    left, right = _convert(node.lhs), _convert(node.rhs)
    if modifier is None:
        return Binary(str(node.op), left, right, Matching(False, (), "", ()), False)
    return Binary(str(node.op), left, right, _matching(modifier), modifier.return_bool)


def _matching(modifier: grammar.BinModifier) -> Matching:
    if modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None:
        raise ValueError('unexpected identifier "fill"')
    group = _GROUPS.get(str(modifier.card).rpartition(".")[2], "")
    include = tuple(modifier.group_labels or ())
    if modifier.matching is None:
        return Matching(False, (), group, include)
    on = modifier.matching.type == grammar.LabelModifierType.Include
    return Matching(on, tuple(modifier.matching.labels), group, include)


def _milliseconds(duration: timedelta) -> int:
    return duration // MILLISECOND


_GROUPS = {"ManyToOne": GROUP_LEFT, "OneToMany": GROUP_RIGHT}
_OPERATORS = {
    str(grammar.MatchOp.Equal): "=",
    str(grammar.MatchOp.NotEqual): "!=",
    str(grammar.MatchOp.Re): "=~",
    str(grammar.MatchOp.NotRe): "!~",
}
_CONVERTERS: dict[type, Any] = {
    grammar.NumberLiteral: lambda node: Number(node.val),
    grammar.StringLiteral: lambda node: Text(node.val),
    grammar.ParenExpr: lambda node: _convert(node.expr),
    grammar.UnaryExpr: lambda node: Negation(_convert(node.expr)),
    grammar.VectorSelector: _selector,
    grammar.MatrixSelector: _range,
    grammar.SubqueryExpr: _subquery,
    grammar.Call: _call,
    grammar.AggregateExpr: _aggregate,
    grammar.BinaryExpr: _binary,
}
